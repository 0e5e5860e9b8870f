#pragma once

#include <cstdint>

namespace pixel_kernels {

struct MomentumRates {
  float learning, momentum, decay;
};

/// One step of gradient descent with momentum (Polyak 1964, as torch.optim.SGD writes it), in one
/// pass over the memory: velocity = momentum * velocity + (gradient + decay * weights), weights -=
/// learning * velocity. Every operation is rounded by itself, so that the numbers are the same on
/// every processor and at every level.
void momentum_step(const MomentumRates& rates, std::int64_t n, const float* gradient,
                   float* velocity, float* weights);

}  // namespace pixel_kernels
