#pragma once

#include <cstdint>

#include <immintrin.h>

#include <al_mpi/kernels/number.hpp>

// 16 numbers in a register, as floats, whatever they are in memory. For sources compiled for
// AVX-512.
namespace al_mpi {
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

inline void store(float* to, __m512 x, __mmask16 lanes = 0xFFFF) {
  _mm512_mask_storeu_ps(to, lanes, x);
}
inline void store(BFloat16* to, __m512 x, __mmask16 lanes = 0xFFFF) {
  _mm256_mask_storeu_epi16(to, lanes, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(x)));
}

/// 32-bit units of two numbers that lie side by side in a sum, rounded: (first[m], second[m]).
inline __m512i paired(__m512 first, __m512 second) {
  const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
  const __m512i turn = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24,
                                        8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(turn, both);
}

}  // namespace
}  // namespace al_mpi
