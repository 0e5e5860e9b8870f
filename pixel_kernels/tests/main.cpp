#define CATCH_CONFIG_RUNNER
#include <cstdio>
#include <stdexcept>

#include <pixel_kernels/level.hpp>
#include "catch.hpp"

/// The level comes from AL_MPI_KERNELS; a processor that lacks it skips the tests.
int main(int argc, char** argv) {
  try {
    pixel_kernels::level();
  } catch (const std::invalid_argument& error) {
    std::printf("skipped: %s\n", error.what());
    return 1;
  }
  return Catch::Session().run(argc, argv);
}
