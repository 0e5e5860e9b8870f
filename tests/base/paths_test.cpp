#include <cstdlib>

#include "catch.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/base/paths.hpp>

using namespace al_mpi;

TEST_CASE("paths are read as a shell reads them, and nothing is run") {
  setenv("AL_TEST_PLACE", "/data", 1);
  const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
  if (!home.empty()) CHECK(expanded_path("~/a.h5", "") == home + "/a.h5");
  CHECK(expanded_path("$AL_TEST_PLACE/a.h5", "") == "/data/a.h5");
  CHECK(expanded_path("x/${AL_TEST_PLACE}b", "") == "x//datab");
  for (const char* same :
       {"a~b", "x/~/y", "$(touch z)", "`x`", "$", "a$", "${", "$1", "${AL_TEST_PLACE", ""}) {
    CHECK(expanded_path(same, "") == same);
  }
  CHECK_THROWS_WITH(expanded_path("$AL_TEST_NOWHERE/a", "dataset.path"),
                    Contains("dataset.path: '$AL_TEST_NOWHERE/a': AL_TEST_NOWHERE is not set"));
}

TEST_CASE("arguments that a shell left alone are expanded, others stay") {
  setenv("AL_TEST_PLACE", "/data", 1);
  const char* arguments[] = {"program", "--output=$AL_TEST_PLACE/a", "$AL_TEST_PLACE/b", "--x=1",
                             "a=$AL_TEST_PLACE/c"};
  CHECK(expanded_arguments(5, arguments) ==
        std::vector<std::string>{"--output=/data/a", "/data/b", "--x=1", "a=$AL_TEST_PLACE/c"});
}
