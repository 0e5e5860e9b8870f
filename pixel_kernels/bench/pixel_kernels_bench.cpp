// What the extras of level avx512 earn: the kernels of one training step of ResNet18, 16 tiles of
// 13 x 64 x 64, one thread, and the parts that are extras. With --extra=off these parts go the
// plain way: the stem by Way::direct, pooling and normalisation by level portable's loops.
//
//   bench_pixel_kernels --extra=on|off --benchmark_repetitions=9
//   --benchmark_report_aggregates_only=true

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <pixel_kernels/level.hpp>
#include <pixel_kernels/momentum.hpp>
#include "src/avx512/direct.hpp"
#include "src/implementations.hpp"

namespace {

using namespace pixel_kernels;

bool extra = true;
constexpr std::int64_t batch = 16, n_weights = 11'200'000;

/// n pseudo-random numbers between -0.5 and 0.5.
template <class Number>
std::vector<Number> numbers(std::int64_t n) {
  std::vector<float> values(static_cast<std::size_t>(n));
  std::uint32_t state = 1;
  for (float& value : values) {
    state = state * 1664525 + 1013904223;
    value = static_cast<float>(state >> 8) / 16777216.0F - 0.5F;
  }
  std::vector<Number> result(values.size());
  to_pixels<Number>({1, 1, 1, n, n, n, n}, values.data(), n, result.data());
  return result;
}

/// A convolution, its normalisation and both ways back.
template <class Number>
class Layer {
 public:
  explicit Layer(const Convolution& given) : shape_(given), way_(choose(given, type_of<Number>)) {
    stem_ = way_ == Way::stem;
    if (stem_ && !extra && sizeof(Number) == 2) shape_.in += shape_.in % 2;
    const Convolution& s = shape_;
    x_ = numbers<Number>(s.height * s.width * (s.batch + 1) * s.in);
    squares_ = numbers<float>(s.height * s.width * s.batch * s.in);
    weight_ = numbers<float>(s.kernel * s.kernel * s.in * s.out);
    dw_ = weight_;
    y_ = numbers<Number>(s.out_height() * s.out_width() * (s.batch + 1) * s.out);
    z_ = dy_ = y_;
    dx_ = x_;
    channels_.resize(static_cast<std::size_t>(6 * s.out), 1.0F);
  }

  void convolve() {
    const std::int64_t n_out = n_channel_blocks(shape_.out), n_in = n_channel_blocks(shape_.in);
    if (stem_ && !extra) {
      avx512::direct_convolution<Number>(shape_, x_.data(), weight_.data(), {}, y_.data(), 0,
                                         n_out);
      avx512::direct_convolution_weight_gradient<Number>(shape_, x_.data(), dy_.data(), dw_.data(),
                                                         0, n_out);
      return;
    }
    const Input<Number> x =
        stem_ ? Input<Number>{nullptr, squares_.data()} : Input<Number>{x_.data(), nullptr};
    convolution<Number>(shape_, x, weight_.data(), {}, y_.data(), 0, n_out);
    convolution_weight_gradient<Number>(shape_, x, dy_.data(), dw_.data(), 0, n_out);
    if (!stem_)
      convolution_input_gradient<Number>(shape_, dy_.data(), weight_.data(), dx_.data(), 0, n_in);
  }

  void normalize() {
    const Rows rows{shape_.out_height() * shape_.out_width() * shape_.batch, shape_.out};
    float *mean = channels_.data(), *variance = mean + shape_.out, *scale = variance + shape_.out,
          *shift = scale + shape_.out, *dweight = shift + shape_.out, *dbias = dweight + shape_.out;
    if (!extra) {
      portable::channel_moments(rows, y_.data(), mean, variance);
      portable::scale_and_shift<Number>(rows, y_.data(), scale, shift, nullptr, /*relu=*/true,
                                        z_.data());
      portable::normalization_gradient<Number>(rows, y_.data(), z_.data(), dy_.data(),
                                               /*relu=*/true, mean, variance, scale, z_.data(),
                                               nullptr, {dweight, dbias});
      return;
    }
    channel_moments(rows, y_.data(), mean, variance);
    scale_and_shift<Number>(rows, y_.data(), scale, shift, nullptr, /*relu=*/true, z_.data());
    normalization_gradient<Number>(rows, y_.data(), z_.data(), dy_.data(), /*relu=*/true, mean,
                                   variance, scale, z_.data(), nullptr, {dweight, dbias});
  }

 private:
  Convolution shape_;
  Way way_;
  bool stem_ = false;
  std::vector<Number> x_, y_, z_, dy_, dx_;
  std::vector<float> squares_, weight_, dw_, channels_;
};

const Convolution stem_shape{batch, 13, 64, 64, 64, 7, 2, 3};

/// All of ResNet18's convolutions.
std::vector<Convolution> shapes() {
  std::vector<Convolution> all = {stem_shape};
  std::int64_t in = 64, size = 16;
  for (const std::int64_t out : {64, 128, 256, 512}) {
    const std::int64_t stride = out == 64 ? 1 : 2;
    all.push_back({batch, in, out, size, size, 3, stride, 1});
    if (stride == 2) all.push_back({batch, in, out, size, size, 1, 2, 0});
    size /= stride;
    for (int i = 0; i < 3; ++i) all.push_back({batch, out, out, size, size, 3, 1, 1});
    in = out;
  }
  return all;
}

template <class Number>
struct Pool {
  MaxPool shape{32, 32, batch * 64};
  std::vector<Number> x = numbers<Number>(32 * 32 * shape.row), y = x;
  std::vector<std::uint8_t> from = std::vector<std::uint8_t>(x.size());

  void run() {
    if (extra) {
      max_pool(shape, x.data(), y.data(), from.data());
      max_pool_gradient(shape, y.data(), from.data(), x.data());
    } else {
      portable::max_pool(shape, x.data(), y.data(), from.data());
      portable::max_pool_gradient(shape, y.data(), from.data(), x.data());
    }
  }
};

struct Momentum {
  std::vector<float> gradient = numbers<float>(n_weights), velocity = gradient, weights = gradient;

  void run() {
    const MomentumRates rates{0.05F, 0.3F, 0};
    momentum_step(rates, n_weights, gradient.data(), velocity.data(), weights.data());
  }
};

template <class Number>
void step(benchmark::State& state) {
  std::vector<Layer<Number>> layers;
  for (const Convolution& shape : shapes()) layers.emplace_back(shape);
  Pool<Number> pool;
  Momentum momentum;
  for (auto _ : state) {
    for (Layer<Number>& layer : layers) {
      layer.convolve();
      layer.normalize();
    }
    pool.run();
    momentum.run();
  }
}

template <class Number>
void stem(benchmark::State& state) {
  Layer<Number> layer(stem_shape);
  for (auto _ : state) layer.convolve();
}

template <class Number>
void normalization(benchmark::State& state) {
  std::vector<Layer<Number>> layers;
  for (const Convolution& shape : shapes()) layers.emplace_back(shape);
  for (auto _ : state) {
    for (Layer<Number>& layer : layers) layer.normalize();
  }
}

template <class Number>
void pooling(benchmark::State& state) {
  Pool<Number> pool;
  for (auto _ : state) pool.run();
}

void momentum(benchmark::State& state) {
  Momentum of_weights;
  for (auto _ : state) of_weights.run();
}

BENCHMARK_TEMPLATE(step, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(step, BFloat16)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(stem, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(stem, BFloat16)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(normalization, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(normalization, BFloat16)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(pooling, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(pooling, BFloat16)->Unit(benchmark::kMillisecond);
BENCHMARK(momentum)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--extra=on" || argument == "--extra=off") {
      extra = argument == "--extra=on";
    } else {
      std::fprintf(stderr, "unknown argument '%s' (known: --extra=on, --extra=off)\n", argv[i]);
      return 2;
    }
  }
  if (level() != Level::avx512) {
    std::fprintf(stderr, "the extras are level avx512's; this process has level %s\n",
                 name_of(level()));
    return 1;
  }
  benchmark::RunSpecifiedBenchmarks();
}
