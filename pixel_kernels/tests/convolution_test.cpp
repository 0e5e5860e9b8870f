#include <algorithm>

#include <pixel_kernels/convolution.hpp>
#include <pixel_kernels/layout.hpp>
#include "catch.hpp"
#include "convolution_truth.hpp"

using namespace pixel_kernels;

namespace {

template <class Number>
std::vector<Number> images_paired(const std::vector<Number>& map, std::int64_t, std::int64_t,
                                  std::int64_t) {
  return map;
}
template <>
std::vector<BFloat16> images_paired(const std::vector<BFloat16>& map, std::int64_t pixels,
                                    std::int64_t batch, std::int64_t channels) {
  std::vector<BFloat16> pairs(static_cast<std::size_t>(pixels * ((batch + 1) / 2) * channels * 2));
  interleave_images(map.data(), pixels, batch, channels, pairs.data());
  return pairs;
}

/// Gradients of weights, which are not rounded, may have a tolerance of their own.
template <class Number>
void check_all(const Convolution& s, double tolerance, double weight_tolerance) {
  INFO(s.batch << " images, " << s.in << " -> " << s.out << " channels, " << s.height << " x "
               << s.width << ", kernel " << s.kernel << ", stride " << s.stride);
  const auto x = noise<Number>(inputs(s), 1), dy = noise<Number>(outputs(s), 2);
  std::vector<float> w;
  for (const Number& value : noise<Number>(weights(s), 3)) w.push_back(to_float(value));
  const Truth truth(s, doubles(x), doubles(w), doubles(dy));
  const std::int64_t out = n_channel_blocks(s.out), in = n_channel_blocks(s.in);

  std::vector<Number> y(dy.size()), dx(x.size());
  std::vector<float> dw(w.size());
  // Blocks are computed one by one, the last first: threads may take them in any order.
  for (std::int64_t block = out; block-- > 0;)
    convolution<Number>(s, {x.data()}, w.data(), {}, y.data(), block, block + 1);
  CHECK(distance(y, truth.y) < tolerance);
  for (std::int64_t block = in; block-- > 0;)
    convolution_input_gradient<Number>(s, dy.data(), w.data(), dx.data(), block, block + 1);
  CHECK(distance(dx, truth.dx) < tolerance);
  const auto x_pairs = images_paired(x, s.height * s.width, s.batch, s.in);
  const auto dy_pairs = images_paired(dy, s.out_height() * s.out_width(), s.batch, s.out);
  for (std::int64_t block = out; block-- > 0;)
    convolution_weight_gradient<Number>(s, {x_pairs.data()}, dy_pairs.data(), dw.data(), block,
                                        block + 1);
  CHECK(distance(dw, truth.dw) < weight_tolerance);

  std::vector<Number> whole(y.size());
  convolution<Number>(s, {x.data()}, w.data(), {}, whole.data(), 0, out);
  CHECK(doubles(whole) == doubles(y));
}

/// batch, in, out, height, width, kernel, stride, padding
const Convolution direct[] = {
    {3, 16, 48, 5, 7, 3, 1, 1},   // runs of pixels that the same taps reach, and the borders
    {16, 14, 64, 9, 8, 7, 2, 3},  // as the first layer of a residual network
    {5, 34, 20, 6, 6, 3, 2, 1},   // channels that fill no register
    {2, 64, 34, 4, 4, 1, 2, 0},   // a shortcut
    {7, 32, 32, 2, 2, 3, 1, 1},   // much of it padding
    {1, 16, 16, 1, 1, 3, 1, 1},   // all but the middle tap padding
    {4, 2, 2, 6, 5, 5, 3, 2},
    {31, 16, 100, 3, 3, 3, 1, 1},  // an odd number of images, several tiles of them
};

const Convolution by_winograd[] = {
    {4, 64, 48, 8, 8, 3, 1, 1},
    {9, 32, 64, 4, 4, 3, 1, 1},
    {3, 48, 32, 7, 12, 3, 1, 1},  // tiles that stand over the border
    {2, 32, 80, 11, 8, 3, 1, 1},
};

}  // namespace

TEST_CASE("float convolutions and both gradients are the plain sums, in any blocks") {
  for (const Convolution& shape : direct) check_all<float>(shape, 2e-6, 2e-6);
  check_all<float>({2, 3, 5, 6, 6, 3, 1, 1}, 2e-6, 2e-6);
}

TEST_CASE("bfloat16 convolutions and both gradients are the plain sums, rounded once") {
  for (const Convolution& shape : direct) check_all<BFloat16>(shape, 4e-3, 1e-5);
}

TEST_CASE("Winograd's convolutions and both gradients are the plain sums within 1e-5") {
  for (const Convolution& shape : by_winograd) check_all<float>(shape, 1e-5, 1e-5);
}

TEST_CASE("Winograd's bfloat16 convolutions round their operands once more, in the transforms") {
  for (const Convolution& shape : by_winograd) check_all<BFloat16>(shape, 8e-3, 8e-3);
}

TEST_CASE("a convolution ends with bias, sum and rectifier, and lets a NaN pass") {
  for (const Convolution& s :
       {Convolution{3, 16, 40, 5, 5, 3, 1, 1}, Convolution{4, 32, 48, 8, 8, 3, 1, 1}}) {
    const auto x = noise<float>(inputs(s), 4), w = noise<float>(weights(s), 5);
    const auto bias = noise<float>(s.out, 6);
    auto residual = noise<float>(outputs(s), 7);
    residual[7] = std::nanf("");
    Truth truth(s, doubles(x), doubles(w), doubles(residual));
    std::vector<float> y(residual.size());
    convolution<float>(s, {x.data()}, w.data(), {bias.data(), residual.data(), true}, y.data(), 0,
                       n_channel_blocks(s.out));
    CHECK(std::isnan(y[7]));
    y[7] = residual[7] = 0;
    truth.y[7] = -1 - static_cast<double>(bias[7]);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto channel = i % static_cast<std::size_t>(s.out);
      truth.y[i] = std::max(
          0.0, truth.y[i] + static_cast<double>(bias[channel]) + static_cast<double>(residual[i]));
    }
    CHECK(distance(y, truth.y) < 1e-5);
  }
}
