#include <stdlib.h>

#include "catch.hpp"
#include <al_mpi/farm/devices.hpp>

using namespace al_mpi;
using Names = std::vector<std::string>;

namespace {

/// CUDA_VISIBLE_DEVICES for the time of `work`.
template <class Work>
auto with_visible(const char* value, const Work& work) {
  ::setenv("CUDA_VISIBLE_DEVICES", value, 1);
  const auto result = work();
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  return result;
}

/// What a fake engine that can use `n` GPUs says.
UsableGpus usable_of(const char* visible, const char* n) {
  ::setenv("FAKE_ENGINE_GPUS", n, 1);
  const auto usable = with_visible(visible, [] { return usable_gpus(AL_FAKE_ENGINE); });
  ::unsetenv("FAKE_ENGINE_GPUS");
  return usable;
}

}  // namespace

TEST_CASE("CUDA_VISIBLE_DEVICES is read as CUDA reads it") {
  const auto visible = [](const char* value) {
    return with_visible(value, [] { return gpu_entries(9); });
  };
  CHECK(visible("0,2") == Names{"0", "2"});
  CHECK(visible("GPU-8f2c,MIG-11") == Names{"GPU-8f2c", "MIG-11"});
  CHECK(visible("1,-1,2") == Names{"1"});
  for (const char* none : {"", "-1", "NoDevFiles"})
    CHECK(with_visible(none, promised_gpus).empty());
  CHECK(with_visible("0,2", promised_gpus) == "CUDA_VISIBLE_DEVICES=0,2");
}

TEST_CASE("GPUs without names are numbered") {
  ::unsetenv("CUDA_VISIBLE_DEVICES");
  CHECK(gpu_entries(3) == Names{"0", "1", "2"});
  CHECK(gpu_entries(0).empty());
}

TEST_CASE("those GPUs count that the engine can use, whatever is promised") {
  CHECK(usable_of("4,5,6", "3").entries == Names{"4", "5", "6"});
  CHECK(usable_of("4,5,6", "2").entries == Names{"4", "5"});  // CUDA stops at the first it lacks
  const UsableGpus none = usable_of("4,5", "0");
  CHECK(none.entries.empty());
  CHECK(none.why_none == "CUDA_VISIBLE_DEVICES=4,5, but LibTorch sees no GPU (it is a fake)");
  CHECK(usable_of("", "3").entries.empty());  // hidden: the engine is not asked
  CHECK_THROWS_WITH(with_visible("0", [] { return usable_gpus("/bin/false"); }),
                    Contains("/bin/false --devices left with exit code 1 (farm.device=cpu"));
}

TEST_CASE("workers are spread over all GPUs of their node before any is shared") {
  const Names gpus = {"0", "1", "2", "3"};
  CHECK(assign_gpus(gpus, 0, 1) == Names{"0"});
  CHECK(assign_gpus(gpus, 3, 1) == Names{"3"});
  CHECK(assign_gpus(gpus, 1, 2) == Names{"2", "3"});  // two ranks of two workers
  CHECK(assign_gpus(gpus, 0, 8) == Names{"0", "1", "2", "3", "0", "1", "2", "3"});
  CHECK(assign_gpus(gpus, 5, 1) == Names{"1"});        // more workers than GPUs: start over
  CHECK(assign_gpus({"7"}, 3, 2) == Names{"7", "7"});  // Slurm showed this rank one GPU only
  CHECK(assign_gpus({}, 0, 2) == Names{"", ""});
}

TEST_CASE("there is at least one usable core") {
  CHECK(usable_cores() >= 1);
}
