#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace al_mpi {

/// Features of labelled samples: rows [n, d] float32 on the CPU, labels [n] in 0 .. K-1.
struct LabeledFeatures {
  at::Tensor rows;
  std::vector<std::int64_t> labels;
};

/// Share of `test` whose class is the one that its k nearest rows of `train` vote for: nearest by
/// cosine, votes weighted by exp(cosine / 0.07), k = min(20, n).
/// Reference: Wu et al., Unsupervised feature learning via non-parametric instance discrimination
/// (2018).
double knn_accuracy(const LabeledFeatures& train, const LabeledFeatures& test);

/// Accuracy on `test` of multinomial logistic regression on `train`: columns standardised over
/// train, weights penalised by 1e-3 of their squared norm, L-BFGS from zeros.
double linear_probe_accuracy(const LabeledFeatures& train, const LabeledFeatures& test);

}  // namespace al_mpi
