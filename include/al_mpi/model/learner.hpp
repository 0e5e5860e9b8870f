#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <al_mpi/data/dataset.hpp>
#include <al_mpi/data/pool.hpp>
#include <al_mpi/model/feature_quality.hpp>
#include <al_mpi/model/metrics.hpp>
#include <al_mpi/model/options.hpp>
#include <al_mpi/model/predictions.hpp>
#include <al_mpi/model/trained_network.hpp>

namespace al_mpi {

struct LearnerOptions {
  ModelOptions model;
  TrainingOptions training;
  PredictionOptions predictions;
  bool predicts_losses = false;  ///< train a loss predictor, too (for Predictions' losses)
  std::string device = "cpu";    ///< cpu | cuda | cuda:1
  int threads = 1;               ///< intra-op threads; part of the numbers' identity
};

struct TrainReport {
  double loss = 0.0;  ///< mean cross-entropy over the last epoch; NaN if no batch had a valid label
  std::int64_t steps = 0;            ///< optimiser steps in this round
  std::int64_t n_pseudo_labels = 0;  ///< unlabelled samples that were trained on (pseudo_labels)
  /// Of the weights that are kept, on the samples that the pool holds out; NaN where it holds out
  /// none.
  double validation_loss = std::numeric_limits<double>::quiet_NaN();
  double validation_accuracy = std::numeric_limits<double>::quiet_NaN();
};

/// What a network makes of the pixels of some images, [n, H, W] row-major each.
struct PixelMaps {
  std::vector<std::uint8_t> classes;  ///< predicted, never the ignored one
  std::vector<float> entropy;         ///< of the prediction: 0 = sure, 1 = all classes alike
};

/// A network, its training and its answers, for one trial. Every draw comes from a stream keyed by
/// (seed, purpose, round), so a learner is a pure function of settings, seed and labelled sets.
class Learner {
 public:
  /// Throws ConfigError on an unknown network or device, DataError if weights do not fit.
  Learner(std::shared_ptr<const Dataset> dataset, const LearnerOptions& options, std::int64_t seed);
  ~Learner();

  /// Trains on the pool's labelled samples, and validates on the ones it holds out; `progress` is
  /// called after each epoch (a sign of life). Throws DataError ("training: diverged ...") if the
  /// loss or a weight is no finite number.
  TrainReport train(const Pool& pool, int round, const std::function<void()>& progress = {});

  /// One pass over a split ("test", "validation"). Throws as train() if a prediction is no number.
  Evaluation evaluate(const std::string& split);

  /// Predictions for single images of a split, for segmentation.
  PixelMaps pixel_maps(const std::string& split, const Indices& indices) const;

  /// Penultimate features of a split's images, as Predictions::features() has those of the pool,
  /// and their classes. For classification.
  LabeledFeatures features(const std::string& split) const;

  /// Answers about the pool with the present weights, for the query of `round`. One object a round:
  /// what two calls need is computed once. Valid until the next train().
  std::unique_ptr<Predictions> predictions(int round);

  std::string weights_hash() const;  ///< 16 hex digits over parameters and buffers
  /// The present weights, with what they were trained on; without a loss predictor's.
  TrainedNetwork trained_network() const;
  std::string state() const;                  ///< parameters and buffers, as bytes
  void load_state(const std::string& bytes);  ///< throws DataError if they do not fit

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace al_mpi
