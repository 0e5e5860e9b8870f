#pragma once

#include <string>

namespace pixel_kernels {

/// Which implementation computes.
enum class Level {
  off,       ///< none: the caller computes by a library of its own
  portable,  ///< plain loops, right on every processor, slow
  avx512     ///< needs AVX-512 (F, BW, DQ, VL)
};

/// The level that a name stands for. Without a name (null or empty) it is avx512 where the
/// processor has it, else off. Throws std::invalid_argument for a name that is no level, and for
/// avx512 where the processor lacks it.
Level level_of(const char* name);

/// The level of this process. The first call reads it from the environment variable AL_MPI_KERNELS.
/// Throws as level_of() does.
Level level();

const char* name_of(Level level);

/// Whether the processor has instructions for bfloat16 (AVX512_BF16). Without them level avx512
/// computes the same numbers by the instructions of float32.
extern const bool has_bfloat16_instructions;

/// Whether the kernels are faster in bfloat16 than in float32. They are where the processor has
/// instructions for bfloat16, except on Intel's processors: these take as long for one such
/// instruction as for two of float32, so that a multiplication costs the same, and convolutions in
/// bfloat16 need more multiplications (F(2 x 2) instead of F(4 x 4)).
bool bfloat16_is_faster();

}  // namespace pixel_kernels
