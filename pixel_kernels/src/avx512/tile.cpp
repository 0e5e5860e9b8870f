#include "tile.hpp"

#include <type_traits>

#include "lanes.hpp"

namespace pixel_kernels::avx512 {
namespace {

constexpr int most_rows = 13;  // 2 x 13 sums, two operands and a broadcast fit the 32 registers

/// The kinds of 32-bit units. Each says in how many parts a unit is multiplied, and how a part is
/// taken and multiplied.
struct Whole {
  static constexpr int parts = 1;
  static __m512 part(int, __m512 unit) { return unit; }
};
struct OneFloat : Whole {
  static __m512 multiply_add(__m512 a, __m512 b, __m512 sum) { return _mm512_fmadd_ps(a, b, sum); }
};
struct TwoBFloat16 : Whole {
  static __m512 multiply_add(__m512 a, __m512 b, __m512 sum) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }
};
/// For processors without instructions for bfloat16: the second number of each pair is multiplied
/// as a float, then the first. Products are exact, so the sums are those of the instruction.
struct OneBFloat16AfterTheOther {
  static constexpr int parts = 2;
  static __m512 part(int i, __m512 unit) {
    const __m512i bits = _mm512_castps_si512(unit);
    return _mm512_castsi512_ps(i == 0 ? _mm512_and_si512(bits, _mm512_set1_epi32(-0x10000))
                                      : _mm512_slli_epi32(bits, 16));
  }
  static __m512 multiply_add(__m512 a, __m512 b, __m512 sum) { return _mm512_fmadd_ps(a, b, sum); }
};

/// Computes `rows` rows n and 16 * vectors columns m of the sum, all in registers. `whole`: none
/// of these columns is beyond the last one, so loads need no mask, which would cost as much as a
/// multiplication.
template <class Unit, class Out, int vectors, int rows, bool whole>
void tile(const SumOfProducts& sum, const Target<Out>& target) {
  __m512 c[rows][vectors];
  __mmask16 lanes[vectors];
#pragma GCC unroll 2
  for (int v = 0; v < vectors; ++v)
    lanes[v] = whole ? 0xFFFF : first_lanes(target.columns - 16 * v);
#pragma GCC unroll 16
  for (int n = 0; n < rows; ++n) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) c[n][v] = _mm512_setzero_ps();
  }
  for (std::int64_t t = 0; t < sum.n_terms; ++t) {
    const float* a = sum.terms[t].a + sum.a_offset;
    const float* b = sum.terms[t].b + sum.b_offset;
#pragma GCC unroll 1
    for (std::int64_t k = 0; k < sum.depth; ++k, a += sum.a_step, b += sum.b_step) {
#pragma GCC unroll 2
      for (int part = 0; part < Unit::parts; ++part) {
        __m512 x[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
          x[v] = Unit::part(part, load(a + 16 * v, lanes[v]));
          asm("" : "+v"(x[v]));  // stays in a register; else the compiler loads it for every row
        }
#pragma GCC unroll 16
        for (int n = 0; n < rows; ++n) {
          const __m512 y = Unit::part(part, _mm512_set1_ps(b[n * sum.b_row]));
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) c[n][v] = Unit::multiply_add(x[v], y, c[n][v]);
        }
      }
    }
  }
  const Epilogue<Out>& epilogue = target.epilogue;
  if (!target.add && epilogue.bias == nullptr && epilogue.residual == nullptr && !epilogue.relu) {
#pragma GCC unroll 16
    for (int n = 0; n < rows; ++n) {
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v)
        store(target.c + n * target.row + 16 * v, c[n][v], lanes[v]);
    }
    return;
  }
#pragma GCC unroll 16
  for (int n = 0; n < rows; ++n) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) {
      const std::int64_t at = n * target.row + 16 * v;
      __m512 value = c[n][v];
      if (target.add) value = _mm512_add_ps(value, load(target.c + at, lanes[v]));
      if (epilogue.bias != nullptr)
        value = _mm512_add_ps(value, load(epilogue.bias + 16 * v, lanes[v]));
      if (epilogue.residual != nullptr)
        value = _mm512_add_ps(value, load(epilogue.residual + at, lanes[v]));
      if (epilogue.relu) value = _mm512_max_ps(_mm512_setzero_ps(), value);  // lets a NaN pass
      store(target.c + at, value, lanes[v]);
    }
  }
}

template <class Unit, class Out, int vectors, bool whole, int rows = most_rows>
void tile_of(int n, const SumOfProducts& sum, const Target<Out>& target) {
  if constexpr (rows > 0) {
    if (n == rows) return tile<Unit, Out, vectors, rows, whole>(sum, target);
    return tile_of<Unit, Out, vectors, whole, rows - 1>(n, sum, target);
  }
}

/// Transposes 16 x 16 units.
void transpose(__m512i (&x)[16]) {
  __m512i y[16];
  for (int i = 0; i < 16; i += 2) {
    y[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
    y[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    x[i] = _mm512_unpacklo_epi64(y[i], y[i + 2]);
    x[i + 1] = _mm512_unpackhi_epi64(y[i], y[i + 2]);
    x[i + 2] = _mm512_unpacklo_epi64(y[i + 1], y[i + 3]);
    x[i + 3] = _mm512_unpackhi_epi64(y[i + 1], y[i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    y[i] = _mm512_shuffle_i32x4(x[i], x[i + 4], 0x88);
    y[i + 4] = _mm512_shuffle_i32x4(x[i], x[i + 4], 0xdd);
    y[i + 8] = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0x88);
    y[i + 12] = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0xdd);
  }
  for (int i = 0; i < 8; ++i) {
    x[i] = _mm512_shuffle_i32x4(y[i], y[i + 8], 0x88);
    x[i + 8] = _mm512_shuffle_i32x4(y[i], y[i + 8], 0xdd);
  }
}

/// Sixteen units of a row of numbers; those from number `n` on are zero.
inline __m512i units(float, const float* row, std::int64_t n) {
  return _mm512_castps_si512(load(row, first_lanes(n)));
}
inline __m512i units(BFloat16, const float* row, std::int64_t n) {
  return rounded(load(row, first_lanes(n)), load(row + 16, first_lanes(n - 16)));
}

/// Units of two rows side by side: (upper[m], lower[m]).
inline __m512i paired(__m256i upper, __m256i lower) {
  return _mm512_or_si512(_mm512_cvtepu16_epi32(upper),
                         _mm512_slli_epi32(_mm512_cvtepu16_epi32(lower), 16));
}

constexpr std::int64_t per_unit(float) {
  return 1;
}
constexpr std::int64_t per_unit(BFloat16) {
  return 2;
}

/// multiply() for one kind of units.
template <class Unit, class Out>
void by_tiles(SumOfProducts sum, std::int64_t rows, Target<Out> target) {
  const std::int64_t n_tiles = (rows + most_rows - 1) / most_rows;
  for (std::int64_t t = 0, n = 0; t < n_tiles; ++t) {
    const int height = static_cast<int>((rows * (t + 1)) / n_tiles - n);
    if (target.columns == channel_block) {
      tile_of<Unit, Out, 2, true>(height, sum, target);
    } else if (target.columns > 16) {
      tile_of<Unit, Out, 2, false>(height, sum, target);
    } else {
      tile_of<Unit, Out, 1, false>(height, sum, target);
    }
    n += height;
    sum.b_offset += height * sum.b_row;
    target.c += height * target.row;
    if (target.epilogue.residual != nullptr) target.epilogue.residual += height * target.row;
  }
}

}  // namespace

template <class Number, class Out>
void multiply(SumOfProducts sum, std::int64_t rows, Target<Out> target) {
  if constexpr (std::is_same_v<Number, float>) {
    by_tiles<OneFloat>(sum, rows, target);
  } else if (has_bfloat16_instructions) {
    by_tiles<TwoBFloat16>(sum, rows, target);
  } else {
    by_tiles<OneBFloat16AfterTheOther>(sum, rows, target);
  }
}

template void multiply<float, float>(SumOfProducts, std::int64_t, Target<float>);
template void multiply<BFloat16, BFloat16>(SumOfProducts, std::int64_t, Target<BFloat16>);
template void multiply<BFloat16, float>(SumOfProducts, std::int64_t, Target<float>);

template <>
void pack_outputs<float>(const float* weight, std::int64_t taps, std::int64_t in, std::int64_t out,
                         std::int64_t out0, std::int64_t columns, float* panel) {
  const float* row = weight + out0;
  for (std::int64_t i = 0; i < taps * in; ++i, row += out, panel += channel_block) {
    for (std::int64_t m = 0; m < channel_block; m += 16)
      store(panel + m, load(row + m, first_lanes(columns - m)));
  }
}

template <>
void pack_outputs<BFloat16>(const float* weight, std::int64_t taps, std::int64_t in,
                            std::int64_t out, std::int64_t out0, std::int64_t columns,
                            float* panel) {
  const float* row = weight + out0;
  for (std::int64_t t = 0; t < taps; ++t) {
    for (std::int64_t i = 0; i < in; i += 2, row += 2 * out, panel += channel_block) {
      for (std::int64_t m = 0; m < channel_block; m += 16) {
        const __mmask16 lanes = first_lanes(columns - m);
        _mm512_storeu_si512(panel + m, paired(load(row + m, lanes), load(row + out + m, lanes)));
      }
    }
  }
}

template <class Number>
void pack_inputs(const float* weight, std::int64_t taps, std::int64_t in, std::int64_t out,
                 std::int64_t in0, std::int64_t columns, float* panel) {
  constexpr std::int64_t pair = per_unit(Number{});
  const std::int64_t n_units = out / pair;
  for (std::int64_t t = 0; t < taps; ++t) {
    for (std::int64_t m = 0; m < channel_block; m += 16) {
      const float* rows = weight + (t * in + in0 + m) * out;
      for (std::int64_t u = 0; u < n_units; u += 16) {
        __m512i block[16];
        for (std::int64_t i = 0; i < 16; ++i) {
          const float* row = rows + i * out + u * pair;
          block[i] =
              m + i < columns ? units(Number{}, row, out - u * pair) : _mm512_setzero_si512();
        }
        transpose(block);
        float* to = panel + (t * n_units + u) * channel_block + m;
        for (std::int64_t i = 0; i < 16 && u + i < n_units; ++i)
          _mm512_storeu_si512(to + i * channel_block, block[i]);
      }
    }
  }
}

template void pack_inputs<float>(const float*, std::int64_t, std::int64_t, std::int64_t,
                                 std::int64_t, std::int64_t, float*);
template void pack_inputs<BFloat16>(const float*, std::int64_t, std::int64_t, std::int64_t,
                                    std::int64_t, std::int64_t, float*);

void interleave_images(const BFloat16* map, std::int64_t pixels, std::int64_t batch,
                       std::int64_t channels, BFloat16* pairs) {
  for (std::int64_t p = 0; p < pixels; ++p, map += batch * channels) {
    for (std::int64_t b = 0; b < batch; b += 2, pairs += 2 * channels) {
      const BFloat16* row = map + b * channels;
      for (std::int64_t c = 0; c < channels; c += 16) {
        const __mmask16 lanes = first_lanes(channels - c);
        const __mmask16 second = b + 1 < batch ? lanes : static_cast<__mmask16>(0);
        _mm512_mask_storeu_epi32(pairs + 2 * c, lanes,
                                 paired(_mm256_maskz_loadu_epi16(lanes, row + c),
                                        _mm256_maskz_loadu_epi16(second, row + channels + c)));
      }
    }
  }
}

}  // namespace pixel_kernels::avx512
