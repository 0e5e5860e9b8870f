#include <algorithm>

#include <pixel_kernels/normalization.hpp>
#include "catch.hpp"
#include "numbers.hpp"

using namespace pixel_kernels;

namespace {

constexpr double epsilon = 1e-5;

struct Case {
  Rows rows;
  double offset;  ///< distance of the mean from 0; the deviation is 0.7
};

/// Normalisation and its gradients by the definition, in double.
struct Truth {
  std::vector<double> mean, variance, y, dx, dresidual, dweight, dbias;

  Truth(const Rows& rows, const std::vector<double>& x, const std::vector<double>& weight,
        const std::vector<double>& bias, const std::vector<double>& residual,
        const std::vector<double>& dy) {
    const auto n = static_cast<std::size_t>(rows.n),
               channels = static_cast<std::size_t>(rows.channels);
    y.resize(x.size());
    dx.resize(x.size());
    dresidual.resize(x.size());
    for (std::size_t c = 0; c < channels; ++c) {
      const auto average = [&](auto value) {
        double sum = 0;
        for (std::size_t r = 0; r < n; ++r) sum += value(r * channels + c);
        return sum / static_cast<double>(n);
      };
      const double m = average([&](std::size_t i) { return x[i]; });
      const double v = average([&](std::size_t i) { return (x[i] - m) * (x[i] - m); });
      const double deviation = std::sqrt(v + epsilon);
      const auto hat = [&](std::size_t i) { return (x[i] - m) / deviation; };
      for (std::size_t r = 0; r < n; ++r) {
        const std::size_t i = r * channels + c;
        y[i] = std::max(0.0, hat(i) * weight[c] + bias[c] + residual[i]);
        dresidual[i] = y[i] > 0 ? dy[i] : 0;
      }
      const double g = average([&](std::size_t i) { return dresidual[i]; });
      const double g_hat = average([&](std::size_t i) { return dresidual[i] * hat(i); });
      for (std::size_t r = 0; r < n; ++r) {
        const std::size_t i = r * channels + c;
        dx[i] = weight[c] / deviation * (dresidual[i] - g - hat(i) * g_hat);
      }
      mean.push_back(m);
      variance.push_back(v);
      dbias.push_back(g * static_cast<double>(n));
      dweight.push_back(g_hat * static_cast<double>(n));
    }
  }
};

template <class Number>
void check_all(const Case& c, double tolerance) {
  const Rows& rows = c.rows;
  INFO(rows.n << " rows of " << rows.channels << ", offset " << c.offset);
  const std::int64_t n = rows.n * rows.channels;
  auto x = noise<Number>(n, 1);
  for (Number& value : x) value = rounded<Number>(to_float(value) + static_cast<float>(c.offset));
  const auto residual = noise<Number>(n, 2), dy = noise<Number>(n, 3);
  const auto weight = noise<float>(rows.channels, 4), bias = noise<float>(rows.channels, 5);
  const Truth truth(rows, doubles(x), doubles(weight), doubles(bias), doubles(residual),
                    doubles(dy));

  const auto channels = static_cast<std::size_t>(rows.channels);
  std::vector<float> mean(channels), variance(channels), inverse(channels), scale(channels),
      shift(channels), dweight(channels), dbias(channels);
  channel_moments(rows, x.data(), mean.data(), variance.data());
  CHECK(distance(mean, truth.mean) < 1e-5);
  CHECK(distance(variance, truth.variance) < 1e-5);
  for (std::size_t i = 0; i < channels; ++i) {
    inverse[i] = 1 / std::sqrt(variance[i] + static_cast<float>(epsilon));
    scale[i] = weight[i] * inverse[i];
    shift[i] = bias[i] - mean[i] * scale[i];
  }
  std::vector<Number> y(x.size()), dx(x.size()), dresidual(x.size());
  scale_and_shift(rows, x.data(), scale.data(), shift.data(), residual.data(), /*relu=*/true,
                  y.data());
  CHECK(distance(y, truth.y) < tolerance);

  // Rounding can move an output across 0, and then its gradient is right with and without dy. So
  // both sides get the same outputs here.
  std::vector<Number> of_truth;
  for (const double value : truth.y) of_truth.push_back(rounded<Number>(static_cast<float>(value)));
  normalization_gradient(rows, x.data(), of_truth.data(), dy.data(), /*relu=*/true, mean.data(),
                         inverse.data(), weight.data(), dx.data(), dresidual.data(),
                         {dweight.data(), dbias.data()});
  CHECK(distance(dx, truth.dx) < 2 * tolerance);
  CHECK(distance(dresidual, truth.dresidual) == 0);
  CHECK(distance(dweight, truth.dweight) < 1e-4);
  CHECK(distance(dbias, truth.dbias) < 1e-4);
}

}  // namespace

TEST_CASE("normalisation and its gradients follow the definition") {
  for (const Case& c : {Case{{64, 64}, 0}, Case{{1000, 80}, 0.5}, Case{{3, 16}, 0},
                        Case{{129, 48}, -2}, Case{{2000, 16}, 30}}) {
    check_all<float>(c, c.offset > 10 ? 1e-4 : 1e-5);
  }
}

TEST_CASE("normalisation of bfloat16 numbers rounds its results, not its sums") {
  for (const Case& c : {Case{{64, 64}, 0}, Case{{1000, 80}, 0.5}, Case{{129, 48}, -2}})
    check_all<BFloat16>(c, 4e-3);
}

TEST_CASE("without rectifier and residual, normalisation is scale and shift alone") {
  const Rows rows{5, 16};
  const auto x = noise<float>(80, 6), scale = noise<float>(16, 7), shift = noise<float>(16, 8);
  std::vector<float> y(80);
  scale_and_shift<float>(rows, x.data(), scale.data(), shift.data(), nullptr, /*relu=*/false,
                         y.data());
  for (std::size_t i = 0; i < y.size(); ++i)
    CHECK(y[i] == Approx(x[i] * scale[i % 16] + shift[i % 16]).margin(1e-6));
}

TEST_CASE("a NaN passes the rectifier, so that a diverged training is seen") {
  std::vector<float> x(16, 1), scale(16, 1), shift(16, 0), y(16);
  x[3] = std::nanf("");
  scale_and_shift<float>({1, 16}, x.data(), scale.data(), shift.data(), nullptr, /*relu=*/true,
                         y.data());
  CHECK(std::isnan(y[3]));
  CHECK(y[4] == 1);
}
