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

/// Pre-trains and writes the encoder; progress and losses go to standard error. A checkpoint lies
/// beside the output while it runs, from which the same request goes on; it is removed at the end.
/// Returns the quality before and after (classification; else zeros). Throws ConfigError,
/// DataError; Error (unfinished) after SIGINT or SIGTERM.
std::pair<QualityFigure, QualityFigure> pretrain(const PretrainRequest& request);

}  // namespace al_mpi
