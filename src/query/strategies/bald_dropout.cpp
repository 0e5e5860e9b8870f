#include "src/query/scores/acquisition.hpp"

namespace al_mpi {

/// Highest mutual information of prediction and weights over query.mc_passes MC-dropout passes.
/// Reference: Houlsby et al., Bayesian active learning for classification (2011), equation 2; Gal,
/// Islam & Ghahramani (ICML 2017).
Picks bald_dropout(QueryContext& context) {
  return top_n(context, score_mc_probabilities(context, mutual_information));
}

}  // namespace al_mpi
