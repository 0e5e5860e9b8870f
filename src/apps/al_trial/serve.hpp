#pragma once

#include <al_mpi/base/error.hpp>

namespace al_mpi {

/// `al_trial --serve`: trials as JSON lines on standard input, their records on standard output
/// (docs/protocols.md). Returns at end of file, after what was asked before it. A failed trial is
/// an answer, not an error of the program.
ExitCode serve_trials();

/// `al_trial --devices`: the GPUs that LibTorch can use, as a JSON line.
ExitCode print_devices();

}  // namespace al_mpi
