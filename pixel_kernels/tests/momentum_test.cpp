#include <vector>

#include <pixel_kernels/momentum.hpp>
#include "catch.hpp"
#include "numbers.hpp"

using namespace pixel_kernels;

TEST_CASE("a step with momentum is its formula, operation by operation, whatever the length") {
  const MomentumRates rates{0.05F, 0.9F, 0.01F};
  for (const std::int64_t n : {0, 1, 15, 16, 17, 1000}) {
    INFO(n << " numbers");
    const auto size = static_cast<std::size_t>(n);
    std::vector<float> gradient, weights, velocity, wanted_weights, wanted_velocity;
    for (std::size_t i = 0; i < size; ++i) {
      const auto at = static_cast<float>(i);
      gradient.push_back(std::sin(at));
      velocity.push_back(std::sin(0.7F * at));
      weights.push_back(std::sin(0.3F * at));
      const volatile float decayed = rates.decay * weights[i];  // rounded, never fused
      const volatile float kept = rates.momentum * velocity[i];
      wanted_velocity.push_back(kept + (gradient[i] + decayed));
      const volatile float step = rates.learning * wanted_velocity[i];
      wanted_weights.push_back(weights[i] - step);
    }
    // Beyond the end nothing changes.
    velocity.push_back(7);
    weights.push_back(8);
    wanted_velocity.push_back(7);
    wanted_weights.push_back(8);
    gradient.push_back(9);
    momentum_step(rates, n, gradient.data(), velocity.data(), weights.data());
    CHECK(velocity == wanted_velocity);
    CHECK(weights == wanted_weights);
  }
}
