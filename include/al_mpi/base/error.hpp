#pragma once

#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace al_mpi {

/// What every program returns; documented in the README. Launchers may distort it, so
/// `al_mpi status --exit-code` tells the same from the files on disk.
enum class ExitCode : int {
  ok = 0,             ///< all trials done
  internal = 1,       ///< a bug, or the machine failed us
  config = 2,         ///< configuration or usage
  data = 3,           ///< a dataset, results or weight file
  failed_trials = 4,  ///< the sweep finished, some trials failed
  unfinished = 75,    ///< stopped early: run the same command again
};

/// An error with one line for the user: problem (why it is one) suggestion.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// A configuration key or a command-line argument is wrong.
class ConfigError : public Error {
 public:
  /// `key` is the path of the setting ("training.epochs"), empty where there is none.
  ConfigError(std::string key, const std::string& problem);
  const std::string& key() const noexcept { return key_; }

 private:
  std::string key_;
};

/// A file is missing, truncated, foreign, or disagrees with itself or with the settings.
class DataError : public Error {
 public:
  /// `dataset` is the path inside the file ("/train/labels"), empty where there is none.
  DataError(std::string file, std::string dataset, const std::string& problem);
  const std::string& file() const noexcept { return file_; }
  const std::string& dataset() const noexcept { return dataset_; }

 private:
  std::string file_;
  std::string dataset_;
};

/// The farm cannot go on: a lost rank, a second farm on the same results file, an MPI error.
class FarmError : public Error {
 public:
  FarmError(int rank, const std::string& problem, ExitCode code = ExitCode::internal);
  int rank() const noexcept { return rank_; }

 private:
  int rank_;
};

/// A broken promise inside the program: a bug, never reachable from input.
class InternalError : public Error {
 public:
  explicit InternalError(const std::string& message) : Error(ExitCode::internal, message) {}
};

/// Always on. Throws InternalError when `condition` is false.
template <class... Args>
void check(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) throw InternalError("bug: " + fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace al_mpi
