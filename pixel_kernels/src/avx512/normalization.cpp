#include "lanes.hpp"
#include "src/instantiate.hpp"

namespace pixel_kernels::avx512 {
namespace {

constexpr std::int64_t chunk_rows = 64;  // sums are made of so many rows, then joined

/// Calls f<vectors>(first channel) for all channels, in groups of four registers (64 channels) as
/// far as possible, then of one.
template <class F>
void each_channels(std::int64_t channels, F f) {
  std::int64_t c = 0;
  for (; c + 64 <= channels; c += 64) f.template operator()<4>(c);
  for (; c < channels; c += 16) f.template operator()<1>(c);
}

template <class Number>
struct Moments {
  const Rows& rows;
  const Number* x;
  float* mean;
  float* variance;

  /// Joins the moments of a chunk, taken about its own mean, to those of the rows before it (Chan's
  /// update).
  template <int vectors>
  void operator()(std::int64_t channel) const {
    const __m512 zero = _mm512_setzero_ps();
    __m512 mean_so_far[vectors], squares_so_far[vectors];
    for (int v = 0; v < vectors; ++v) mean_so_far[v] = squares_so_far[v] = zero;
    for (std::int64_t first = 0; first < rows.n; first += chunk_rows) {
      const std::int64_t n = rows.n - first < chunk_rows ? rows.n - first : chunk_rows;
      const Number* chunk = x + first * rows.channels + channel;
      __m512 chunk_mean[vectors], squares[vectors];
      for (int v = 0; v < vectors; ++v) chunk_mean[v] = squares[v] = zero;
      for (std::int64_t r = 0; r < n; ++r) {
        for (int v = 0; v < vectors; ++v)
          chunk_mean[v] = _mm512_add_ps(chunk_mean[v], load(chunk + r * rows.channels + 16 * v));
      }
      const __m512 share = _mm512_set1_ps(1.0F / static_cast<float>(n));
      for (int v = 0; v < vectors; ++v) chunk_mean[v] = _mm512_mul_ps(chunk_mean[v], share);
      for (std::int64_t r = 0; r < n; ++r) {
        for (int v = 0; v < vectors; ++v) {
          const __m512 off = _mm512_sub_ps(load(chunk + r * rows.channels + 16 * v), chunk_mean[v]);
          squares[v] = _mm512_fmadd_ps(off, off, squares[v]);
        }
      }
      const float all = static_cast<float>(first + n);
      const __m512 new_share = _mm512_set1_ps(static_cast<float>(n) / all);
      const __m512 weight = _mm512_set1_ps(static_cast<float>(first) * static_cast<float>(n) / all);
      for (int v = 0; v < vectors; ++v) {
        const __m512 step = _mm512_sub_ps(chunk_mean[v], mean_so_far[v]);
        mean_so_far[v] = _mm512_fmadd_ps(step, new_share, mean_so_far[v]);
        squares_so_far[v] = _mm512_add_ps(
            _mm512_fmadd_ps(_mm512_mul_ps(step, step), weight, squares_so_far[v]), squares[v]);
      }
    }
    const __m512 share = _mm512_set1_ps(1.0F / static_cast<float>(rows.n));
    for (int v = 0; v < vectors; ++v) {
      store(mean + channel + 16 * v, mean_so_far[v]);
      store(variance + channel + 16 * v, _mm512_mul_ps(squares_so_far[v], share));
    }
  }
};

/// dy where y > 0, else 0.
template <class Number>
inline __m512 rectified(const Number* dy, const Number* y, bool relu) {
  if (!relu) return load(dy);
  const __mmask16 open = _mm512_cmp_ps_mask(load(y), _mm512_setzero_ps(), _CMP_GT_OQ);
  return _mm512_maskz_mov_ps(open, load(dy));
}

template <class Number>
struct Gradient {
  const Rows& rows;
  const Number* x;
  const Number* y;
  const Number* dy;
  bool relu;
  const float* mean;
  const float* inverse_deviation;
  const float* weight;
  Number* dx;
  Number* dresidual;
  const NormalizationGradients& gradients;

  template <int vectors>
  void operator()(std::int64_t channel) const {
    __m512 means[vectors], sum[vectors], sum_x[vectors];
    for (int v = 0; v < vectors; ++v) {
      means[v] = load(mean + channel + 16 * v);
      sum[v] = sum_x[v] = _mm512_setzero_ps();
    }
    for (std::int64_t first = 0; first < rows.n; first += chunk_rows) {
      const std::int64_t end = rows.n - first < chunk_rows ? rows.n : first + chunk_rows;
      __m512 part[vectors], part_x[vectors];
      for (int v = 0; v < vectors; ++v) part[v] = part_x[v] = _mm512_setzero_ps();
      for (std::int64_t r = first; r < end; ++r) {
        for (int v = 0; v < vectors; ++v) {
          const std::int64_t at = r * rows.channels + channel + 16 * v;
          const __m512 g = rectified(dy + at, y + at, relu);
          part[v] = _mm512_add_ps(part[v], g);
          part_x[v] = _mm512_fmadd_ps(g, _mm512_sub_ps(load(x + at), means[v]), part_x[v]);
        }
      }
      for (int v = 0; v < vectors; ++v) {
        sum[v] = _mm512_add_ps(sum[v], part[v]);
        sum_x[v] = _mm512_add_ps(sum_x[v], part_x[v]);
      }
    }
    // dx = weight / deviation * (g - mean(g) - x_hat * mean(g x_hat)), x_hat = (x - mean) /
    // deviation
    __m512 scale[vectors], mean_g[vectors], slope[vectors];
    const __m512 share = _mm512_set1_ps(1.0F / static_cast<float>(rows.n));
    for (int v = 0; v < vectors; ++v) {
      const __m512 inverse = load(inverse_deviation + channel + 16 * v);
      store(gradients.bias + channel + 16 * v, sum[v]);
      store(gradients.weight + channel + 16 * v, _mm512_mul_ps(sum_x[v], inverse));
      scale[v] = _mm512_mul_ps(load(weight + channel + 16 * v), inverse);
      mean_g[v] = _mm512_mul_ps(sum[v], share);
      slope[v] = _mm512_mul_ps(_mm512_mul_ps(sum_x[v], share), _mm512_mul_ps(inverse, inverse));
    }
    for (std::int64_t r = 0; r < rows.n; ++r) {
      for (int v = 0; v < vectors; ++v) {
        const std::int64_t at = r * rows.channels + channel + 16 * v;
        const __m512 g = rectified(dy + at, y + at, relu);
        const __m512 off = _mm512_sub_ps(load(x + at), means[v]);
        if (dresidual != nullptr) store(dresidual + at, g);
        store(dx + at, _mm512_mul_ps(scale[v],
                                     _mm512_fnmadd_ps(off, slope[v], _mm512_sub_ps(g, mean_g[v]))));
      }
    }
  }
};

}  // namespace

template <class Number>
void channel_moments(const Rows& rows, const Number* x, float* mean, float* variance) {
  each_channels(rows.channels, Moments<Number>{rows, x, mean, variance});
}

template <class Number>
void scale_and_shift(const Rows& rows, const Number* x, const float* scale, const float* shift,
                     const Number* residual, bool relu, Number* y) {
  const __m512 floor = _mm512_set1_ps(relu ? 0.0F : -__builtin_inff());
  for (std::int64_t r = 0; r < rows.n; ++r) {
    for (std::int64_t c = 0; c < rows.channels; c += 16) {
      const std::int64_t at = r * rows.channels + c;
      __m512 value = _mm512_fmadd_ps(load(x + at), load(scale + c), load(shift + c));
      if (residual != nullptr) value = _mm512_add_ps(value, load(residual + at));
      store(y + at, _mm512_max_ps(floor, value));  // lets a NaN pass: max gives its second operand
    }
  }
}

template <class Number>
void normalization_gradient(const Rows& rows, const Number* x, const Number* y, const Number* dy,
                            bool relu, const float* mean, const float* inverse_deviation,
                            const float* weight, Number* dx, Number* dresidual,
                            const NormalizationGradients& gradients) {
  each_channels(rows.channels, Gradient<Number>{rows, x, y, dy, relu, mean, inverse_deviation,
                                                weight, dx, dresidual, gradients});
}

PK_INSTANTIATE_NORMALIZATION

}  // namespace pixel_kernels::avx512
