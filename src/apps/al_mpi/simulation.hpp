#pragma once

#include <string>

#include <al_mpi/sweep/sweep.hpp>

namespace al_mpi {

/// --simulate workers=W,trials=N: the scheduler in virtual time over N trials shaped as the
/// configuration's grid (without one: all strategies alike). Throws ConfigError where `what` is not
/// of that form.
ExitCode show_simulation(const std::string& what, const SweepArguments& arguments);

/// --plan: how well different numbers of workers divide the configuration's grid.
ExitCode show_plan(const SweepArguments& arguments);

}  // namespace al_mpi
