#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "catch.hpp"
#include "src/model/layers/layers.hpp"

using namespace al_mpi;

namespace {

at::Tensor waves(at::IntArrayRef sizes, double step) {
  std::int64_t n = 1;
  for (const std::int64_t size : sizes) n *= size;
  return (at::arange(n, at::kFloat) * step).sin().view(sizes);
}

torch::nn::BatchNorm2d layer(std::int64_t channels) {
  torch::nn::BatchNorm2d bn(channels);
  const at::NoGradGuard no_grad;
  bn->weight.copy_(waves({channels}, 0.9));
  bn->bias.copy_(waves({channels}, 0.4));
  return bn;
}

/// The layer's output, its gradients and what it remembers of two batches.
template <class Apply>
std::vector<at::Tensor> outcome(std::int64_t channels, bool with_residual, bool training,
                                at::ScalarType type, Apply apply) {
  torch::nn::BatchNorm2d bn = layer(channels);
  bn->train(training);
  std::vector<at::Tensor> all;
  for (const double step : {0.7, 0.3}) {
    const at::Tensor x = waves({3, channels, 4, 5}, step).to(type).requires_grad_();
    const at::Tensor residual =
        with_residual ? waves({3, channels, 4, 5}, 1.3).to(type).requires_grad_() : at::Tensor();
    const at::Tensor y = apply(bn, x, residual);
    std::vector<at::Tensor> of = {x, bn->weight, bn->bias};
    if (with_residual) of.push_back(residual);
    for (const at::Tensor& gradient :
         torch::autograd::grad({y}, of, {waves(y.sizes(), 1.9).to(type)}))
      all.push_back(gradient);
    all.push_back(y.detach());
  }
  for (const at::Tensor& t : {bn->running_mean, bn->running_var, bn->num_batches_tracked})
    all.push_back(t);
  return all;
}

void compare(std::int64_t channels, bool with_residual, bool training, at::ScalarType type,
             double tolerance) {
  INFO(channels << " channels, residual " << with_residual << ", training " << training);
  const auto ours = outcome(
      channels, with_residual, training, type,
      [](auto& bn, auto& x, auto& residual) { return normalize(bn, x, residual, /*relu=*/true); });
  const auto theirs =
      outcome(channels, with_residual, training, type, [](auto& bn, auto& x, auto& residual) {
        const at::Tensor y = bn(x);
        return (residual.defined() ? y + residual : y).relu();
      });
  REQUIRE(ours.size() == theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    INFO("result " << i);
    CHECK(ours[i].scalar_type() == theirs[i].scalar_type());
    const at::Tensor a = ours[i].to(at::kFloat), b = theirs[i].to(at::kFloat);
    CHECK((a - b).abs().max().item<double>() <= tolerance * b.abs().max().item<double>());
  }
}

}  // namespace

TEST_CASE("a layer's values, gradients and running statistics are LibTorch's") {
  for (const bool with_residual : {false, true}) {
    for (const bool training : {true, false}) {
      compare(48, with_residual, training, at::kFloat, 1e-5);
      compare(5, with_residual, training, at::kFloat, 1e-5);  // too narrow for the kernels
    }
  }
}

TEST_CASE("of bfloat16 maps a layer's statistics and sums are float32") {
  compare(48, /*with_residual=*/false, /*training=*/true, at::kBFloat16, 2e-2);
}

TEST_CASE("one value a channel has no variance: training by it is refused") {
  for (const std::int64_t channels : {48, 5}) {
    torch::nn::BatchNorm2d bn = layer(channels);
    CHECK_THROWS_WITH(normalize(bn, waves({1, channels, 1, 1}, 0.7), {}, /*relu=*/true),
                      Contains("more than 1 value per channel"));
  }
}
