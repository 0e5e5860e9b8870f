#include <pixel_kernels/momentum.hpp>

namespace pixel_kernels {

void momentum_step(const MomentumRates& rates, std::int64_t n, const float* __restrict gradient,
                   float* __restrict velocity, float* __restrict weights) {
  for (std::int64_t i = 0; i < n; ++i) {
    velocity[i] = rates.momentum * velocity[i] + (gradient[i] + rates.decay * weights[i]);
    weights[i] -= rates.learning * velocity[i];
  }
}

}  // namespace pixel_kernels
