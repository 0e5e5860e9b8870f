#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <al_mpi/model/predictions.hpp>

namespace al_mpi {

/// What a network must fit.
struct NetworkShape {
  std::int64_t bands = 0;      ///< channels of an image; columns of an embedding for the probes
  std::int64_t n_classes = 0;  ///< logits
};

/// What all networks derive from (internal to model/). A network is two halves, with the dropout
/// between them:
///
///     logits = decode(encode(images)),  dropout on encode(images).back()
///
/// so an MC-dropout query is one encode() and T decode()s, for classification and segmentation
/// alike. Parameters and buffers carry torchvision's names where torchvision has the network.
class Network : public torch::nn::Module {
 public:
  /// images [b, bands, H, W] float32 (probes: [b, D]) -> feature maps from shallow to deep. The
  /// last is the penultimate feature: [b, d] for classification, [b, d, h, w] for segmentation.
  virtual std::vector<at::Tensor> encode(const at::Tensor& images) = 0;

  /// Feature maps -> logits, [b, C] or [b, C, H, W].
  virtual at::Tensor decode(const std::vector<at::Tensor>& features) = 0;

  /// The last layer, where logits are linear in encode().back(). Throws DataError elsewhere.
  virtual LinearHead head() const;

  /// Whether a parameter or buffer of this name belongs to the feature extractor (model.freeze:
  /// trunk).
  virtual bool in_trunk(const std::string& parameter) const {
    return parameter.rfind("fc.", 0) != 0;
  }
};

using NetworkPtr = std::shared_ptr<Network>;

/// A network of networks.def. Its weights are not set yet: initialize_weights().
/// Throws ConfigError on an unknown name.
NetworkPtr make_network(const std::string& name, const NetworkShape& shape);

/// Whether a network of networks.def takes rows of embeddings instead of images.
bool takes_embeddings(const std::string& name);

/// Draws all weights from the stream of `seed` alone, as torchvision does: convolutions Kaiming
/// normal (fan out, ReLU), linear layers uniform in +-1/sqrt(fan in), BatchNorm 1 and 0 with fresh
/// statistics.
void initialize_weights(Network& network, std::uint64_t seed);

}  // namespace al_mpi
