#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include <al_mpi/model/predictions.hpp>

namespace al_mpi {

// What a labelled set and a batch look like, a number each; for the records, no strategy uses them.
// Distances are Euclidean, in the units of the features. Rows with non-finite values are left out;
// NaN where nothing is left.

/// Coverage radius: the largest distance of any of `points` [n, d] to the nearest of `centers` [m,
/// d]. O(n m d) time. Reference: Sener & Savarese, Active learning for CNNs: a core-set approach
/// (ICLR 2018).
double coverage_radius(const at::Tensor& points, const at::Tensor& centers);

/// Mean distance of all pairs of `points` [n, d].
double mean_pairwise_distance(const at::Tensor& points);

/// Mean predictive entropy of `indices` [nat], of pixels where these are predicted. One pass over
/// them.
double mean_entropy(Predictions& predictions, const Indices& indices);

}  // namespace al_mpi
