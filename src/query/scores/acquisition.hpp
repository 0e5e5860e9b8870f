#pragma once

#include <ATen/core/Tensor.h>

#include <al_mpi/query/query.hpp>

namespace al_mpi {

// Acquisition functions of probabilities p [b, C, ...] float64 in [1e-12, 1], classes in dimension
// 1: one score a sample or pixel, [b, ...], higher = label first.

/// 1 - max_c p_c.
at::Tensor least_confidence_score(const at::Tensor& p);

/// p_(2) - p_(1): minus the gap between the two most probable classes. At least two classes.
at::Tensor margin_score(const at::Tensor& p);

/// -sum_c p_c ln p_c, in nats.
at::Tensor entropy_score(const at::Tensor& p);

/// BALD: H(mean_t p_t) - mean_t H(p_t) >= 0 of passes p [T, b, C, ...]; the classes in dimension 2.
at::Tensor mutual_information(const at::Tensor& p);

/// entropy_score and margin_score; on pixels with the reference's faults where the options ask for
/// them (query.pixel_entropy, query.pixel_margin).
ScoreFn entropy_acquisition(const QueryOptions& options);
ScoreFn margin_acquisition(const QueryOptions& options);

}  // namespace al_mpi
