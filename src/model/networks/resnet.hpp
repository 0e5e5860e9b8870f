#pragma once

#include <cstdint>
#include <vector>

#include <torch/nn/modules/linear.h>

#include "network.hpp"
#include "src/model/layers/conv_bn.hpp"

namespace al_mpi {

/// Which residual network: blocks a stage, and their kind.
struct ResNetKind {
  std::vector<std::int64_t> blocks;  ///< of the four stages
  bool bottleneck = false;           ///< 1x1, 3x3, 1x1 blocks with four times the channels

  std::int64_t width(std::size_t stage) const {  ///< output channels of stage 0..3
    return (std::int64_t{64} << stage) * (bottleneck ? 4 : 1);
  }
};

ResNetKind resnet_kind(const std::string& name);  ///< "resnet18", "resnet34", "resnet50"

/// Two or three convolutions around a shortcut.
class ResidualBlock : public torch::nn::Module {
 public:
  ResidualBlock(std::int64_t in, std::int64_t planes, std::int64_t stride, bool bottleneck);
  at::Tensor forward(const at::Tensor& x);

 private:
  std::vector<ConvBn> convs_;
  std::shared_ptr<ConvBn> shortcut_;
};

/// The convolutional part, registered in `owner` under torchvision's names (conv1, bn1,
/// layer1.0.conv1, ...). Reference: He et al., Deep residual learning for image recognition (2016),
/// with the stride on the 3x3 convolution of a bottleneck, as torchvision has it.
class ResNetStages {
 public:
  ResNetStages(torch::nn::Module& owner, const ResNetKind& kind, std::int64_t bands);

  /// images [b, bands, H, W] -> maps at 1/2 (before the max pooling), 1/4, 1/8, 1/16, 1/32 of its
  /// size.
  std::vector<at::Tensor> operator()(const at::Tensor& images);

 private:
  ConvBn stem_;
  std::vector<std::vector<std::shared_ptr<ResidualBlock>>> stages_;
};

/// The classifier: stages, global average, linear layer "fc".
class ResNet : public Network {
 public:
  ResNet(const ResNetKind& kind, const NetworkShape& shape);
  std::vector<at::Tensor> encode(const at::Tensor& images) override;
  at::Tensor decode(const std::vector<at::Tensor>& features) override;
  LinearHead head() const override;

 private:
  ResNetStages stages_;
  torch::nn::Linear fc_;
};

}  // namespace al_mpi
