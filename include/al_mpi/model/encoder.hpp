#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/model/options.hpp>

namespace al_mpi {

AL_ENUM(EncoderKind, random, weights, contrastive, torchscript)

/// A frozen network whose features are wanted.
struct EncoderSource {
  EncoderKind kind = EncoderKind::random;
  std::string file;                  ///< weights, an encoder of pretrain, a TorchScript module
  std::string network = "resnet18";  ///< random, weights: a name of networks.def
  FirstConv first_conv = FirstConv::inflate;  ///< weights
  /// Torchscript: its method that returns features [b, d]; empty = the input of the last linear
  /// layer
  std::string method;
  std::int64_t seed = 1;  ///< of random weights
  std::string device = "cpu";
  Precision precision = Precision::fp32;
};

struct Encoder {
  /// images [b, C, H, W] normalised, on the CPU -> [b, d] float32 on the CPU: penultimate features,
  /// in evaluation mode. Safe from several threads.
  std::function<at::Tensor(const at::Tensor& images)> features;
  std::int64_t dim = 0;                                        ///< d
  std::vector<std::pair<std::string, std::string>> made_from;  ///< what `embed` notes in the file
};

/// Throws ConfigError, DataError: unknown network, a file that does not fit the images of
/// `dataset`.
Encoder make_encoder(const Dataset& dataset, const EncoderSource& source);

struct EmbedOptions {
  int workers = 1;               ///< threads, each with whole batches; changes no number
  std::int64_t batch_size = 64;  ///< images; changes the last bits only
};

/// Features of the images of a split, batch by batch in any order: done(first, rows [b, d]) is
/// called from one thread at a time and may throw. Batches for which skip(first) holds are left
/// out.
void embed_split(std::shared_ptr<const Dataset> dataset, const std::string& split,
                 const Encoder& encoder, const EmbedOptions& options,
                 const std::function<bool(std::int64_t first)>& skip,
                 const std::function<void(std::int64_t first, const at::Tensor& rows)>& done);

}  // namespace al_mpi
