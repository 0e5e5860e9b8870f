#include <string>

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include "catch.hpp"
#include "src/model/devices/precision.hpp"
#include "src/model/layers/layers.hpp"

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
  for (const Case& c :
       {Case{3, 72, 60, 2, 3, 1}, Case{3, 72, 60, 1, 3, 1}, Case{2, 72, 60, 4, 3, 2},
        Case{2, 72, 60, 3, 3, 2}, Case{2, 72, 60, 4, 3, 1}, Case{2, 72, 60, 2, 5, 1},
        Case{2, 72, 60, 4, 5, 2}, Case{2, 3, 4, 4, 1, 2}, Case{2, 72, 60, 9, 3, 1},
        Case{3, 8, 5, 2, 3, 1}}) {
    INFO(c.size << " pixels, kernel " << c.kernel << ", stride " << c.stride);
    const auto ours = gradients(c, [](auto&&... of) { return convolution(of...); });
    const auto theirs = gradients(c, plain);
    CHECK(distance(ours[0], theirs[0]) < 1e-5);
    CHECK(distance(ours[1], theirs[1]) < 1e-5);
  }
}

TEST_CASE("a convolution under autocast is as near to float32 as at::conv2d is, in bfloat16") {
  // Distances to the truth, each relative to the truth's length; values that bfloat16 rounds differ
  // by 2^-9 of themselves, so that a direct comparison of both ways would tell little.
  const auto values_and_gradients = [](auto convolve, const Case& c, Precision precision) {
    const at::Tensor x = waves({c.b, c.in, c.size, c.size}, 0.7).to(at::kBFloat16).to(at::kFloat);
    const at::Tensor w = waves({c.out, c.in, 3, 3}, 0.3).to(at::kBFloat16).to(at::kFloat);
    x.requires_grad_();
    w.requires_grad_();
    const PrecisionScope scope(precision, c10::Device(c10::DeviceType::CPU));
    const at::Tensor y = convolve(x, w, c.stride, 1);
    CHECK(y.scalar_type() == (precision == Precision::bf16 ? at::kBFloat16 : at::kFloat));
    const at::Tensor gradient = waves(y.sizes(), 1.1).to(at::kBFloat16).to(y.scalar_type());
    auto all = torch::autograd::grad({y}, {x, w}, {gradient});
    all.push_back(y.detach().to(at::kFloat));
    return all;
  };
  for (const Case& c : {Case{4, 72, 60, 2, 3, 1}, Case{4, 72, 60, 4, 3, 2},
                        Case{4, 72, 60, 4, 3, 1}, Case{4, 16, 8, 2, 3, 1}}) {
    INFO(c.size << " pixels, stride " << c.stride);
    const auto truth = values_and_gradients(plain, c, Precision::fp32);
    const auto ours =
        values_and_gradients([](auto&&... of) { return convolution(of...); }, c, Precision::bf16);
    const auto theirs = values_and_gradients(plain, c, Precision::bf16);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      INFO((i == 0 ? "of x" : i == 1 ? "of the kernel" : "values"));
      CHECK(ours[i].scalar_type() == at::kFloat);
      const auto error = [&](const at::Tensor& t) {
        return ((t - truth[i]).norm() / truth[i].norm()).item<double>();
      };
      CHECK(error(ours[i]) < 2 * error(theirs[i]));
      CHECK(error(ours[i]) < 8e-3);
    }
  }
}

TEST_CASE("a convolution whose weights do not learn gives the gradient of its input alone") {
  const at::Tensor x = waves({2, 72, 2, 2}, 0.7).requires_grad_();
  const at::Tensor y = convolution(x, waves({60, 72, 3, 3}, 0.3), 1, 1);
  const at::Tensor expected = plain(x, waves({60, 72, 3, 3}, 0.3), 1, 1);
  CHECK(distance(torch::autograd::grad({y.sum()}, {x})[0],
                 torch::autograd::grad({expected.sum()}, {x})[0]) < 1e-5);
}
