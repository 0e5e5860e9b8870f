// Compiled for AVX-512 (CMakeLists.txt): include nothing here whose inline functions other sources
// share.
#ifdef __x86_64__
#include "winograd_transforms.hpp"

#include "lanes.hpp"

namespace al_mpi {
namespace {

inline __m512 times(float factor, __m512 x) {
  return _mm512_mul_ps(_mm512_set1_ps(factor), x);
}
inline __m512 plus(__m512 x, float factor, __m512 y) {  // x + factor * y
  return _mm512_fmadd_ps(_mm512_set1_ps(factor), y, x);
}

/// The one-dimensional transforms for tiles of m outputs.
template <int m>
struct Lines;

template <>
struct Lines<4> {
  /// B^T: six inputs -> six frequencies.
  struct Inputs {
    static constexpr int from = 6, to = 6;
    static void line(const __m512 (&d)[6], __m512 (&v)[6]) {
      const __m512 even = plus(d[4], -4, d[2]), odd = plus(d[3], -4, d[1]);
      const __m512 near = _mm512_sub_ps(d[4], d[2]), far = times(2, _mm512_sub_ps(d[3], d[1]));
      v[0] = plus(plus(d[4], -5, d[2]), 4, d[0]);
      v[1] = _mm512_add_ps(even, odd);
      v[2] = _mm512_sub_ps(even, odd);
      v[3] = _mm512_add_ps(near, far);
      v[4] = _mm512_sub_ps(near, far);
      v[5] = plus(plus(d[5], -5, d[3]), 4, d[1]);
    }
  };

  /// A^T: six frequencies -> four outputs.
  struct Outputs {
    static constexpr int from = 6, to = 4;
    static void line(const __m512 (&m)[6], __m512 (&y)[4]) {
      const __m512 sum = _mm512_add_ps(m[1], m[2]), difference = _mm512_sub_ps(m[1], m[2]);
      const __m512 sum2 = _mm512_add_ps(m[3], m[4]), difference2 = _mm512_sub_ps(m[3], m[4]);
      y[0] = _mm512_add_ps(_mm512_add_ps(m[0], sum), sum2);
      y[1] = plus(difference, 2, difference2);
      y[2] = plus(sum, 4, sum2);
      y[3] = _mm512_add_ps(plus(difference, 8, difference2), m[5]);
    }
  };

  /// A: the way back through Outputs.
  struct OutputGradients {
    static constexpr int from = 4, to = 6;
    static void line(const __m512 (&y)[4], __m512 (&z)[6]) {
      const __m512 even = _mm512_add_ps(y[0], y[2]), odd = _mm512_add_ps(y[1], y[3]);
      const __m512 even2 = plus(y[0], 4, y[2]), odd2 = times(2, plus(y[1], 4, y[3]));
      z[0] = y[0];
      z[1] = _mm512_add_ps(even, odd);
      z[2] = _mm512_sub_ps(even, odd);
      z[3] = _mm512_add_ps(even2, odd2);
      z[4] = _mm512_sub_ps(even2, odd2);
      z[5] = y[3];
    }
  };

  /// G: three weights -> six frequencies.
  struct Weights {
    static constexpr int from = 3, to = 6;
    static void line(const __m512 (&g)[3], __m512 (&u)[6]) {
      const __m512 ends = times(-1.0F / 6, _mm512_add_ps(g[0], g[2])),
                   middle = times(1.0F / 6, g[1]);
      const __m512 ends2 = plus(times(1.0F / 24, g[0]), 1.0F / 6, g[2]),
                   middle2 = times(1.0F / 12, g[1]);
      u[0] = times(0.25F, g[0]);
      u[1] = _mm512_sub_ps(ends, middle);
      u[2] = _mm512_add_ps(ends, middle);
      u[3] = _mm512_add_ps(ends2, middle2);
      u[4] = _mm512_sub_ps(ends2, middle2);
      u[5] = g[2];
    }
  };

  /// G^T: the way back through Weights.
  struct WeightGradients {
    static constexpr int from = 6, to = 3;
    static void line(const __m512 (&u)[6], __m512 (&g)[3]) {
      const __m512 sum = _mm512_add_ps(u[1], u[2]), difference = _mm512_sub_ps(u[2], u[1]);
      const __m512 sum2 = _mm512_add_ps(u[3], u[4]), difference2 = _mm512_sub_ps(u[3], u[4]);
      g[0] = plus(plus(times(0.25F, u[0]), -1.0F / 6, sum), 1.0F / 24, sum2);
      g[1] = plus(times(1.0F / 6, difference), 1.0F / 12, difference2);
      g[2] = plus(plus(u[5], -1.0F / 6, sum), 1.0F / 6, sum2);
    }
  };
};

template <>
struct Lines<2> {
  /// B^T
  struct Inputs {
    static constexpr int from = 4, to = 4;
    static void line(const __m512 (&d)[4], __m512 (&v)[4]) {
      v[0] = _mm512_sub_ps(d[0], d[2]);
      v[1] = _mm512_add_ps(d[1], d[2]);
      v[2] = _mm512_sub_ps(d[2], d[1]);
      v[3] = _mm512_sub_ps(d[1], d[3]);
    }
  };

  /// A^T
  struct Outputs {
    static constexpr int from = 4, to = 2;
    static void line(const __m512 (&m)[4], __m512 (&y)[2]) {
      y[0] = _mm512_add_ps(m[0], _mm512_add_ps(m[1], m[2]));
      y[1] = _mm512_sub_ps(_mm512_sub_ps(m[1], m[2]), m[3]);
    }
  };

  /// A
  struct OutputGradients {
    static constexpr int from = 2, to = 4;
    static void line(const __m512 (&y)[2], __m512 (&z)[4]) {
      z[0] = y[0];
      z[1] = _mm512_add_ps(y[0], y[1]);
      z[2] = _mm512_sub_ps(y[0], y[1]);
      z[3] = _mm512_sub_ps(_mm512_setzero_ps(), y[1]);
    }
  };

  /// G
  struct Weights {
    static constexpr int from = 3, to = 4;
    static void line(const __m512 (&g)[3], __m512 (&u)[4]) {
      const __m512 ends = times(0.5F, _mm512_add_ps(g[0], g[2]));
      u[0] = g[0];
      u[1] = plus(ends, 0.5F, g[1]);
      u[2] = plus(ends, -0.5F, g[1]);
      u[3] = g[2];
    }
  };

  /// G^T
  struct WeightGradients {
    static constexpr int from = 4, to = 3;
    static void line(const __m512 (&u)[4], __m512 (&g)[3]) {
      const __m512 ends = times(0.5F, _mm512_add_ps(u[1], u[2]));
      g[0] = _mm512_add_ps(u[0], ends);
      g[1] = times(0.5F, _mm512_sub_ps(u[1], u[2]));
      g[2] = _mm512_add_ps(ends, u[3]);
    }
  };
};

template <class Number>
using LinesOf = Lines<winograd_tile<Number>>;

/// Transforms both dimensions of 16 squares side by side: load(i, j) and store(i, j, lanes).
template <class Transform, class Load, class Store>
inline void transform(Load load_at, Store store_at) {
  constexpr int from = Transform::from, to = Transform::to;
  __m512 half[to][from];
  for (int j = 0; j < from; ++j) {
    __m512 column[from], result[to];
    for (int i = 0; i < from; ++i) column[i] = load_at(i, j);
    Transform::line(column, result);
    for (int i = 0; i < to; ++i) half[i][j] = result[i];
  }
  for (int i = 0; i < to; ++i) {
    __m512 result[to];
    Transform::line(half[i], result);
    for (int j = 0; j < to; ++j) store_at(i, j, result[j]);
  }
}

/// The pixels of a square of a map: where they begin, and all lanes or none, as they lie inside or
/// not.
template <int size>
struct Square {
  std::int64_t at[size][size];
  __mmask16 inside[size][size];

  template <class Number>
  Square(const WinogradMap<Number>& map, std::int64_t top, std::int64_t left) {
    for (int i = 0; i < size; ++i) {
      for (int j = 0; j < size; ++j) {
        const std::int64_t y = top + i, x = left + j;
        const bool in_map = y >= 0 && y < map.height && x >= 0 && x < map.width;
        at[i][j] = in_map ? (y * map.width + x) * map.row : 0;
        inside[i][j] = in_map ? 0xFFFF : 0;
      }
    }
  }
};

template <class Number>
Square<winograd_tile<Number>> outputs_of(const WinogradMap<Number>& map, std::int64_t tile) {
  return {map, tile / map.tiles_across() * winograd_tile<Number>,
          tile % map.tiles_across() * winograd_tile<Number>};
}

/// Where frequency (i, j) begins.
template <class Number>
std::int64_t frequency(int i, int j, std::int64_t step) {
  return ((winograd_tile<Number> + 2) * i + j) * step;
}

// Rows of taps are short and may lie far apart: the processor does not foresee which come next.
void prefetch(const WinogradTaps& taps, std::int64_t k) {
  constexpr std::int64_t rows_ahead = 8;
  for (int tap = 0; tap < 9; ++tap) {
    const auto* row = reinterpret_cast<const char*>(taps.at(tap, k + rows_ahead));
    _mm_prefetch(row, _MM_HINT_T0);
    _mm_prefetch(row + 64, _MM_HINT_T0);
  }
}

}  // namespace

template <class Number>
void winograd_inputs(const WinogradMap<Number>& map, const Number* x, std::int64_t step, float* v) {
  constexpr int m = winograd_tile<Number>;
  for (std::int64_t ty = 0; ty < map.tiles_down(); ++ty) {
    for (std::int64_t tx = 0; tx < map.tiles_across(); ++tx, v += map.row_units()) {
      const Square<m + 2> square(map, ty * m - 1, tx * m - 1);
      for (std::int64_t c = 0; c < map.row; c += 16) {
        transform<typename Lines<m>::Inputs>(
            [&](int i, int j) { return load(x + square.at[i][j] + c, square.inside[i][j]); },
            [&](int i, int j, __m512 value) {
              store(reinterpret_cast<Number*>(v + frequency<Number>(i, j, step)) + c, value);
            });
      }
    }
  }
}

template <>
void winograd_weights<float>(const WinogradTaps& taps, std::int64_t step, float* u) {
  for (std::int64_t k = 0; k < taps.depth; ++k, u += channel_block) {
    prefetch(taps, k);
    for (std::int64_t c = 0; c < taps.columns; c += 16) {
      transform<LinesOf<float>::Weights>(
          [&](int i, int j) { return load(taps.at(3 * i + j, k) + c); },
          [&](int i, int j, __m512 value) { store(u + frequency<float>(i, j, step) + c, value); });
    }
  }
}

template <>
void winograd_weights<BFloat16>(const WinogradTaps& taps, std::int64_t step, float* u) {
  using Weights = LinesOf<BFloat16>::Weights;
  for (std::int64_t k = 0; k < taps.depth; k += 2, u += channel_block) {
    prefetch(taps, k);
    prefetch(taps, k + 1);
    for (std::int64_t c = 0; c < taps.columns; c += 16) {
      __m512 first[4][4];
      transform<Weights>([&](int i, int j) { return load(taps.at(3 * i + j, k) + c); },
                         [&](int i, int j, __m512 value) { first[i][j] = value; });
      transform<Weights>([&](int i, int j) { return load(taps.at(3 * i + j, k + 1) + c); },
                         [&](int i, int j, __m512 second) {
                           _mm512_storeu_si512(u + frequency<BFloat16>(i, j, step) + c,
                                               paired(first[i][j], second));
                         });
    }
  }
}

template <class Number>
void winograd_outputs(const WinogradMap<Number>& map, std::int64_t tile, const float* m,
                      std::int64_t step, std::int64_t channels, std::int64_t columns,
                      const Epilogue<Number>& epilogue, Number* y) {
  const auto square = outputs_of(map, tile);
  const __m512 floor = _mm512_set1_ps(epilogue.relu ? 0.0F : -__builtin_inff());
  for (std::int64_t b = 0; b < map.row / channels; ++b) {
    for (std::int64_t c = 0; c < columns; c += 16) {
      const std::int64_t row = b * channels + c;
      const __m512 bias = epilogue.bias != nullptr ? load(epilogue.bias + c) : _mm512_setzero_ps();
      transform<typename LinesOf<Number>::Outputs>(
          [&](int i, int j) {
            return load(m + frequency<Number>(i, j, step) + b * channel_block + c);
          },
          [&](int i, int j, __m512 value) {
            const std::int64_t at = square.at[i][j] + row;
            value = _mm512_add_ps(value, bias);
            if (epilogue.residual != nullptr)
              value = _mm512_add_ps(value, load(epilogue.residual + at, square.inside[i][j]));
            store(y + at, _mm512_max_ps(floor, value), square.inside[i][j]);  // lets a NaN pass
          });
    }
  }
}

template <class Number>
void winograd_output_gradients(const WinogradMap<Number>& map, const Number* dy,
                               std::int64_t channels, std::int64_t columns, std::int64_t step,
                               float* z) {
  constexpr std::int64_t unit = 4 / sizeof(Number);  // numbers
  for (std::int64_t tile = 0; tile < map.tiles(); ++tile) {
    const auto square = outputs_of(map, tile);
    for (std::int64_t b = 0; b < map.row_units() / channels; ++b, z += channel_block) {
      for (std::int64_t c = 0; c < columns * unit; c += 16) {
        const Number* row = dy + b * channels * unit + c;
        transform<typename LinesOf<Number>::OutputGradients>(
            [&](int i, int j) { return load(row + square.at[i][j], square.inside[i][j]); },
            [&](int i, int j, __m512 value) {
              store(reinterpret_cast<Number*>(z + frequency<Number>(i, j, step)) + c, value);
            });
      }
    }
  }
}

template <class Number>
void winograd_weight_gradients(const float* du, std::int64_t step, std::int64_t in,
                               std::int64_t out, std::int64_t columns, float* dw) {
  for (std::int64_t i_channel = 0; i_channel < in; ++i_channel) {
    prefetch({dw, in, columns, in * out, out, false}, i_channel);
    for (std::int64_t c = 0; c < columns; c += 16) {
      transform<typename LinesOf<Number>::WeightGradients>(
          [&](int i, int j) {
            return load(du + frequency<Number>(i, j, step) + i_channel * channel_block + c);
          },
          [&](int i, int j, __m512 value) {
            store(dw + ((3 * i + j) * in + i_channel) * out + c, value);
          });
    }
  }
}

#define AL_INSTANTIATE(Number)                                                                   \
  template void winograd_inputs<Number>(const WinogradMap<Number>&, const Number*, std::int64_t, \
                                        float*);                                                 \
  template void winograd_outputs<Number>(const WinogradMap<Number>&, std::int64_t, const float*, \
                                         std::int64_t, std::int64_t, std::int64_t,               \
                                         const Epilogue<Number>&, Number*);                      \
  template void winograd_output_gradients<Number>(const WinogradMap<Number>&, const Number*,     \
                                                  std::int64_t, std::int64_t, std::int64_t,      \
                                                  float*);                                       \
  template void winograd_weight_gradients<Number>(const float*, std::int64_t, std::int64_t,      \
                                                  std::int64_t, std::int64_t, float*);
AL_INSTANTIATE(float)
AL_INSTANTIATE(BFloat16)
#undef AL_INSTANTIATE

}  // namespace al_mpi

#endif
