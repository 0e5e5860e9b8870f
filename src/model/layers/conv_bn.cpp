#include "conv_bn.hpp"

#include <ATen/ops/sqrt.h>

#include "layers.hpp"

namespace al_mpi {

ConvBn::ConvBn(torch::nn::Module& owner, const std::string& conv_name, const std::string& bn_name,
               const ConvShape& shape)
    : conv_(owner.register_module(
          conv_name, torch::nn::Conv2d(torch::nn::Conv2dOptions(shape.in, shape.out, shape.kernel)
                                           .stride(shape.stride)
                                           .padding(shape.kernel / 2)
                                           .bias(false)))),
      bn_(owner.register_module(bn_name, torch::nn::BatchNorm2d(shape.out))) {}

at::Tensor ConvBn::operator()(const at::Tensor& x) {
  return apply(x, {}, /*relu=*/false);
}

at::Tensor ConvBn::rectified(const at::Tensor& x, const at::Tensor& residual) {
  return apply(x, residual, /*relu=*/true);
}

at::Tensor ConvBn::apply(const at::Tensor& x, const at::Tensor& residual, bool relu) {
  if (bn_->is_training()) folded_version_ = -1;  // it moves its statistics without a new version
  const bool weights_learn = at::GradMode::is_enabled() && conv_->weight.requires_grad();
  const std::int64_t stride = conv_->options.stride()->at(0);
  const std::int64_t padding = conv_->options.kernel_size()->at(0) / 2;
  if (bn_->is_training() || weights_learn) {
    return normalize(bn_, convolution(x, conv_->weight, stride, padding), residual, relu);
  }
  const bool moved = folded_weight_.defined() && folded_weight_.device() != conv_->weight.device();
  if (folded_version_ != version() || moved) fold();
  return convolution(x, folded_weight_, stride, padding, {folded_bias_, residual, relu});
}

std::int64_t ConvBn::version() const {
  // Each of these only grows, so the sum tells any change.
  return static_cast<std::int64_t>(conv_->weight._version()) + bn_->weight._version() +
         bn_->bias._version() + bn_->running_mean._version() + bn_->running_var._version();
}

void ConvBn::fold() {
  const at::NoGradGuard no_grad;
  const at::Tensor scale = bn_->weight / (bn_->running_var + bn_->options.eps()).sqrt();
  folded_weight_ = conv_->weight * scale.view({-1, 1, 1, 1});
  folded_bias_ = bn_->bias - bn_->running_mean * scale;
  folded_version_ = version();
}

}  // namespace al_mpi
