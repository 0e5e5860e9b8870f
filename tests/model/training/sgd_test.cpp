#include <ATen/ATen.h>
#include <torch/optim/sgd.h>

#include "catch.hpp"
#include "src/model/training/sgd.hpp"

using namespace al_mpi;

namespace {

/// A function of two parameters, one of them in channels-last memory, whose gradients change every
/// step.
at::Tensor loss_of(const std::vector<at::Tensor>& p) {
  return p[0].pow(3).sum() + (p[0].mean() * p[1]).pow(2).sum();
}

std::vector<at::Tensor> parameters() {
  const at::Tensor a = at::arange(2 * 3 * 4 * 5, at::kFloat).view({2, 3, 4, 5}) / 100;
  const at::Tensor b = at::arange(7, at::kFloat) / 7;
  return {a.contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(true),
          b.clone().requires_grad_(true)};
}

void compare(double momentum, double decay, bool together) {
  TrainingOptions options;
  options.learning_rate = 0.05;
  options.momentum = momentum;
  options.weight_decay = decay;
  auto ours = parameters(), theirs = parameters();
  Sgd sgd(ours, options, together);
  torch::optim::SGD oracle(theirs,
                           torch::optim::SGDOptions(0.05).momentum(momentum).weight_decay(decay));
  for (int step = 0; step < 5; ++step) {
    sgd.step(loss_of(ours));
    oracle.zero_grad();
    loss_of(theirs).backward();
    oracle.step();
    for (std::size_t i = 0; i < ours.size(); ++i) {
      CHECK(at::allclose(ours[i], theirs[i], /*rtol=*/1e-6, /*atol=*/1e-7));
    }
  }
}

}  // namespace

TEST_CASE("the optimiser equals LibTorch's SGD") {
  for (const bool together : {false, true}) {
    compare(0.0, 0.0, together);
    compare(0.3, 0.0, together);
    compare(0.9, 0.01, together);
  }
}

TEST_CASE("a step marks the parameters as changed and drops the gradients") {
  const bool together = GENERATE(false, true);
  auto p = parameters();
  Sgd sgd(p, TrainingOptions(), together);
  const auto version = p[0]._version();
  sgd.step(loss_of(p));
  CHECK(p[0]._version() > version);
  CHECK_FALSE(p[0].grad().defined());
  const at::Tensor before = p[0].detach().clone();
  sgd.step(p[1].sum());  // no gradient, no change
  CHECK(at::equal(before, p[0]));
}

TEST_CASE("a parameter that is used twice is updated once, by the sum of its gradients") {
  TrainingOptions options;
  options.learning_rate = 1.0;
  options.momentum = 0.0;
  at::Tensor p = at::full({1}, 3.0F).requires_grad_(true);
  Sgd sgd({p}, options);
  sgd.step((p * p + 2 * p).sum());  // 2 * 3 + 2
  CHECK(p.item<float>() == 3.0F - 8.0F);
}

TEST_CASE("without its optimiser a parameter keeps its gradient") {
  const at::Tensor p = at::full({1}, 3.0F).requires_grad_(true);
  { const Sgd sgd({p}, TrainingOptions()); }
  (2 * p).sum().backward();
  CHECK(p.item<float>() == 3.0F);
  CHECK(p.grad().item<float>() == 2.0F);
}

TEST_CASE("parameters and gradients in different memory orders are handled too") {
  TrainingOptions options;
  options.learning_rate = 1.0;
  options.momentum = 0.0;
  // A part of a wider tensor; its gradient has no gaps.
  at::Tensor p = at::zeros({2, 8}).narrow(1, 0, 4).requires_grad_(true);
  const at::Tensor gradient = at::arange(8, at::kFloat).view({2, 4});
  Sgd({p}, options).step((p * gradient).sum());
  CHECK(at::equal(p.detach(), -gradient));
  Sgd({p}, options, /*together=*/true).step((p * gradient).sum());
  CHECK(at::equal(p.detach(), -2 * gradient));
}
