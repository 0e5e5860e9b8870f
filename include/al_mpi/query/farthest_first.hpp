#pragma once

#include <cstdint>
#include <vector>

#include <al_mpi/query/distances.hpp>
#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Farthest-first traversal (greedy k-center): always the point farthest from all centres so far.
///
/// Keeps only the distance to the nearest centre of each point: O(n (centres + picks) d) time, O(n)
/// memory beside the points. Points with non-finite values come last. Reference: Gonzalez,
/// Theoretical Computer Science 38 (1985); Sener & Savarese, ICLR 2018, algorithm 1.
class FarthestFirst {
 public:
  /// `ties`, one a point: of equally far points the one with the larger value is next.
  FarthestFirst(const at::Tensor& points, std::vector<std::uint64_t> ties);

  void cover(const at::Tensor& centers);  ///< [m, d]: centres that are not among the points
  double take(std::int64_t row);          ///< makes it a centre; its distance to the others before
  std::int64_t farthest() const;          ///< row not taken; there must be one

 private:
  void cover_centered(const at::Tensor& centers);

  PointSet points_;
  std::vector<std::uint64_t> ties_;
  std::vector<double> nearest_;  // squared; infinity = no centre yet
  std::vector<bool> taken_;
};

/// Adds farthest-first points to `rows` (Pick::index = row of `points`) until there are context.n.
/// points [candidates, d]; centers [m, d] = centres besides the rows, may be undefined. With no
/// centre at all the first is drawn at random. Score = distance to the nearest centre before.
void add_farthest_first(const QueryContext& context, const at::Tensor& points,
                        const at::Tensor& centers, Picks& rows);

}  // namespace al_mpi
