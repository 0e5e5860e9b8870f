#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "tools/predict/scene.hpp"
#include <al_mpi/base/error.hpp>

namespace al_mpi {

/// `al_trial predict`: applies a trial's final network to a scene.
struct PredictOptions {
  std::string network;
  SceneRequest scene;
  std::string device = "auto";
  int threads = 0;  ///< 0 = all cores
  bool force = false;
};

/// The subcommand; `options` must outlive the parsing.
CLI::App* add_predict_command(CLI::App& app, PredictOptions& options);

/// Writes the map, and prints the share of each class.
ExitCode run_predict(const PredictOptions& options);

}  // namespace al_mpi
