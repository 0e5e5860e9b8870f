#pragma once

#include <ATen/core/Tensor.h>

#include "kmeans.hpp"

namespace al_mpi {

/// `points` [n, d] on their leading principal axes, [n, min(axes, d)] float64, centred; as they are
/// (centred) where d <= axes. Randomised subspace iteration. Reference: Halko, Martinsson & Tropp,
/// SIAM Review 53 (2011), algorithm 4.4.
at::Tensor principal_components(const at::Tensor& points, std::int64_t axes, RngStream& rng);

/// A mixture of k Gaussians with diagonal covariances, fitted by EM from a k-means start.
struct GaussianMixture {
  at::Tensor log_density;       ///< [n, k] float64: ln of weight x density of each component
  double log_likelihood = 0.0;  ///< mean over the points
};

/// points [n, d] float64, finite; stops when the mean log-likelihood gains less than 1e-3 or after
/// 100 steps. Variances have the floor 1e-6 (as scikit-learn's reg_covar, relative to the mean
/// variance of the data).
GaussianMixture gaussian_mixture(const at::Tensor& points, const KMeansOptions& start,
                                 RngStream& rng);

}  // namespace al_mpi
