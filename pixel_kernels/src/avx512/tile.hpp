#pragma once

#include <cstdint>

#include <pixel_kernels/shape.hpp>

// The matrix products of all convolutions at level avx512. Operands are arrays of 32-bit units:
// a float, or a pair of bfloat16 numbers along the summed dimension.
namespace pixel_kernels::avx512 {

/// The number of channels of a block: 32, fewer in the last one.
inline std::int64_t columns_of(std::int64_t channels, std::int64_t block) {
  const std::int64_t rest = channels - block * channel_block;
  return rest < channel_block ? rest : channel_block;
}

/// One term of a sum of products: c[n, m] += sum over k of b[n, k] a[k, m].
struct Term {
  const float* a;
  const float* b;
};

/// A sum over terms that share sizes and strides, in units.
struct SumOfProducts {
  const Term* terms;
  std::int64_t n_terms;
  std::int64_t depth;                       ///< k
  std::int64_t a_step;                      ///< from one k to the next; m lies side by side
  std::int64_t b_row, b_step;               ///< from one n, one k to the next
  std::int64_t a_offset = 0, b_offset = 0;  ///< added to every term's pointers
};

/// Where the sum is stored: c[n * row + m] for m < columns <= 32, after the epilogue, whose
/// pointers refer to the same place. `add`: the sum is added to the numbers there.
template <class Out>
struct Target {
  Out* c;
  std::int64_t row;
  std::int64_t columns;
  bool add = false;
  Epilogue<Out> epilogue;
};

/// `rows` values of n. Number tells what a unit of a and b is.
template <class Number, class Out>
void multiply(SumOfProducts sum, std::int64_t rows, Target<Out> target);

/// Weights [taps, in, out] -> panel [taps, units of in, 32] of the `columns` outputs from `out0`
/// on.
template <class Number>
void pack_outputs(const float* weight, std::int64_t taps, std::int64_t in, std::int64_t out,
                  std::int64_t out0, std::int64_t columns, float* panel);

/// Weights [taps, in, out] -> panel [taps, units of out, 32] of the `columns` inputs from `in0` on.
template <class Number>
void pack_inputs(const float* weight, std::int64_t taps, std::int64_t in, std::int64_t out,
                 std::int64_t in0, std::int64_t columns, float* panel);

}  // namespace pixel_kernels::avx512
