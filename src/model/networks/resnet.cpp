#include "resnet.hpp"

#include <map>
#include <string>

#include "src/model/layers/layers.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {

ResNetKind resnet_kind(const std::string& name) {
  static const std::map<std::string, ResNetKind> kinds = {
      {"resnet18", {{2, 2, 2, 2}, false}},
      {"resnet34", {{3, 4, 6, 3}, false}},
      {"resnet50", {{3, 4, 6, 3}, true}},
  };
  return kinds.at(name);
}

ResidualBlock::ResidualBlock(std::int64_t in, std::int64_t planes, std::int64_t stride,
                             bool bottleneck) {
  const std::int64_t out = planes * (bottleneck ? 4 : 1);
  if (bottleneck) {
    convs_.emplace_back(*this, "conv1", "bn1", ConvShape{in, planes, 1, 1});
    convs_.emplace_back(*this, "conv2", "bn2", ConvShape{planes, planes, 3, stride});
    convs_.emplace_back(*this, "conv3", "bn3", ConvShape{planes, out, 1, 1});
  } else {
    convs_.emplace_back(*this, "conv1", "bn1", ConvShape{in, planes, 3, stride});
    convs_.emplace_back(*this, "conv2", "bn2", ConvShape{planes, planes, 3, 1});
  }
  if (stride != 1 || in != out) {
    const auto downsample = register_module("downsample", std::make_shared<torch::nn::Module>());
    shortcut_ = std::make_shared<ConvBn>(*downsample, "0", "1", ConvShape{in, out, 1, stride});
  }
}

at::Tensor ResidualBlock::forward(const at::Tensor& x) {
  at::Tensor y = x;
  for (std::size_t i = 0; i + 1 < convs_.size(); ++i) y = convs_[i].rectified(y);
  return convs_.back().rectified(y, shortcut_ ? (*shortcut_)(x) : x);
}

ResNetStages::ResNetStages(torch::nn::Module& owner, const ResNetKind& kind, std::int64_t bands)
    : stem_(owner, "conv1", "bn1", {bands, 64, 7, 2}), stages_(4) {
  std::int64_t in = 64;
  for (std::size_t s = 0; s < 4; ++s) {
    const auto layer = owner.register_module("layer" + std::to_string(s + 1),
                                             std::make_shared<torch::nn::Module>());
    for (std::int64_t b = 0; b < kind.blocks[s]; ++b) {
      const std::int64_t stride = b == 0 && s > 0 ? 2 : 1;
      stages_[s].push_back(layer->register_module(
          std::to_string(b),
          std::make_shared<ResidualBlock>(in, std::int64_t{64} << s, stride, kind.bottleneck)));
      in = kind.width(s);
    }
  }
}

std::vector<at::Tensor> ResNetStages::operator()(const at::Tensor& images) {
  std::vector<at::Tensor> maps = {stem_.rectified(images)};
  at::Tensor x = max_pool(maps[0]);
  for (const auto& stage : stages_) {
    for (const auto& block : stage) x = block->forward(x);
    maps.push_back(x);
  }
  return maps;
}

ResNet::ResNet(const ResNetKind& kind, const NetworkShape& shape)
    : stages_(*this, kind, shape.bands),
      fc_(register_module("fc", torch::nn::Linear(kind.width(3), shape.n_classes))) {}

std::vector<at::Tensor> ResNet::encode(const at::Tensor& images) {
  std::vector<at::Tensor> maps = stages_(images);
  maps.erase(maps.begin());  // the stem
  maps.back() = maps.back().mean({2, 3});
  return maps;
}

at::Tensor ResNet::decode(const std::vector<at::Tensor>& features) {
  return fc_(features.back());
}

LinearHead ResNet::head() const {
  return {fc_->weight, fc_->bias};
}

}  // namespace al_mpi
