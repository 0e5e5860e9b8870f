#include <string_view>

#include "catch.hpp"
#include <al_mpi/farm/line_buffer.hpp>

using namespace al_mpi;

namespace {

void append(LineBuffer& buffer, std::string_view text) {
  buffer.append(text.data(), text.size());
}

}  // namespace

TEST_CASE("lines come out whole, however the bytes arrive") {
  const std::string text = "one\n\nthree and a half\nrest";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    LineBuffer buffer;
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size(); at += step) {
      append(buffer, std::string_view(text).substr(at, step));
      while (auto line = buffer.next()) lines.push_back(*line);
    }
    CHECK(lines == std::vector<std::string>{"one", "", "three and a half"});
  }
}

TEST_CASE("a line without end breaks the stream instead of filling the memory") {
  LineBuffer buffer(10);
  append(buffer, "0123456789\n");
  CHECK(buffer.next() == "0123456789");
  append(buffer, "0123456789x");
  CHECK_FALSE(buffer.next());
  CHECK(buffer.broken());
  append(buffer, "\nok\n");
  CHECK_FALSE(buffer.next());
}
