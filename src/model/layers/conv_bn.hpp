#pragma once

#include <cstdint>
#include <string>

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

namespace al_mpi {

struct ConvShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
};

/// A convolution without bias and its BatchNorm, registered in `owner` under two names
/// (torchvision's are siblings). In evaluation mode, when no gradient of the weights is wanted, the
/// two are one convolution with folded weights, kept until a weight or a statistic changes.
class ConvBn {
 public:
  ConvBn() = default;
  ConvBn(torch::nn::Module& owner, const std::string& conv_name, const std::string& bn_name,
         const ConvShape& shape);

  /// [b, in, H, W] -> [b, out, H / stride, W / stride].
  at::Tensor operator()(const at::Tensor& x);

  /// max(result + residual, 0) of the operator above; `residual`, of the result's sizes, may be
  /// left out.
  at::Tensor rectified(const at::Tensor& x, const at::Tensor& residual = {});

 private:
  at::Tensor apply(const at::Tensor& x, const at::Tensor& residual, bool relu);
  /// Changes when a tensor that the folded weights come from changes. Whoever writes to a weight
  /// past LibTorch's operations, which count, bumps its version (Sgd does).
  std::int64_t version() const;
  void fold();

  torch::nn::Conv2d conv_ = nullptr;
  torch::nn::BatchNorm2d bn_ = nullptr;
  at::Tensor folded_weight_, folded_bias_;
  std::int64_t folded_version_ = -1;
};

}  // namespace al_mpi
