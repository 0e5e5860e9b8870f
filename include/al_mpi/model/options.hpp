#pragma once

#include <cstdint>
#include <string>

#include <al_mpi/base/enum_names.hpp>

namespace al_mpi {

/// What the first convolution becomes where weights of other bands are given: random, or made of
/// the kernels of RGB.
AL_ENUM(FirstConv, reinit, inflate)
/// Which weights training leaves as they are.
AL_ENUM(Freeze, none, trunk, batch_norm)

/// Which network. Read from the section `model` of a configuration. What changes a network's shape
/// is also stored by save_network() of engine/network_file.cpp, or `al_trial predict` builds
/// another.
struct ModelOptions {
  std::string name = "resnet18";  ///< a name of networks.def (resnet18, small_cnn, ...)
  /// Before the last layer, resp. on the deepest encoder feature, [0, 1); -1 = the network's own:
  /// 0.3, for segmentation 0.5
  double dropout = -1;
  std::string pretrained;  ///< weight file to start from; empty = random weights
  FirstConv first_conv = FirstConv::reinit;
  Freeze freeze = Freeze::none;
  std::string torchscript;  ///< a module file instead of a network of networks.def
};

/// Pool images without a label that training takes the network's word for,
/// `training.pseudo_labels`.
struct PseudoLabelOptions {
  double threshold = 0.95;  ///< least probability of the predicted class, (0, 1]
  double weight = 0;        ///< of such an image in the loss, a labelled one has 1; 0 = off
};

/// The learning rate over a round: constant, half a cosine down to 0, or a tenth from the half and
/// a hundredth from three quarters of the steps on.
AL_ENUM(Schedule, constant, cosine, step)
/// Random views of the images, see random_views.hpp.
AL_ENUM(Augment, none, flips, dihedral, dihedral_crop)
/// Full: new weights each round; none: go on from the last round's.
AL_ENUM(Reset, full, none)
/// With Reset::full: the same weights each round, or fresh draws.
AL_ENUM(InitialWeights, same, fresh)
/// Of products: tf32 on GPUs only, bf16 by autocast.
AL_ENUM(Precision, fp32, tf32, bf16)

/// How it is trained in each round. Read from the section `training`.
struct TrainingOptions {
  std::int64_t epochs = 15;  ///< passes over the labelled set, >= 1
  /// Optimiser steps in every round; 0 = `epochs` passes over the round's labelled set; -1 = equal
  /// effort, which steps_a_round() of config/ resolves (a learner alone takes it as 0).
  std::int64_t steps = -1;
  std::int64_t batch_size = 16;  ///< >= 1
  double learning_rate = 0.05;   ///< SGD, > 0
  double momentum = 0.3;         ///< SGD, [0, 1)
  double weight_decay = 0.0;     ///< SGD, >= 0
  Schedule schedule = Schedule::constant;
  Augment augment = Augment::none;
  std::int64_t validation = 0;  ///< labels bought at random before the start to validate on, >= 0
  std::int64_t early_stopping =
      0;  ///< epochs without a better validation loss before training ends; 0 = never
  Reset reset = Reset::full;
  InitialWeights initial_weights = InitialWeights::same;
  Precision precision = Precision::fp32;
  PseudoLabelOptions pseudo_labels;
  std::int64_t prediction_batch =
      64;  ///< images a batch when predicting, see Model::prediction_batch(); speed, not results
};

/// Statistics of batch norm in MC passes: the running ones, or the batch's (the published study).
AL_ENUM(McBatchNorm, frozen, batch)
/// The ignored class: left out of the softmax, or cut off after it (the published study).
AL_ENUM(IgnoredClass, left_out, cut_off)

/// What a trained network answers about the pool. Read from the section `query`.
struct PredictionOptions {
  /// Name in the dataset file; auto = its first, else band statistics
  std::string embeddings = "auto";
  McBatchNorm mc_batch_norm = McBatchNorm::frozen;
  /// Images a batch with mc_batch_norm: batch (it changes the result)
  std::int64_t mc_batch_size = 16;
  IgnoredClass ignored_class = IgnoredClass::left_out;
  /// Segmentation: side of the regions that are asked for instead of images (data/regions.hpp)
  /// [pixels]; 0 = images
  std::int64_t region = 0;
};

}  // namespace al_mpi
