#include "unet.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/upsample_nearest2d.h>

namespace al_mpi {
namespace {

/// conv + bn under NAME.0 and NAME.1 of `block`.
ConvBn conv_bn(torch::nn::Module& block, const std::string& name, std::int64_t in,
               std::int64_t out) {
  const auto pair = block.register_module(name, std::make_shared<torch::nn::Module>());
  return ConvBn(*pair, "0", "1", {in, out, 3, 1});
}

at::Tensor resized(const at::Tensor& x, const at::Tensor& like) {
  return at::upsample_nearest2d(x, {like.size(2), like.size(3)});
}

}  // namespace

UNet::UNet(const ResNetKind& kind, const NetworkShape& shape)
    : encoder_(register_module("encoder", std::make_shared<torch::nn::Module>())),
      stages_(*encoder_, kind, shape.bands) {
  const auto decoder = register_module("decoder", std::make_shared<torch::nn::Module>());
  const auto blocks = decoder->register_module("blocks", std::make_shared<torch::nn::Module>());
  const std::vector<std::int64_t> skips = {kind.width(2), kind.width(1), kind.width(0), 64, 0};
  std::int64_t in = kind.width(3);
  std::int64_t out = 256;
  for (std::size_t i = 0; i < skips.size(); ++i, in = out, out /= 2) {
    const auto block =
        blocks->register_module(std::to_string(i), std::make_shared<torch::nn::Module>());
    blocks_.push_back(
        {conv_bn(*block, "conv1", in + skips[i], out), conv_bn(*block, "conv2", out, out)});
  }
  const auto head = register_module("segmentation_head", std::make_shared<torch::nn::Module>());
  head_ = head->register_module(
      "0", torch::nn::Conv2d(torch::nn::Conv2dOptions(in, shape.n_classes, 3).padding(1)));
}

std::vector<at::Tensor> UNet::encode(const at::Tensor& images) {
  std::vector<at::Tensor> maps = stages_(images);
  maps.insert(maps.begin(), images);
  return maps;
}

at::Tensor UNet::decode(const std::vector<at::Tensor>& features) {
  at::Tensor x = features.back();
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const std::size_t level = blocks_.size() - 1 - i;  // 0 = the image: only its size is used
    x = resized(x, features[level]);
    if (level > 0) x = at::cat({x, features[level].to(x.scalar_type())}, 1);
    x = blocks_[i].first.rectified(x);
    x = blocks_[i].second.rectified(x);
  }
  return head_(x);
}

bool UNet::in_trunk(const std::string& parameter) const {
  return parameter.rfind("encoder.", 0) == 0;
}

}  // namespace al_mpi
