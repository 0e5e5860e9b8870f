#pragma once

#include <cstdint>

#include <immintrin.h>

#include <pixel_kernels/level.hpp>
#include <pixel_kernels/shape.hpp>

// Registers of 16 floats, loaded from and stored to float32 or bfloat16 numbers. Only sources that
// are compiled for AVX-512 include this.
namespace pixel_kernels::avx512 {
namespace {

inline __mmask16 first_lanes(std::int64_t n) {
  return static_cast<__mmask16>(n >= 16 ? 0xFFFF : n <= 0 ? 0 : (1 << n) - 1);
}

inline __m512 load(const float* from, __mmask16 lanes = 0xFFFF) {
  return _mm512_maskz_loadu_ps(lanes, from);
}
inline __m512 load(const BFloat16* from, __mmask16 lanes = 0xFFFF) {
  const __m512i wide = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

/// x as bits whose upper halves are the nearest bfloat16 numbers. Rounds as _mm512_cvtneps_pbh()
/// does: ties to even, subnormal numbers to 0.
inline __m512i upper_halves(__m512 x) {
  const __m512i bits = _mm512_castps_si512(x), one = _mm512_set1_epi32(1);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), one);
  const __m512i half = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF));
  const __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
  const __mmask16 subnormal = _mm512_fpclass_ps_mask(x, 0x20);
  const __m512i number = _mm512_add_epi32(bits, half);
  const __m512i or_nan = _mm512_mask_or_epi32(number, nan, bits, _mm512_set1_epi32(1 << 22));
  return _mm512_mask_and_epi32(or_nan, subnormal, bits, _mm512_set1_epi32(INT32_MIN));
}

/// The nearest bfloat16 numbers.
inline __m256i rounded(__m512 x) {
  if (has_bfloat16_instructions) return reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x));
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(upper_halves(x), 16));
}
/// The nearest bfloat16 numbers of `first`, then those of `second`.
inline __m512i rounded(__m512 first, __m512 second) {
  if (has_bfloat16_instructions)
    return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
  return _mm512_inserti64x4(_mm512_castsi256_si512(rounded(first)), rounded(second), 1);
}

inline void store(float* to, __m512 x, __mmask16 lanes = 0xFFFF) {
  _mm512_mask_storeu_ps(to, lanes, x);
}
inline void store(BFloat16* to, __m512 x, __mmask16 lanes = 0xFFFF) {
  _mm256_mask_storeu_epi16(to, lanes, rounded(x));
}

/// 32-bit units of two rounded numbers each: (first[m], second[m]).
inline __m512i paired(__m512 first, __m512 second) {
  const __m512i turn = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                        8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(turn, rounded(first, second));
}

}  // namespace
}  // namespace pixel_kernels::avx512
