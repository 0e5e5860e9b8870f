#pragma once

#include <cstdlib>
#include <string>

#include <ATen/Context.h>

#include "catch.hpp"
#include <al_mpi/model/process.hpp>

namespace al_mpi {

/// Where the tests of GPUs run: "cuda", or what AL_TEST_DEVICE says ("cpu" shows that the tests
/// themselves work). Empty, with a line, where LibTorch sees no GPU.
inline std::string test_device() {
  static const bool tuned = (tune_process(/*threads=*/1), true);
  (void)tuned;
  const char* wanted = std::getenv("AL_TEST_DEVICE");
  const std::string device = wanted != nullptr ? wanted : "cuda";
  if (device == "cpu" || at::hasCUDA()) return device;
  WARN("skipped: LibTorch sees no GPU");
  return "";
}

}  // namespace al_mpi

/// Ends a test case that a CPU cannot stand in for, with the line that ctest takes for 'skipped'.
#define AL_NEEDS_GPU()                       \
  do {                                       \
    if (!at::hasCUDA()) {                    \
      WARN("skipped: LibTorch sees no GPU"); \
      return;                                \
    }                                        \
  } while (false)
