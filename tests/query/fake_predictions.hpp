#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <al_mpi/base/error.hpp>
#include <al_mpi/query/registry.hpp>

#undef CHECK  // LibTorch's logging; Catch's own follows
#include "catch.hpp"

namespace al_mpi {

/// A matrix from rows of numbers.
inline at::Tensor matrix(const std::vector<std::vector<float>>& rows) {
  std::vector<at::Tensor> parts;
  std::vector<float> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  return at::tensor(all).view({static_cast<std::int64_t>(rows.size()), -1});
}

/// Standard normal numbers, the same for the same seed.
inline at::Tensor random_tensor(std::vector<std::int64_t> shape, std::int64_t seed) {
  RngStream rng(seed, "test");
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  std::vector<float> values;
  for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(rng.normal()));
  return at::tensor(values).view(shape);
}

/// A whole pool held in memory, row = global index; what is not set throws. Batches of three
/// samples, so that batch boundaries matter.
class FakePredictions : public Predictions {
 public:
  at::Tensor probs;              ///< [N, C] or [N, C, H, W]
  at::Tensor mc_probs;           ///< [T, N, C] or [T, N, C, H, W]
  at::Tensor stored_features;    ///< [N, d]
  at::Tensor stored_embeddings;  ///< [N, D]
  at::Tensor losses;             ///< [N]
  LinearHead stored_head;        ///< also the network of each_images, on flattened images
  at::Tensor images;             ///< [N, bands, H, W]
  LogitsFn network;              ///< of each_images where it is not the linear head

  std::int64_t n_classes() const override { return given(probs, "probs").size(1); }

  void each_probabilities(const Indices& indices, const BatchFn& fn) override {
    each_batch(indices, [&](std::int64_t first, const at::Tensor& rows) {
      fn(first, given(probs, "probs").index_select(0, rows));
    });
  }

  void each_mc_probabilities(const Indices& indices, std::int64_t passes,
                             const BatchFn& fn) override {
    each_batch(indices, [&](std::int64_t first, const at::Tensor& rows) {
      fn(first, given(mc_probs, "mc_probs").narrow(0, 0, passes).index_select(1, rows));
    });
  }

  at::Tensor features(const Indices& indices) override {
    return given(stored_features, "features").index_select(0, at::tensor(indices));
  }

  at::Tensor embeddings(const Indices& indices) override {
    return given(stored_embeddings, "embeddings").index_select(0, at::tensor(indices));
  }

  at::Tensor predicted_losses(const Indices& indices) override {
    return given(losses, "predicted losses").index_select(0, at::tensor(indices));
  }

  LinearHead head() override { return {given(stored_head.weight, "head"), stored_head.bias}; }

  void each_images(const Indices& indices, const ImageBatchFn& fn) override {
    const LogitsFn logits = network ? network : LogitsFn([this](const at::Tensor& x) {
      return at::linear(x.flatten(1), stored_head.weight, stored_head.bias);
    });
    each_batch(indices, [&](std::int64_t first, const at::Tensor& rows) {
      fn(first, given(images, "images").index_select(0, rows), logits);
    });
  }

 private:
  static const at::Tensor& given(const at::Tensor& tensor, const char* what) {
    if (!tensor.defined()) throw DataError("fake", what, "is not there");
    return tensor;
  }

  static void each_batch(const Indices& indices, const BatchFn& fn) {
    const auto n = static_cast<std::int64_t>(indices.size());
    for (std::int64_t first = 0; first < n; first += 3) {
      const auto begin = indices.begin() + first;
      fn(first, at::tensor(Indices(begin, begin + std::min<std::int64_t>(3, n - first))));
    }
  }
};

/// A pool and the question put to it; all candidates unlabelled unless said otherwise.
struct Question {
  FakePredictions predictions;
  Indices unlabeled;
  Indices labeled;
  std::vector<std::int64_t> labels;
  QueryOptions options;
  std::int64_t n = 1;
  std::int64_t seed = 1;
  int round = 1;
  std::function<std::vector<std::int64_t>(std::int64_t)> oracle_classes;
  std::function<LabeledFeatures()> oracle_test;
  std::function<double(std::int64_t)> cost_of;

  QueryContext context() {
    QueryContext context{unlabeled, labeled, labels,         n,          options, predictions,
                         seed,      round,   oracle_classes, oracle_test};
    context.cost_of = cost_of;
    return context;
  }
  Picks ask(const std::string& name) {
    QueryContext asked = context();
    return strategy(name, options)(asked);
  }
  Picks ask_init(const std::string& name) {
    round = 0;
    QueryContext asked = context();
    return initial_set(name)(asked);
  }
};

inline Indices indices_of(const Picks& picks) {
  Indices indices;
  for (const Pick& pick : picks) indices.push_back(pick.index);
  return indices;
}

inline Indices sorted(Indices indices) {
  std::sort(indices.begin(), indices.end());
  return indices;
}

inline Indices range(std::int64_t first, std::int64_t end) {
  Indices indices;
  for (std::int64_t i = first; i < end; ++i) indices.push_back(i);
  return indices;
}

/// A random pool of `n` samples, C = 4 classes, T = 5 passes, everything set; every third sample
/// labelled.
inline Question random_question(std::int64_t n, std::int64_t seed = 7) {
  constexpr std::int64_t n_classes = 4;
  constexpr std::int64_t passes = 5;
  Question question;
  FakePredictions& p = question.predictions;
  p.images = random_tensor({n, 2, 3, 3}, seed);
  p.stored_head = {random_tensor({n_classes, 18}, seed + 1), random_tensor({n_classes}, seed + 2)};
  p.stored_features = p.images.flatten(1);
  p.stored_embeddings = random_tensor({n, 6}, seed + 3);
  p.probs = at::softmax(at::linear(p.stored_features, p.stored_head.weight, p.stored_head.bias), 1);
  p.mc_probs = at::softmax(random_tensor({passes, n, n_classes}, seed + 4), 2);
  p.losses = random_tensor({n}, seed + 5);
  question.options.mc_passes = passes;
  question.options.boss_candidates = 12;
  question.oracle_classes = [](std::int64_t i) { return Indices{i % n_classes}; };
  question.oracle_test = [seed] {
    return LabeledFeatures{random_tensor({8, 18}, seed + 6), {0, 1, 2, 3, 0, 1, 2, 3}};
  };
  for (std::int64_t i = 0; i < n; ++i) {
    if (i % 3 == 0) {
      question.labeled.push_back(i);
      question.labels.push_back(i % n_classes);
    } else {
      question.unlabeled.push_back(i);
    }
  }
  return question;
}

}  // namespace al_mpi
