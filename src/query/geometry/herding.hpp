#pragma once

#include <ATen/core/Tensor.h>

#include "whole_pool.hpp"
#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// The candidates that raise the cover of the pool most, one after another, until there are
/// context.n: pick argmax_i of mean_j w_j max(K_ij - m_j, 0), where K_ij = exp(-(|x_i - x_j| /
/// sigma)^2) and m_j is the greatest K_ij of the labelled and picked samples i, 0 without any.
/// Score = that mean. Where nothing is left to gain, farthest-first.
///
/// `weights` [N] float32, >= 0, one a row of the pool (those of labelled rows do not matter). The
/// kernel is computed tile by tile and never kept: memory O(N d) in all. Time O(N^2 d) for the
/// first gains; a pick then costs O(m N d), m being the samples that it covers better than those
/// before.
Picks herd(const QueryContext& context, const WholePool& pool, const at::Tensor& weights,
           double sigma);

}  // namespace al_mpi
