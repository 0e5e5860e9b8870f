#include "winograd_transforms.hpp"

#include "lanes.hpp"

namespace pixel_kernels::avx512 {
namespace {

inline __m512 times(float factor, __m512 x) {
  return _mm512_mul_ps(_mm512_set1_ps(factor), x);
}
inline __m512 plus(__m512 x, float factor, __m512 y) {  // x + factor * y
  return _mm512_fmadd_ps(_mm512_set1_ps(factor), y, x);
}

/// The one-dimensional transforms.
template <int outputs, int taps>
struct Lines;

template <>
struct Lines<4, 3> {
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

  /// A: the gradients of Outputs.
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

  /// G^T: the gradients of Weights.
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
struct Lines<2, 3> {
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

/// F(4, 4) has one point more than F(4, 3): 1/2. Its frequency 5 belongs to that point; the other
/// six are those of F(4, 3) for the inputs d[i] - 2 d[i + 1], by the factor 1 - 2 x, which is 0 at
/// 1/2.
template <>
struct Lines<4, 4> {
  using Six = Lines<4, 3>;

  /// B^T
  struct Inputs {
    static constexpr int from = 7, to = 7;
    static void line(const __m512 (&d)[7], __m512 (&v)[7]) {
      __m512 joined[6], six[6];
      for (int i = 0; i < 6; ++i) joined[i] = plus(d[i], -2, d[i + 1]);
      Six::Inputs::line(joined, six);
      for (int i = 0; i < 5; ++i) v[i] = six[i];
      v[5] = plus(plus(d[5], -5, d[3]), 4, d[1]);
      v[6] = six[5];
    }
  };

  /// A^T
  struct Outputs {
    static constexpr int from = 7, to = 4;
    static void line(const __m512 (&m)[7], __m512 (&y)[4]) {
      const __m512 six[6] = {m[0], m[1], m[2], m[3], m[4], m[6]};
      Six::Outputs::line(six, y);
      y[0] = _mm512_add_ps(y[0], m[5]);
      y[1] = plus(y[1], 0.5F, m[5]);
      y[2] = plus(y[2], 0.25F, m[5]);
      y[3] = plus(y[3], 0.125F, m[5]);
    }
  };

  /// A
  struct OutputGradients {
    static constexpr int from = 4, to = 7;
    static void line(const __m512 (&y)[4], __m512 (&z)[7]) {
      __m512 six[6];
      Six::OutputGradients::line(y, six);
      for (int i = 0; i < 5; ++i) z[i] = six[i];
      z[5] = plus(plus(plus(y[0], 0.5F, y[1]), 0.25F, y[2]), 0.125F, y[3]);
      z[6] = six[5];
    }
  };

  /// G
  struct Weights {
    static constexpr int from = 4, to = 7;
    static void line(const __m512 (&g)[4], __m512 (&u)[7]) {
      const __m512 even = _mm512_add_ps(g[0], g[2]), odd = _mm512_add_ps(g[1], g[3]);
      const __m512 even2 = plus(g[0], 4, g[2]), odd2 = times(2, plus(g[1], 4, g[3]));
      u[0] = times(0.25F, g[0]);
      u[1] = times(1.0F / 6, _mm512_add_ps(even, odd));
      u[2] = times(-1.0F / 18, _mm512_sub_ps(even, odd));
      u[3] = times(-1.0F / 72, _mm512_add_ps(even2, odd2));
      u[4] = times(1.0F / 120, _mm512_sub_ps(even2, odd2));
      u[5] = times(32.0F / 45, plus(plus(plus(g[0], 0.5F, g[1]), 0.25F, g[2]), 0.125F, g[3]));
      u[6] = times(-0.5F, g[3]);
    }
  };

  /// G^T
  struct WeightGradients {
    static constexpr int from = 7, to = 4;
    static void line(const __m512 (&u)[7], __m512 (&g)[4]) {
      const __m512 one = times(1.0F / 6, u[1]), minus_one = times(-1.0F / 18, u[2]);
      const __m512 two = times(-1.0F / 72, u[3]), minus_two = times(1.0F / 120, u[4]);
      const __m512 half = times(32.0F / 45, u[5]);
      const __m512 even = _mm512_add_ps(one, minus_one), odd = _mm512_sub_ps(one, minus_one);
      const __m512 even2 = _mm512_add_ps(two, minus_two), odd2 = _mm512_sub_ps(two, minus_two);
      g[0] = plus(_mm512_add_ps(_mm512_add_ps(even, even2), half), 0.25F, u[0]);
      g[1] = plus(plus(odd, 2, odd2), 0.5F, half);
      g[2] = plus(plus(even, 4, even2), 0.25F, half);
      g[3] = plus(plus(plus(odd, 8, odd2), 0.125F, half), -0.5F, u[6]);
    }
  };
};

template <class W>
using LinesOf = Lines<W::outputs, W::taps>;

/// Transforms both dimensions of 16 squares side by side: load(i, j) and store(i, j, lanes).
template <class Transform, class Load, class Store>
[[gnu::always_inline]] inline void transform(Load load_at, Store store_at) {
  constexpr int from = Transform::from, to = Transform::to;
  __m512 half[to][from];
#pragma GCC unroll 8
  for (int j = 0; j < from; ++j) {
    __m512 column[from], result[to];
#pragma GCC unroll 8
    for (int i = 0; i < from; ++i) column[i] = load_at(i, j);
    Transform::line(column, result);
#pragma GCC unroll 8
    for (int i = 0; i < to; ++i) half[i][j] = result[i];
  }
#pragma GCC unroll 8
  for (int i = 0; i < to; ++i) {
    __m512 result[to];
    Transform::line(half[i], result);
#pragma GCC unroll 8
    for (int j = 0; j < to; ++j) store_at(i, j, result[j]);
  }
}

/// The pixels of a square of a map: where each begins, and a mask of its lanes, which is empty for
/// a pixel outside the map.
template <int size>
struct Square {
  std::int64_t at[size][size];
  __mmask16 inside[size][size];

  template <class W>
  Square(const WinogradMap<W>& map, std::int64_t top, std::int64_t left) {
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

/// The pixels of a tile's outputs, or those of its inputs, which begin `border` pixels before.
template <int size, class W>
Square<size> square_of(const WinogradMap<W>& map, std::int64_t tile, int border) {
  return {map, tile / map.tiles_across() * W::outputs - border,
          tile % map.tiles_across() * W::outputs - border};
}

/// Where frequency (i, j) begins.
template <class W>
std::int64_t frequency(int i, int j, std::int64_t step) {
  return (W::inputs * i + j) * step;
}

/// Calls store(i, j, lanes) with the frequencies of 16 columns of row k.
template <class W, class Store>
inline void transform_taps(const WinogradTaps& taps, std::int64_t k, std::int64_t column,
                           Store store_at) {
  constexpr int r = W::taps;
  transform<typename LinesOf<W>::Weights>(
      [&](int i, int j) { return load(taps.at(r * i + j, r * r, k) + column); }, store_at);
}

}  // namespace

template <class W>
void winograd_inputs(const WinogradMap<W>& map, const Tiles& tiles, const typename W::Number* x,
                     std::int64_t step, float* v) {
  using Number = typename W::Number;
  for (std::int64_t t = 0; t < tiles.n; ++t, v += map.row_units()) {
    const auto square = square_of<W::inputs>(map, tiles.first + t, W::taps / 2);
    for (std::int64_t c = 0; c < map.row; c += 16) {
      const __mmask16 lanes = first_lanes(map.row - c);
      transform<typename LinesOf<W>::Inputs>(
          [&](int i, int j) { return load(x + square.at[i][j] + c, square.inside[i][j] & lanes); },
          [&](int i, int j, __m512 value) {
            store(reinterpret_cast<Number*>(v + frequency<W>(i, j, step)) + c, value, lanes);
          });
    }
  }
}

template <class W>
void winograd_weights(const WinogradTaps& taps, std::int64_t step, float* u) {
  for (std::int64_t k = 0; k < taps.depth; k += W::per_unit, u += channel_block) {
    for (std::int64_t c = 0; c < taps.columns; c += 16) {
      if constexpr (W::per_unit == 1) {
        transform_taps<W>(taps, k, c, [&](int i, int j, __m512 value) {
          store(u + frequency<W>(i, j, step) + c, value);
        });
      } else {
        __m512 first[W::inputs][W::inputs];
        transform_taps<W>(taps, k, c, [&](int i, int j, __m512 value) { first[i][j] = value; });
        transform_taps<W>(taps, k + 1, c, [&](int i, int j, __m512 second) {
          _mm512_storeu_si512(u + frequency<W>(i, j, step) + c, paired(first[i][j], second));
        });
      }
    }
  }
}

template <class W, class Pixel>
void winograd_outputs(const WinogradMap<W>& map, const Tiles& tiles, const float* m,
                      std::int64_t step, std::int64_t channels, std::int64_t columns,
                      const Epilogue<Pixel>& epilogue, Pixel* y) {
  const __m512 floor = _mm512_set1_ps(epilogue.relu ? 0.0F : -__builtin_inff());
  for (std::int64_t t = 0; t < tiles.n; ++t) {
    const auto square = square_of<W::outputs>(map, tiles.first + t, 0);
    for (std::int64_t b = 0; b < map.row / channels; ++b, m += channel_block) {
      for (std::int64_t c = 0; c < columns; c += 16) {
        const std::int64_t row = b * channels + c;
        const __m512 bias =
            epilogue.bias != nullptr ? load(epilogue.bias + c) : _mm512_setzero_ps();
        transform<typename LinesOf<W>::Outputs>(
            [&](int i, int j) { return load(m + frequency<W>(i, j, step) + c); },
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
}

template <class W, class Pixel>
void winograd_output_gradients(const WinogradMap<W>& map, const Tiles& tiles, const Pixel* dy,
                               std::int64_t channels, std::int64_t columns, std::int64_t step,
                               float* z) {
  using Number = typename W::Number;
  for (std::int64_t t = 0; t < tiles.n; ++t) {
    const auto square = square_of<W::outputs>(map, tiles.first + t, 0);
    for (std::int64_t b = 0; b < map.row_units() / channels; ++b, z += channel_block) {
      for (std::int64_t c = 0; c < columns * W::per_unit; c += 16) {
        const Pixel* row = dy + b * channels * W::per_unit + c;
        transform<typename LinesOf<W>::OutputGradients>(
            [&](int i, int j) { return load(row + square.at[i][j], square.inside[i][j]); },
            [&](int i, int j, __m512 value) {
              store(reinterpret_cast<Number*>(z + frequency<W>(i, j, step)) + c, value);
            });
      }
    }
  }
}

template <class W>
void winograd_weight_gradients(const float* du, std::int64_t step, std::int64_t in,
                               std::int64_t out, std::int64_t columns, float* dw) {
  for (std::int64_t k = 0; k < in; ++k) {
    for (std::int64_t c = 0; c < columns; c += 16) {
      transform<typename LinesOf<W>::WeightGradients>(
          [&](int i, int j) { return load(du + frequency<W>(i, j, step) + k * channel_block + c); },
          [&](int i, int j, __m512 value) {
            store(dw + ((W::taps * i + j) * in + k) * out + c, value);
          });
    }
  }
}

#define PK_INSTANTIATE_PIXEL(W, Pixel)                                                        \
  template void winograd_outputs<W, Pixel>(const WinogradMap<W>&, const Tiles&, const float*, \
                                           std::int64_t, std::int64_t, std::int64_t,          \
                                           const Epilogue<Pixel>&, Pixel*);                   \
  template void winograd_output_gradients<W, Pixel>(const WinogradMap<W>&, const Tiles&,      \
                                                    const Pixel*, std::int64_t, std::int64_t, \
                                                    std::int64_t, float*);
#define PK_INSTANTIATE(W)                                                                 \
  template void winograd_inputs<W>(const WinogradMap<W>&, const Tiles&, const W::Number*, \
                                   std::int64_t, float*);                                 \
  template void winograd_weights<W>(const WinogradTaps&, std::int64_t, float*);           \
  template void winograd_weight_gradients<W>(const float*, std::int64_t, std::int64_t,    \
                                             std::int64_t, std::int64_t, float*);
using Float3x3 = Winograd3x3<float>;
using BFloat3x3 = Winograd3x3<BFloat16>;
PK_INSTANTIATE(Float3x3)
PK_INSTANTIATE(BFloat3x3)
PK_INSTANTIATE(Winograd4x4)
PK_INSTANTIATE_PIXEL(Float3x3, float)
PK_INSTANTIATE_PIXEL(BFloat3x3, BFloat16)
PK_INSTANTIATE_PIXEL(Winograd4x4, float)
PK_INSTANTIATE_PIXEL(Winograd4x4, BFloat16)
#undef PK_INSTANTIATE
#undef PK_INSTANTIATE_PIXEL

}  // namespace pixel_kernels::avx512
