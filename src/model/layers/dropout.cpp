#include "dropout.hpp"

#include <ATen/ops/empty.h>

namespace al_mpi {

at::Tensor dropout_mask(at::IntArrayRef sizes, double p, RngStream& rng) {
  at::Tensor mask = at::empty(sizes);
  const auto kept = static_cast<float>(1.0 / (1.0 - p));
  float* value = mask.data_ptr<float>();
  for (std::int64_t i = 0; i < mask.numel(); ++i) value[i] = rng.uniform() < p ? 0.0f : kept;
  return mask;
}

}  // namespace al_mpi
