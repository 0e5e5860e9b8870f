#include <cstdlib>

#include "catch.hpp"
#include "results/sweep_example.hpp"

// Not a test of its own: tests/cli/results_file_test.py has it write the file that it reads with
// Python.
TEST_CASE("write the example sweep to the file named by AL_EXAMPLE_FILE", "[.][example_file]") {
  const char* file = std::getenv("AL_EXAMPLE_FILE");
  REQUIRE(file != nullptr);
  auto store = example::open(file);
  for (int t = 0; t < 7; ++t) example::run(*store, t);  // the last is missing: NaN in the curves
  store->snapshot();
}
