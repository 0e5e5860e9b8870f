#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "distances.hpp"
#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Farthest-first traversal (greedy k-center): always the point farthest from all centres so far.
///
/// A point is compared with new centres only when it comes up as the farthest: until then its true
/// distance can only be smaller than the one kept. So a pick costs few distances instead of n; at
/// worst O(n (centres + picks) d) time in all, O(n) memory beside the points. Points with
/// non-finite values come last. Reference: Gonzalez, Theoretical Computer Science 38 (1985); Sener
/// & Savarese, ICLR 2018, algorithm 1.
class FarthestFirst {
 public:
  /// `ties`, one a point: of equally far points the one with the larger value is next.
  FarthestFirst(const at::Tensor& points, std::vector<std::uint64_t> ties);

  void cover(const at::Tensor& centers);  ///< [m, d]: centres that are not among the points
  double take(std::int64_t row);          ///< makes it a centre; its distance to the others before
  std::int64_t farthest();                ///< row not taken; there must be one

 private:
  /// A row not taken, and its distance when it was last compared, which is never too small.
  struct Candidate {
    double bound;
    std::uint64_t tie;
    std::int64_t row;
    bool operator<(const Candidate& other) const {
      return bound != other.bound ? bound < other.bound : tie < other.tie;
    }
  };
  void rank_all();
  double nearest_to(std::size_t row);  ///< squared, after comparing it with what was taken since

  PointSet points_;
  std::vector<std::uint64_t> ties_;
  std::vector<double> nearest_;           // squared; infinity = no centre yet, -1 = not finite
  std::vector<std::size_t> compared_;     // with the first so many of taken_rows_
  std::vector<std::int64_t> taken_rows_;  // the finite ones
  std::vector<bool> taken_;
  std::priority_queue<Candidate> queue_;
};

/// Adds farthest-first points to `rows` (Pick::index = row of `points`) until there are context.n.
/// points [candidates, d]; centers [m, d] = centres besides the rows, may be undefined. With no
/// centre at all the first is drawn at random. Score = distance to the nearest centre before.
void add_farthest_first(const QueryContext& context, const at::Tensor& points,
                        const at::Tensor& centers, Picks& rows);

}  // namespace al_mpi
