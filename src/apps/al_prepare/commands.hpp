#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

using Run = std::function<ExitCode()>;

// Each adds its sub-command to `app`; when it is the one on the command line, `run` becomes its
// work.
void add_eurosat(CLI::App& app, Run& run);
void add_synthetic(CLI::App& app, Run& run);
void add_dynamic_world(CLI::App& app, Run& run);
void add_tensors(CLI::App& app, Run& run);
void add_embed(CLI::App& app, Run& run);
void add_costs(CLI::App& app, Run& run);
void add_pretrain(CLI::App& app, Run& run);
void add_pool(CLI::App& app, Run& run);
void add_describe(CLI::App& app, Run& run);

}  // namespace al_mpi
