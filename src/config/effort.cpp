#include <algorithm>
#include <cmath>

#include <al_mpi/config/sweep_config.hpp>

namespace al_mpi {

std::int64_t steps_a_round(const SweepConfig& config) {
  const TrainingOptions& training = config.training;
  if (training.steps >= 0) return training.steps;
  // In floating point, because the product of two very large settings would overflow an integer.
  const double n_labeled =
      static_cast<double>(config.loop.n_init) +
      static_cast<double>(config.loop.n_rounds) * static_cast<double>(config.loop.n_query) / 2;
  const double n_batches = std::ceil(n_labeled / static_cast<double>(training.batch_size));
  constexpr double most = 1e15;
  return static_cast<std::int64_t>(
      std::min(most, static_cast<double>(training.epochs) * n_batches));
}

}  // namespace al_mpi
