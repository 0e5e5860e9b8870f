#pragma once

#include <string>
#include <vector>

#include <al_mpi/sweep/sweep.hpp>

namespace CLI {
class App;
}

namespace al_mpi {

/// `al_mpi tune CONFIG`: learning rate, weight decay and epochs on the validation labels at the
/// starting budget.
struct TuneArguments {
  SweepArguments sweep;
  std::string output;  ///< configuration to write
  std::vector<double> learning_rates = {0.01, 0.05, 0.2};
  std::vector<double> weight_decays = {0, 0.0005};
  std::vector<std::int64_t> epochs;  ///< empty: half, once and twice those of the configuration
};

CLI::App* add_tune(CLI::App& app, TuneArguments& arguments);

/// Runs the grid of these values as a sweep (random_sampling, no queries, the configuration's first
/// initial set and its seeds) into NAME.tune.h5, on every rank; rank 0 prints a table and writes
/// the configuration with the best values: highest mean validation accuracy, then lowest validation
/// loss. The test set is not looked at. Goes on where it was interrupted, as every sweep. Throws
/// ConfigError: no training.validation, a sweep.grid, an existing output.
ExitCode tune(const TuneArguments& arguments, bool under_mpi, int rank, int& argc, char**& argv);

}  // namespace al_mpi
