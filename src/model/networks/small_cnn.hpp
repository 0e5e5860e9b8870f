#pragma once

#include <vector>

#include <torch/nn/modules/linear.h>

#include "network.hpp"
#include "src/model/layers/conv_bn.hpp"

namespace al_mpi {

/// Three convolutions (16, 32, 64 channels; strides 2), global average, linear layer: trains in
/// milliseconds, for tests and first looks.
class SmallCnn : public Network {
 public:
  explicit SmallCnn(const NetworkShape& shape);
  std::vector<at::Tensor> encode(const at::Tensor& images) override;
  at::Tensor decode(const std::vector<at::Tensor>& features) override;
  LinearHead head() const override;

 private:
  std::vector<ConvBn> convs_;
  torch::nn::Linear fc_;
};

}  // namespace al_mpi
