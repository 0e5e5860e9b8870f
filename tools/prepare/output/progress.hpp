#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace al_mpi {

/// Shows on standard error how far a long job is: by a bar on a terminal, by a line every ten
/// seconds in a log. While a Progress exists, SIGINT and SIGTERM make step() throw, so that the job
/// ends and its temporary files are removed.
class Progress {
 public:
  /// `what` says what is done ("reading images"); `total` is the number of steps; `interrupted`
  /// what SIGINT leaves behind.
  Progress(std::string what, std::int64_t total, std::string interrupted = "nothing was written");
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// Counts one more step. Throws Error (unfinished) after SIGINT or SIGTERM.
  void step();

 private:
  using Clock = std::chrono::steady_clock;
  void show();
  void clear() const;

  std::string what_, interrupted_;
  std::int64_t total_;
  std::int64_t done_ = 0;
  bool terminal_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
};

}  // namespace al_mpi
