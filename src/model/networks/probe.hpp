#pragma once

#include <vector>

#include <torch/nn/modules/linear.h>

#include "network.hpp"

namespace al_mpi {

/// A classifier on embeddings [b, D]: a linear layer, after a hidden one of `hidden` ReLU units if
/// > 0.
class Probe : public Network {
 public:
  Probe(const NetworkShape& shape, std::int64_t hidden);
  std::vector<at::Tensor> encode(const at::Tensor& rows) override;
  at::Tensor decode(const std::vector<at::Tensor>& features) override;
  LinearHead head() const override;

 private:
  torch::nn::Linear hidden_ = nullptr;
  torch::nn::Linear fc_ = nullptr;
};

}  // namespace al_mpi
