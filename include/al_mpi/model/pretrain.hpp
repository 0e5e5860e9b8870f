#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/model/options.hpp>

namespace al_mpi {

/// See Pretraining.
AL_ENUM(PretrainMethod, simclr, moco)

/// Self-supervised pre-training of a ResNet's convolutions on the images of /train.
struct PretrainOptions {
  PretrainMethod method = PretrainMethod::simclr;
  std::string network = "resnet18";  ///< resnet18 | resnet34 | resnet50
  std::int64_t epochs = 100;         ///< passes over the pool, >= 1
  std::int64_t batch_size = 128;     ///< images a step (two views each), >= 2
  double learning_rate = 1e-3;       ///< AdamW's highest, after the warm-up, > 0
  double weight_decay = 1e-4;        ///< AdamW, >= 0
  double warmup = 0.1;               ///< share of all steps, [0, 1)
  double temperature = 0.2;          ///< of the loss, > 0
  std::int64_t queue = 1024;         ///< moco: keys to compare with, >= 1
  double key_momentum = 0.99;        ///< moco: of the key network, [0, 1)
  std::int64_t projection = 128;     ///< width of the projections, >= 1
  std::int64_t seed = 1;
  Precision precision = Precision::fp32;
  std::string device = "cpu";  ///< cpu | cuda | cuda:1
};

/// k-NN and linear-probe accuracy on /test of features fitted on /train (see feature_quality.hpp).
struct QualityFigure {
  double knn = 0;
  double linear = 0;
};

/// The contrastive methods SimCLR (Chen et al. 2020) and MoCo v2 (Chen et al., Improved baselines
/// with momentum contrastive learning, 2020), with a two-layer projection head and AdamW under a
/// cosine schedule with linear warm-up. MoCo's key network is the running average of the query
/// network, BatchNorm statistics included, and normalises by them: keys then tell nothing about
/// their batch (Cai et al., Exponential moving average normalization, 2021), which on several GPUs
/// is done by shuffling.
///
/// A pure function of dataset, options and number of threads: every draw is keyed by (seed, epoch,
/// image, view), so a pre-training that goes on from a checkpoint equals an uninterrupted one.
class Pretraining {
 public:
  /// Throws ConfigError on impossible options, DataError for a segmentation file's missing images.
  Pretraining(std::shared_ptr<const Dataset> dataset, const PretrainOptions& options);
  ~Pretraining();

  std::int64_t steps_an_epoch() const;
  std::int64_t epochs_done() const;

  /// One pass over the pool, whole batches only; `step` is called after each of them and may throw.
  /// Returns the mean loss. Throws DataError if it is no number.
  double run_epoch(const std::function<void()>& step = {});

  /// One optimiser step on given images of the pool; its loss.
  double run_step(const std::vector<std::int64_t>& indices);

  QualityFigure quality();  ///< of the present encoder; classification only

  std::string checkpoint() const;                  ///< everything that the next epoch depends on
  void load_checkpoint(const std::string& bytes);  ///< DataError if damaged or of other settings

  /// The encoder, a file that model.pretrained, `al_prepare embed --contrastive` and Python's
  /// torch.jit.load read. Replaced as a whole.
  void save_encoder(const std::string& path) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// What save_encoder() wrote about itself.
struct EncoderDescription {
  std::string network, method;
  std::vector<std::string> bands;
  std::int64_t epochs = 0;
};

/// Throws DataError if `path` is no file of save_encoder().
EncoderDescription describe_encoder(const std::string& path);

}  // namespace al_mpi
