#include "number.hpp"
#include "src/instantiate.hpp"

namespace pixel_kernels::portable {
namespace {

/// The average of value(at) over the rows, for a channel.
template <class Value>
double average(const Rows& rows, std::int64_t channel, Value value) {
  double sum = 0;
  for (std::int64_t r = 0; r < rows.n; ++r) sum += value(r * rows.channels + channel);
  return sum / static_cast<double>(rows.n);
}

}  // namespace

template <class Number>
void channel_moments(const Rows& rows, const Number* x, float* mean, float* variance) {
  for (std::int64_t c = 0; c < rows.channels; ++c) {
    const auto value = [&](std::int64_t at) { return static_cast<double>(to_float(x[at])); };
    const double m = average(rows, c, value);
    const auto square = [&](std::int64_t at) { return (value(at) - m) * (value(at) - m); };
    mean[c] = static_cast<float>(m);
    variance[c] = static_cast<float>(average(rows, c, square));
  }
}

template <class Number>
void scale_and_shift(const Rows& rows, const Number* x, const float* scale, const float* shift,
                     const Number* residual, bool relu, Number* y) {
  for (std::int64_t at = 0; at < rows.n * rows.channels; ++at) {
    const std::int64_t c = at % rows.channels;
    float value = to_float(x[at]) * scale[c] + shift[c];
    if (residual != nullptr) value += to_float(residual[at]);
    y[at] = rounded<Number>(relu ? rectified(value) : value);
  }
}

template <class Number>
void normalization_gradient(const Rows& rows, const Number* x, const Number* y, const Number* dy,
                            bool relu, const float* mean, const float* inverse_deviation,
                            const float* weight, Number* dx, Number* dresidual,
                            const NormalizationGradients& gradients) {
  for (std::int64_t c = 0; c < rows.channels; ++c) {
    const auto g = [&](std::int64_t at) {
      return !relu || to_float(y[at]) > 0 ? static_cast<double>(to_float(dy[at])) : 0.0;
    };
    const auto hat = [&](std::int64_t at) {
      return static_cast<double>((to_float(x[at]) - mean[c]) * inverse_deviation[c]);
    };
    const double mean_g = average(rows, c, g);
    const double slope = average(rows, c, [&](std::int64_t at) { return g(at) * hat(at); });
    gradients.bias[c] = static_cast<float>(mean_g * static_cast<double>(rows.n));
    gradients.weight[c] = static_cast<float>(slope * static_cast<double>(rows.n));
    const auto scale = static_cast<double>(weight[c] * inverse_deviation[c]);
    for (std::int64_t r = 0; r < rows.n; ++r) {
      const std::int64_t at = r * rows.channels + c;
      dx[at] = rounded<Number>(static_cast<float>(scale * (g(at) - mean_g - hat(at) * slope)));
      if (dresidual != nullptr) dresidual[at] = rounded<Number>(static_cast<float>(g(at)));
    }
  }
}

PK_INSTANTIATE_NORMALIZATION

}  // namespace pixel_kernels::portable
