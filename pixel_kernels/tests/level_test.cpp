#include <pixel_kernels/level.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "catch.hpp"

using namespace pixel_kernels;

namespace {

std::string problem_of(const char* name) {
  try {
    level_of(name);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the level is the one that AL_MPI_KERNELS names") {
  const char* name = std::getenv("AL_MPI_KERNELS");
  if (name != nullptr) CHECK(std::string(name_of(level())) == name);
}

TEST_CASE("a level is known by its name, and the best one by none") {
  CHECK(level_of("off") == Level::off);
  CHECK(level_of("portable") == Level::portable);
  CHECK(level_of(nullptr) == level_of(""));
  CHECK(level_of(nullptr) != Level::portable);
}

TEST_CASE("a name that is no level is an error that tells those there are") {
  CHECK(problem_of("avx2") == "unknown level 'avx2' (known: off, portable, avx512)");
  CHECK(problem_of("AVX512") == "unknown level 'AVX512' (known: off, portable, avx512)");
}

TEST_CASE("level avx512 is an error exactly where the best level is not it") {
  if (level_of(nullptr) == Level::avx512) {
    CHECK(level_of("avx512") == Level::avx512);
  } else {
    CHECK(problem_of("avx512").find("this processor lacks: take off or portable") !=
          std::string::npos);
  }
}
