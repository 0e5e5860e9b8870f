#pragma once

#include <cstdint>

#include <al_mpi/kernels/number.hpp>

namespace al_mpi {

/// Rows of channels, [rows, channels], channels a multiple of 16: pixel-major maps as BatchNorm
/// sees them.
struct Rows {
  std::int64_t n = 0;
  std::int64_t channels = 0;
};

/// Mean and variance (divided by n) of every channel; mean, variance [channels].
template <class Number>
void channel_moments(const Rows& rows, const Number* x, float* mean, float* variance);

/// y = x * scale + shift, then + residual (unless null), then max(., 0) if `relu`; scale, shift
/// [channels].
template <class Number>
void scale_and_shift(const Rows& rows, const Number* x, const float* scale, const float* shift,
                     const Number* residual, bool relu, Number* y);

/// The way back through scale_and_shift() where scale and shift normalise by the moments of x
/// itself: scale = weight / deviation, shift = bias - mean * scale, deviation = sqrt(variance +
/// eps).
struct NormalizationGradients {
  float* weight;  ///< [channels]
  float* bias;    ///< [channels]
};

/// dy, y -> dx and, unless null, dresidual: dy where y > 0 (everywhere without `relu`). May be dx
/// == dresidual only if both are not the same array as another argument. inverse_deviation
/// [channels].
template <class Number>
void normalization_gradient(const Rows& rows, const Number* x, const Number* y, const Number* dy,
                            bool relu, const float* mean, const float* inverse_deviation,
                            const float* weight, Number* dx, Number* dresidual,
                            const NormalizationGradients& gradients);

}  // namespace al_mpi
