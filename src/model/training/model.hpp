#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/model/networks/network.hpp"
#include <al_mpi/base/error.hpp>
#include <al_mpi/model/inputs.hpp>
#include <al_mpi/model/learner.hpp>

namespace al_mpi {

class LossPredictor;

/// What training, evaluation and prediction share (internal to model/).
struct Model {
  std::shared_ptr<const Dataset> dataset;
  LearnerOptions options;  ///< model.dropout resolved
  std::int64_t seed = 0;
  int round = 0;  ///< of the last training
  c10::Device device = c10::Device(c10::DeviceType::CPU);
  /// Evaluations and MC passes by few operations on many numbers, as a GPU wants them; else number
  /// by number and pass by pass, which is faster on the CPU and needs less memory.
  bool in_bulk = false;
  NetworkPtr network;
  std::shared_ptr<LossPredictor> loss_predictor;  ///< a part of the network, if asked for
  InputFn inputs;
  std::map<std::string, at::Tensor> pretrained;  ///< what the network starts from, where not random
  std::map<std::string, at::Tensor> initial;  ///< reset_weights(), where all rounds have the same
  at::Tensor embeddings;                      ///< of the pool, once asked for

  bool segmentation() const { return dataset->task == Task::segmentation; }

  /// Classes that are not ignored, ascending; column c of a probability tensor is class
  /// valid_classes[c].
  std::vector<std::int64_t> valid_classes;
  at::Tensor valid_rows;  ///< the same numbers, on the device

  /// Images a batch when nothing is learnt: training.prediction_batch, on a GPU 16 times as many as
  /// long as they have no more pixels than 1024 of 64 x 64.
  std::int64_t prediction_batch() const;

  /// Feature maps of normalised images [b, bands, H, W] in evaluation mode, without gradients.
  std::vector<at::Tensor> encode(const at::Tensor& images) const;
  std::vector<at::Tensor> encode(const std::string& split, const Indices& indices) const {
    return encode(inputs(split, indices));
  }

  /// decode() to float32 logits over all classes: [b, K] or [b, K, H, W].
  at::Tensor logits(const std::vector<at::Tensor>& features) const;

  /// The columns of the valid classes: [b, C] or [b, C, H, W].
  at::Tensor valid(const at::Tensor& of_all_classes) const;
  at::Tensor valid_logits(const std::vector<at::Tensor>& features) const {
    return valid(logits(features));
  }
};

/// Builds the network on its device, with its initial weights. Throws as Learner's constructor
/// says.
Model make_model(std::shared_ptr<const Dataset> dataset, const LearnerOptions& options,
                 std::int64_t seed);

/// Draws the initial weights of `round`, then writes the pretrained ones over them.
void reset_weights(Model& model, int round);

/// The same for a training, which is followed by others: weights that each round begins with are
/// drawn once and kept on the device.
void reset_for_training(Model& model, int round);

/// Training mode, but for BatchNorm layers that model.freeze holds.
void enter_training_mode(Model& model);

/// The error of a training that led to NaN or infinite numbers; `where` says which numbers.
DataError diverged(const Model& model, const std::string& where);

TrainReport train(Model& model, const Pool& pool, int round, const std::function<void()>& progress);
Evaluation evaluate(Model& model, const std::string& split);
PixelMaps pixel_maps(const Model& model, const std::string& split, const Indices& indices);
LabeledFeatures features_of(const Model& model, const std::string& split);
Evaluation validate(Model& model, const Pool& pool);  ///< on what the pool holds out
std::unique_ptr<Predictions> learner_predictions(Model& model, int round);

}  // namespace al_mpi
