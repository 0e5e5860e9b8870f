#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "catch.hpp"
#include <al_mpi/model/convolution.hpp>
#include <al_mpi/model/precision.hpp>

using namespace al_mpi;

namespace {

struct Case {
  std::int64_t b, in, out, size, kernel, stride;
};

at::Tensor waves(at::IntArrayRef sizes, double step) {
  std::int64_t n = 1;
  for (const std::int64_t size : sizes) n *= size;
  return (at::arange(n, at::kFloat) * step)
      .sin()
      .view(sizes)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

/// Gradients with respect to x and weight of the sum of cos(output).
template <class Convolution>
std::vector<at::Tensor> gradients(const Case& c, Convolution convolve) {
  const at::Tensor x = waves({c.b, c.in, c.size, c.size}, 0.7).requires_grad_();
  const at::Tensor weight = waves({c.out, c.in, c.kernel, c.kernel}, 0.3).requires_grad_();
  const at::Tensor y = convolve(x, weight, c.stride, c.kernel / 2);
  return torch::autograd::grad({y.to(at::kFloat).cos().sum()}, {x, weight});
}

at::Tensor plain(const at::Tensor& x, const at::Tensor& weight, std::int64_t stride,
                 std::int64_t padding) {
  return at::conv2d(x, weight, {}, {stride, stride}, {padding, padding});
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

}  // namespace

TEST_CASE("a convolution's values and gradients are at::conv2d's, whatever way is taken") {
  for (const Case& c : {Case{3, 8, 5, 2, 3, 1}, Case{3, 8, 5, 1, 3, 1}, Case{2, 4, 6, 4, 3, 2},
                        Case{2, 4, 6, 3, 3, 2}, Case{2, 3, 4, 4, 5, 1}, Case{2, 3, 4, 4, 1, 2},
                        Case{2, 3, 4, 9, 3, 1}}) {
    INFO(c.size << " pixels, kernel " << c.kernel << ", stride " << c.stride);
    const auto ours = gradients(c, convolution);
    const auto theirs = gradients(c, plain);
    CHECK(distance(ours[0], theirs[0]) < 1e-5);
    CHECK(distance(ours[1], theirs[1]) < 1e-5);
  }
}

TEST_CASE("a convolution under autocast computes in bfloat16 and gives float32 gradients") {
  const auto with = [](auto convolve) {
    return gradients({4, 16, 8, 2, 3, 1}, [&](auto&&... arguments) {
      const PrecisionScope precision("bf16", c10::Device(c10::DeviceType::CPU));
      const at::Tensor y = convolve(arguments...);
      CHECK(y.scalar_type() == at::kBFloat16);
      return y;
    });
  };
  const auto ours = with(convolution);
  const auto theirs = with(plain);
  CHECK(ours[1].scalar_type() == at::kFloat);
  CHECK(distance(ours[0], theirs[0]) < 2e-2);
  CHECK(distance(ours[1], theirs[1]) < 2e-2);
}

TEST_CASE("a convolution whose weights do not learn gives the gradient of its input alone") {
  const at::Tensor x = waves({2, 4, 2, 2}, 0.7).requires_grad_();
  const at::Tensor y = convolution(x, waves({3, 4, 3, 3}, 0.3), 1, 1);
  const at::Tensor expected = plain(x, waves({3, 4, 3, 3}, 0.3), 1, 1);
  CHECK(distance(torch::autograd::grad({y.sum()}, {x})[0],
                 torch::autograd::grad({expected.sum()}, {x})[0]) < 1e-5);
}
