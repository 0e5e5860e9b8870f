#pragma once

#include <cstdint>

namespace al_mpi {

/// The bits of a bfloat16 number: the upper half of a float.
struct BFloat16 {
  std::uint16_t bits;
};

/// Whether this processor runs the kernels: AVX-512 (F, BW, DQ, VL), for bfloat16 also AVX512_BF16.
bool has_float_kernels();
bool has_bfloat16_kernels();

}  // namespace al_mpi
