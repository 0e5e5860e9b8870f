#include <algorithm>
#include <limits>
#include <vector>

#include "src/query/geometry/farthest_first.hpp"
#include "src/query/geometry/gaussian_mixture.hpp"

namespace al_mpi {
namespace {

constexpr std::int64_t axes = 32;  // principal components the mixture is fitted on

/// The most typical sample of each component: highest log-density among those assigned to it.
Picks component_modes(const at::Tensor& log_density, const std::vector<std::int64_t>& rows) {
  const std::int64_t k = log_density.size(1);
  const at::Tensor component = log_density.argmax(1);
  const double* density = log_density.data_ptr<double>();
  Picks modes(static_cast<std::size_t>(k), {-1, -std::numeric_limits<double>::infinity()});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t c = component.data_ptr<std::int64_t>()[i];
    const double score = density[static_cast<std::int64_t>(i) * k + c];
    Pick& mode = modes[static_cast<std::size_t>(c)];
    if (score > mode.score) mode = {rows[i], score};
  }
  modes.erase(std::remove_if(modes.begin(), modes.end(), [](const Pick& p) { return p.index < 0; }),
              modes.end());
  return modes;
}

}  // namespace

/// The most typical sample of each of n Gaussians (diagonal covariances) fitted to the 32 leading
/// principal components of the embeddings; topped up farthest-first. Score = log-density in its
/// Differs from the reference, which has full covariances and takes the first sample of
/// responsibility 1.
Picks init_gmm(QueryContext& context) {
  RngStream rng = context.rng("init");
  const at::Tensor points = context.predictions.embeddings(context.unlabeled);
  const std::vector<std::int64_t> usable = finite_rows(points);
  const auto k = std::min(context.n, static_cast<std::int64_t>(usable.size()));
  Picks rows;
  if (k > 0 && context.n < points.size(0)) {
    const at::Tensor reduced = principal_components(rows_of(points, usable), axes, rng);
    const GaussianMixture mixture =
        gaussian_mixture(reduced, {k, context.options.kmeans_restarts}, rng);
    rows = component_modes(mixture.log_density.contiguous(), usable);
  }
  add_farthest_first(context, points, {}, rows);
  return global_picks(context, rows);
}

}  // namespace al_mpi
