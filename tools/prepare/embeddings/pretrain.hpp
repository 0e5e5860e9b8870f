#pragma once

#include <string>

#include <al_mpi/model/pretrain.hpp>

namespace al_mpi {

struct PretrainRequest {
  std::string file;    ///< dataset file
  std::string output;  ///< encoder to write
  PretrainOptions options;
  int threads = 1;               ///< of this process; part of the numbers' identity
  double checkpoint_every = 60;  ///< seconds
  bool force = false;            ///< replace the output; forget a checkpoint
};

/// Pre-trains and writes the encoder; progress and losses go to standard error. While it runs, a
/// checkpoint lies beside the output, and after a kill the same request goes on from it; at the end
/// the checkpoint is removed.
/// Returns the quality before and after (classification; else zeros). Throws ConfigError,
/// DataError; Error (unfinished) after SIGINT or SIGTERM.
std::pair<QualityFigure, QualityFigure> pretrain(const PretrainRequest& request);

}  // namespace al_mpi
