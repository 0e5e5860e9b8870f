#include "src/query/scores/acquisition.hpp"

namespace al_mpi {

/// margin_sampling of the mean of query.mc_passes MC-dropout passes.
/// Reference: Gal, Islam & Ghahramani, Deep Bayesian active learning with image data (ICML 2017).
Picks margin_sampling_dropout(QueryContext& context) {
  return top_n(context, score_mean_mc_probabilities(context, margin_acquisition(context.options)));
}

}  // namespace al_mpi
