#include <algorithm>
#include <numeric>

#include "src/query/class_draw.hpp"

namespace al_mpi {
namespace {

/// n shared out in proportion to the sizes, whole numbers: largest remainders; a tie goes to the
/// earlier one.
std::vector<std::int64_t> proportional_shares(const std::vector<std::int64_t>& sizes,
                                              std::int64_t n) {
  const std::int64_t total = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});
  std::vector<std::int64_t> shares, remainders;
  for (const std::int64_t size : sizes) {
    shares.push_back(n * size / total);
    remainders.push_back(n * size % total);
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
  std::int64_t left = n - std::accumulate(shares.begin(), shares.end(), std::int64_t{0});
  for (auto c = order.begin(); left > 0; ++c, --left) ++shares[*c];
  return shares;
}

}  // namespace

/// An ORACLE, which sees the labels of all samples: a bound, no initial set. A random draw whose
/// class shares are the pool's, up to rounding (largest remainders). Scores are 0. Reference:
/// Neyman, On the two different aspects of the representative method (1934): proportional
/// allocation.
Picks init_stratified(QueryContext& context) {
  RngStream rng = context.rng("init");
  std::vector<Indices> classes;
  std::vector<std::int64_t> sizes;
  for (auto& [label, indices] : candidates_by_class(context, rng)) classes.push_back(indices);
  rng.shuffle(classes);
  for (const Indices& indices : classes) sizes.push_back(static_cast<std::int64_t>(indices.size()));
  const std::vector<std::int64_t> shares = proportional_shares(sizes, context.n);
  Picks picks;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    for (std::int64_t i = 0; i < shares[c]; ++i) {
      picks.push_back({classes[c][static_cast<std::size_t>(i)], 0.0});
    }
  }
  return picks;
}

}  // namespace al_mpi
