#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include <al_mpi/base/rng.hpp>

namespace al_mpi {

/// Who lies in whose ball: neighbours[i] = rows nearer to row i than `radius`, i itself among them;
/// none for rows with non-finite values.
using CoverGraph = std::vector<std::vector<std::uint32_t>>;

/// points [n, d] float32 of unit length. O(n^2 d) time, memory 4 bytes an edge. Throws ConfigError
/// (query.prob_cover_delta) where more than 10^8 edges come up.
CoverGraph cover_graph(const at::Tensor& points, double radius);

/// The largest radius at which a share `purity` of all balls holds one cluster only, judged by 1000
/// random balls; 2 where there is one cluster only. cluster[i] is that of row i, -1 = leave out.
/// Reference: Yehuda et al., Active learning through a covering lens (NeurIPS 2022), section 3.3;
/// the largest pure radius of each ball gives it at once, without a grid.
double pure_radius(const at::Tensor& points, const std::vector<std::int64_t>& cluster,
                   double purity, RngStream& rng);

}  // namespace al_mpi
