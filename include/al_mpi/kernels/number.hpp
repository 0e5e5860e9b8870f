#pragma once

#include <cstdint>

namespace al_mpi {

/// The bits of a bfloat16 number: the upper half of a float.
struct BFloat16 {
  std::uint16_t bits;
};

/// Whether this processor runs the kernels: it needs AVX-512 (F, BW, DQ, VL).
bool processor_runs_kernels();

/// Whether it has instructions for bfloat16 (AVX512_BF16). Without them the kernels compute the
/// same numbers by float32's.
extern const bool has_bfloat16_instructions;

/// Whether the kernels are faster in bfloat16 than in float32: with its instructions, but not on
/// processors of Intel. Those issue one of them where two of float32's go, so that a multiplication
/// costs the same, and bfloat16's convolutions need more of them (F(2 x 2) for F(4 x 4)).
bool bfloat16_is_faster();

}  // namespace al_mpi
