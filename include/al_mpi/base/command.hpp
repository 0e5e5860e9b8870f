#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace al_mpi {

/// A program of the user's that is run to its end.
struct Command {
  std::vector<std::string> arguments;              ///< program, searched in PATH, and its arguments
  std::vector<std::string> environment;            ///< "NAME=value", over what is inherited
  double time_limit = 600;                         ///< seconds
  std::size_t most_output = std::size_t{1} << 20;  ///< bytes of standard output
  std::string scratch;          ///< a folder that goes where this process dies before the program
  std::function<void()> alive;  ///< called every few seconds while it runs
};

struct CommandEnd {
  std::string output;      ///< its standard output
  std::string last_words;  ///< the last line that it wrote on standard error
  std::string problem;     ///< "left with exit code 1", "was not done in 3 s"; empty: all is well
};

/// Runs the command and waits for it. Its standard error is passed on as it comes. What it started
/// and left behind ends with it, and all of it ends where this process dies. Throws Error where it
/// cannot be started.
CommandEnd run_command(const Command& command);

/// The file that a program's name stands for, searched in PATH where it holds no slash; empty where
/// there is none that can be run.
std::string program_file(const std::string& name);

}  // namespace al_mpi
