#include "small_cnn.hpp"

namespace al_mpi {

SmallCnn::SmallCnn(const NetworkShape& shape)
    : fc_(register_module("fc", torch::nn::Linear(64, shape.n_classes))) {
  std::int64_t in = shape.bands;
  for (const std::int64_t out : {16, 32, 64}) {
    const std::string number = std::to_string(convs_.size() + 1);
    convs_.emplace_back(*this, "conv" + number, "bn" + number, ConvShape{in, out, 3, 2});
    in = out;
  }
}

std::vector<at::Tensor> SmallCnn::encode(const at::Tensor& images) {
  std::vector<at::Tensor> maps;
  for (ConvBn& conv : convs_) maps.push_back(conv.rectified(maps.empty() ? images : maps.back()));
  maps.back() = maps.back().mean({2, 3});
  return maps;
}

at::Tensor SmallCnn::decode(const std::vector<at::Tensor>& features) {
  return fc_(features.back());
}

LinearHead SmallCnn::head() const {
  return {fc_->weight, fc_->bias};
}

}  // namespace al_mpi
