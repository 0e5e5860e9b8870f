#include <al_mpi/base/text.hpp>

#include "catch.hpp"

using namespace al_mpi;

TEST_CASE("white space around a text goes, within it stays") {
  CHECK(trimmed(" \t a b\r\n") == "a b");
  CHECK(trimmed(" \n").empty());
  std::string same = " a ";
  same = trimmed(same);
  CHECK(same == "a");
}

TEST_CASE("the first three are listed, the others counted") {
  CHECK(first_three({}).empty());
  CHECK(first_three({"a", "b", "c"}) == "a, b, c");
  CHECK(first_three({"a", "b", "c", "d", "e"}) == "a, b, c and 2 more");
}

TEST_CASE("a time is written in UTC") {
  CHECK(utc(0) == "1970-01-01T00:00:00Z");
  CHECK(utc(1717156800.9) == "2024-05-31T12:00:00Z");
}
