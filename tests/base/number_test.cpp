#include <cstdint>
#include <string>

#include "catch.hpp"
#include <al_mpi/base/number.hpp>

using namespace al_mpi;

TEST_CASE("a number is read only where it is the whole text and in range") {
  std::int64_t whole = 0;
  CHECK((parse_number("-42", whole) && whole == -42));
  double real = 0;
  CHECK((parse_number("2.5e-1", real) && real == 0.25));
  for (const std::string text : {"", " 1", "1 ", "1x", "x", "1.5", "0x10", "9223372036854775808"}) {
    INFO(text);
    CHECK_FALSE(parse_number(text, whole));
  }
  std::uint8_t small = 0;
  CHECK_FALSE(parse_number("256", small));
}
