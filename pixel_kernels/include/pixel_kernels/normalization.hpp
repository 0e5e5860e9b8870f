#pragma once

#include <pixel_kernels/shape.hpp>

namespace pixel_kernels {

/// Mean and variance (divided by n) of every channel; mean, variance [channels].
template <class Number>
void channel_moments(const Rows& rows, const Number* x, float* mean, float* variance);

/// y = x * scale + shift, then + residual (unless null), then max(., 0) if `relu`, which lets a NaN
/// pass; scale, shift [channels].
template <class Number>
void scale_and_shift(const Rows& rows, const Number* x, const float* scale, const float* shift,
                     const Number* residual, bool relu, Number* y);

/// The gradients of scale_and_shift() where scale and shift normalise by the moments of x itself:
/// scale = weight / deviation, shift = bias - mean * scale, deviation = sqrt(variance + eps).
struct NormalizationGradients {
  float* weight;  ///< [channels]
  float* bias;    ///< [channels]
};

/// dy, y -> dx and, unless null, dresidual: dy where y > 0 (everywhere without `relu`).
/// inverse_deviation [channels]. Arrays of results overlap no other argument; without `relu` y is
/// not read and may be null.
template <class Number>
void normalization_gradient(const Rows& rows, const Number* x, const Number* y, const Number* dy,
                            bool relu, const float* mean, const float* inverse_deviation,
                            const float* weight, Number* dx, Number* dresidual,
                            const NormalizationGradients& gradients);

}  // namespace pixel_kernels
