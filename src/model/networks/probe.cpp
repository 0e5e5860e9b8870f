#include "probe.hpp"

namespace al_mpi {

Probe::Probe(const NetworkShape& shape, std::int64_t hidden) {
  if (hidden > 0) hidden_ = register_module("hidden", torch::nn::Linear(shape.bands, hidden));
  fc_ =
      register_module("fc", torch::nn::Linear(hidden > 0 ? hidden : shape.bands, shape.n_classes));
}

std::vector<at::Tensor> Probe::encode(const at::Tensor& rows) {
  return {hidden_ ? hidden_(rows).relu() : rows};
}

at::Tensor Probe::decode(const std::vector<at::Tensor>& features) {
  return fc_(features.back());
}

LinearHead Probe::head() const {
  return {fc_->weight, fc_->bias};
}

}  // namespace al_mpi
