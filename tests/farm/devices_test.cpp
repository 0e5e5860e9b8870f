#include <stdlib.h>

#include "catch.hpp"
#include <al_mpi/farm/devices.hpp>

using namespace al_mpi;
using Names = std::vector<std::string>;

TEST_CASE("CUDA_VISIBLE_DEVICES is read as CUDA reads it") {
  const auto visible = [](const char* value) {
    ::setenv("CUDA_VISIBLE_DEVICES", value, 1);
    const Names gpus = visible_gpus();
    ::unsetenv("CUDA_VISIBLE_DEVICES");
    return gpus;
  };
  CHECK(visible("0,2") == Names{"0", "2"});
  CHECK(visible("GPU-8f2c,MIG-11") == Names{"GPU-8f2c", "MIG-11"});
  CHECK(visible("").empty());
  CHECK(visible("-1").empty());
  CHECK(visible("1,-1,2") == Names{"1"});
  CHECK(visible("NoDevFiles").empty());
}

TEST_CASE("workers are spread over the GPUs of their node") {
  const Names gpus = {"0", "1", "2", "3"};
  CHECK(assign_gpus(gpus, 0, 1, 1) == Names{"0"});
  CHECK(assign_gpus(gpus, 3, 1, 1) == Names{"3"});
  CHECK(assign_gpus(gpus, 1, 2, 1) == Names{"2", "3"});            // two ranks of two workers
  CHECK(assign_gpus(gpus, 0, 4, 2) == Names{"0", "0", "1", "1"});  // two workers a GPU
  CHECK(assign_gpus(gpus, 5, 1, 1) == Names{"1"});        // more workers than GPUs: start over
  CHECK(assign_gpus({"7"}, 3, 2, 1) == Names{"7", "7"});  // Slurm showed this rank one GPU only
  CHECK(assign_gpus({}, 0, 2, 1) == Names{"", ""});
}

TEST_CASE("there is at least one usable core") {
  CHECK(usable_cores() >= 1);
}
