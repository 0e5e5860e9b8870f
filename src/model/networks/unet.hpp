#pragma once

#include <vector>

#include <torch/nn/modules/conv.h>

#include "resnet.hpp"

namespace al_mpi {

/// U-Net with a residual encoder: five decoder blocks (nearest upsampling, skip connection, two 3x3
/// convolutions; 256, 128, 64, 32, 16 channels) and a 3x3 convolution to the logits. Any tile size:
/// a block upsamples to the size of its skip. Names as in segmentation_models_pytorch's Unet.
/// Reference: Ronneberger et al., U-Net (2015).
class UNet : public Network {
 public:
  UNet(const ResNetKind& kind, const NetworkShape& shape);

  /// The image itself, then the maps of ResNetStages.
  std::vector<at::Tensor> encode(const at::Tensor& images) override;
  at::Tensor decode(const std::vector<at::Tensor>& features) override;
  bool in_trunk(const std::string& parameter) const override;

 private:
  struct Block {
    ConvBn first, second;
  };

  std::shared_ptr<torch::nn::Module> encoder_;
  ResNetStages stages_;
  std::vector<Block> blocks_;
  torch::nn::Conv2d head_ = nullptr;
};

}  // namespace al_mpi
