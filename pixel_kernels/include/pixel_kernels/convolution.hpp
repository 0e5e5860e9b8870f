#pragma once

#include <cstdint>

#include <pixel_kernels/shape.hpp>

namespace pixel_kernels {

/// The input of a convolution as choose() wants it: squares for Way::stem (to_squares(), float32
/// whatever the type of the result), else pixels; the other is null.
template <class Number>
struct Input {
  const Number* pixels = nullptr;
  const float* squares = nullptr;
};

/// x [H, W, B, in], weight [k, k, in, out] float32 -> y [h, w, B, out], channel blocks first ..
/// last - 1 of `out`. Sums are float32; bfloat16 rounds inputs, weights and results to nearest
/// even.
template <class Number>
void convolution(const Convolution& shape, const Input<Number>& x, const float* weight,
                 const Epilogue<Number>& epilogue, Number* y, std::int64_t first,
                 std::int64_t last);

/// dy [h, w, B, out] -> dx [H, W, B, in], channel blocks first .. last - 1 of `in`. dx is pixels
/// for Way::stem as well.
template <class Number>
void convolution_input_gradient(const Convolution& shape, const Number* dy, const float* weight,
                                Number* dx, std::int64_t first, std::int64_t last);

/// x [H, W, B, in], dy [h, w, B, out] -> dw [k, k, in, out], channel blocks first .. last - 1 of
/// `out`. In bfloat16, x and dy are given as pairs of images (interleave_images()), except for
/// Way::stem.
template <class Number>
void convolution_weight_gradient(const Convolution& shape, const Input<Number>& x, const Number* dy,
                                 float* dw, std::int64_t first, std::int64_t last);

}  // namespace pixel_kernels
