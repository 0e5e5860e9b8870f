#pragma once

#include <al_mpi/query/query.hpp>

namespace al_mpi {

/// Scores [n] float64 with Gumbel noise as query.stochastic asks, so that their top n is a draw
/// without replacement, with weights (b = query.stochastic_beta)
/// - power: s^b (a negative smallest score is first shifted to 0);
/// - softmax: exp(b s);
/// - softrank: r^-b, r = 1 for the best.
/// none leaves them as they are; so do non-finite scores. Each sample has its own draw.
/// Reference: Kirsch et al., Stochastic batch acquisition (arXiv 2106.12059), section 3.
at::Tensor stochastic_scores(const QueryContext& context, const at::Tensor& scores);

/// The candidates of highest BALD with this noise, whatever query.stochastic says.
Picks stochastic_bald(const QueryContext& context, ScoreNoise kind);

}  // namespace al_mpi
