#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/optim/adamw.h>

#include "augment.hpp"
#include "contrastive.hpp"
#include "src/model/networks/probe.hpp"
#include <al_mpi/model/feature_quality.hpp>
#include <al_mpi/model/inputs.hpp>
#include <al_mpi/model/pretrain.hpp>

namespace al_mpi {

/// An encoder with its projection head.
struct Projector {
  Projector(const PretrainOptions& options, std::int64_t bands);
  at::Tensor operator()(const at::Tensor& images) const;  ///< [n, projection], fp32

  std::vector<torch::nn::Module*> modules() const { return {encoder.get(), head.get()}; }
  std::vector<at::Tensor> parameters() const;
  std::vector<at::Tensor> buffers() const { return encoder->buffers(); }
  void train(bool on);
  void to(const c10::Device& device);  ///< also puts the weights in its memory order

  NetworkPtr encoder;
  std::shared_ptr<Probe> head;
};

/// What pre-training (pretrain.cpp) and its files (pretrain_files.cpp) share.
struct Pretraining::Impl {
  Impl(std::shared_ptr<const Dataset> given, const PretrainOptions& o);

  bool moco() const { return options.method == PretrainMethod::moco; }
  std::int64_t steps_an_epoch() const { return dataset->train().n / options.batch_size; }
  at::Tensor step(const Indices& indices);  ///< the loss
  LabeledFeatures features(const std::string& split);

  std::shared_ptr<const Dataset> dataset;
  PretrainOptions options;
  c10::Device device;
  InputFn inputs;
  Augmenter augmenter;
  Projector query, key;  ///< key: moco only
  KeyQueue queue;
  std::unique_ptr<torch::optim::AdamW> optimizer;
  std::int64_t epoch = 0, n_steps = 0;

 private:
  at::Tensor views_of(const Indices& indices) const;
  at::Tensor loss_of(const at::Tensor& views);
  at::Tensor project(const Projector& projector, const at::Tensor& images) const;
  void use_learning_rate();
  void follow();
};

}  // namespace al_mpi
