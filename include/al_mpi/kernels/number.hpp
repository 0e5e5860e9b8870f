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

}  // namespace al_mpi
