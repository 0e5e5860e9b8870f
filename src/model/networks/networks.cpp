#include <map>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>

#include "network.hpp"
#include "probe.hpp"
#include "resnet.hpp"
#include "small_cnn.hpp"
#include "unet.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/catalog/catalog.hpp>

namespace al_mpi {
namespace {

NetworkPtr make_small_cnn(const NetworkShape& shape) {
  return std::make_shared<SmallCnn>(shape);
}
NetworkPtr make_resnet18(const NetworkShape& shape) {
  return std::make_shared<ResNet>(resnet_kind("resnet18"), shape);
}
NetworkPtr make_resnet34(const NetworkShape& shape) {
  return std::make_shared<ResNet>(resnet_kind("resnet34"), shape);
}
NetworkPtr make_resnet50(const NetworkShape& shape) {
  return std::make_shared<ResNet>(resnet_kind("resnet50"), shape);
}

NetworkPtr make_linear_probe(const NetworkShape& shape) {
  return std::make_shared<Probe>(shape, 0);
}
NetworkPtr make_mlp_probe(const NetworkShape& shape) {
  return std::make_shared<Probe>(shape, 256);
}
NetworkPtr make_unet_resnet18(const NetworkShape& shape) {
  return std::make_shared<UNet>(resnet_kind("resnet18"), shape);
}
NetworkPtr make_unet_resnet34(const NetworkShape& shape) {
  return std::make_shared<UNet>(resnet_kind("resnet34"), shape);
}
NetworkPtr make_unet_resnet50(const NetworkShape& shape) {
  return std::make_shared<UNet>(resnet_kind("resnet50"), shape);
}

#define AL_NETWORK(name, ...) {#name, make_##name},
const std::map<std::string, NetworkPtr (*)(const NetworkShape&)> networks = {
#include <al_mpi/catalog/networks.def>
};
#undef AL_NETWORK

}  // namespace

NetworkPtr make_network(const std::string& name, const NetworkShape& shape) {
  return networks.at(network_name(name))(shape);
}

bool takes_embeddings(const std::string& name) {
  return network_info(name).embeddings;
}

LinearHead Network::head() const {
  throw DataError("model", "",
                  "this network has no linear last layer (its features do not give the "
                  "logits by one matrix) choose a strategy that needs none");
}

void initialize_weights(Network& network, std::uint64_t seed) {
  // LibTorch's own initialisers draw from its global generator, so the networks' weights are drawn
  // here.
  const at::NoGradGuard no_grad;
  at::Generator generator = at::detail::createCPUGenerator(seed);
  for (const auto& module : network.modules(/*include_self=*/false)) {
    if (const auto conv = std::dynamic_pointer_cast<torch::nn::Conv2dImpl>(module)) {
      const at::Tensor& weight = conv->weight;
      const double fan_out = static_cast<double>(weight.size(0) * weight.size(2) * weight.size(3));
      weight.copy_(at::empty(weight.sizes()).normal_(0.0, std::sqrt(2.0 / fan_out), generator));
      if (conv->bias.defined()) conv->bias.zero_();
    } else if (const auto linear = std::dynamic_pointer_cast<torch::nn::LinearImpl>(module)) {
      const double bound = 1.0 / std::sqrt(static_cast<double>(linear->weight.size(1)));
      for (const at::Tensor& tensor : {linear->weight, linear->bias}) {
        tensor.copy_(at::empty(tensor.sizes()).uniform_(-bound, bound, generator));
      }
    } else if (const auto norm = std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(module)) {
      norm->reset_parameters();
    }
  }
}

}  // namespace al_mpi
