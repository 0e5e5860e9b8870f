#include "src/query/scores/acquisition.hpp"

namespace al_mpi {

/// entropy_sampling of the mean of query.mc_passes MC-dropout passes (total predictive entropy).
/// Reference: Gal, Islam & Ghahramani, Deep Bayesian active learning with image data (ICML 2017).
Picks entropy_sampling_dropout(QueryContext& context) {
  return top_n(context, score_mean_mc_probabilities(context, entropy_acquisition(context.options)));
}

}  // namespace al_mpi
