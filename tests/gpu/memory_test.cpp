#include <ATen/ATen.h>

#include "catch.hpp"
#include "gpu/gpu.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/data/synthetic.hpp>
#include <al_mpi/engine/run_trial.hpp>
#include <al_mpi/model/gpu_memory.hpp>
#include <al_mpi/model/inputs.hpp>

using namespace al_mpi;

namespace {

const c10::Device gpu(c10::DeviceType::CUDA);
constexpr std::int64_t mib = std::int64_t{1} << 20;

std::shared_ptr<const Dataset> scenes() {
  SyntheticOptions options;
  options.n_train = 400;
  options.n_test = 100;
  options.tile = 64;
  return make_synthetic(options);
}

TrialInput trial() {
  TrialInput input;
  input.spec = {0, "margin_sampling", "random", 1, {}};
  input.loop = {32, 32, 1};
  input.learner.model.name = "resnet18";
  input.learner.training.epochs = 1;
  input.learner.device = "cuda";
  input.dataset = scenes();
  return input;
}

/// Takes the GPU's memory, but for `left` bytes of this process's share.
std::vector<at::Tensor> hog(std::int64_t left) {
  std::vector<at::Tensor> held;
  const std::int64_t piece = 64 * mib;
  try {
    for (;;) held.push_back(at::empty({piece}, at::TensorOptions(gpu).dtype(at::kByte)));
  } catch (const c10::OutOfMemoryError&) {
  }
  held.resize(held.size() - std::min(held.size(), static_cast<std::size_t>(left / piece)));
  return held;
}

}  // namespace

TEST_CASE("images on a GPU are those of the host, bit for bit, and stay within its share") {
  AL_NEEDS_GPU();
  claim_gpu("cuda", 1);
  const auto dataset = scenes();
  const Indices some = {3, 0, 399, 17};
  CHECK(at::equal(resident_inputs(dataset, gpu)("train", some).cpu(),
                  image_inputs(dataset, gpu)("train", some).cpu()));
  const std::int64_t whole = room_for_images(gpu);
  claim_gpu("cuda", 16);
  CHECK(room_for_images(gpu) < whole / 8);
  claim_gpu("cuda", 1);
}

TEST_CASE("a trial that a GPU has no room for says so, and what to set; with room it is done") {
  AL_NEEDS_GPU();
  claim_gpu("cuda", 4);
  {
    const auto held = hog(64 * mib);
    CHECK_THROWS_WITH(run_trial(trial()),
                      Contains("out of GPU memory (") && Contains("farm.workers_per_gpu"));
  }
  CHECK(run_trial(trial()) == TrialEnd::done);
}

TEST_CASE("a GPU that is full fails the start, not a trial") {
  AL_NEEDS_GPU();
  claim_gpu("cuda", 4);
  const auto held = hog(0);
  CHECK_THROWS_WITH(claim_gpu("cuda", 4), Contains("the GPU cannot be used"));
}
