#pragma once

#include <string>

#include <al_mpi/base/error.hpp>

namespace CLI {
class App;
}

namespace al_mpi {

/// The sub-commands `verify RESULTS` and `journal export RESULTS`.
class ResultsCommands {
 public:
  explicit ResultsCommands(CLI::App& app);
  bool parsed() const;   ///< one of them was given
  ExitCode run() const;  ///< verify: ok, or data where something is wrong

 private:
  CLI::App* verify_;
  CLI::App* journal_;
  std::string file_;
};

}  // namespace al_mpi
