#include "src/query/scores/acquisition.hpp"

namespace al_mpi {

/// least_confidence of the mean of query.mc_passes MC-dropout passes.
/// Reference: Gal, Islam & Ghahramani, Deep Bayesian active learning with image data (ICML 2017).
Picks least_confidence_dropout(QueryContext& context) {
  return top_n(context, score_mean_mc_probabilities(context, least_confidence_score));
}

}  // namespace al_mpi
