#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace al_mpi {

/// How far a long job is, on standard error: a bar on a terminal, a line every ten seconds in a
/// log. While one exists, SIGINT and SIGTERM end the job through step(), so that temporary files
/// are removed.
class Progress {
 public:
  /// `what` says what is done ("reading images"); `total` is the number of steps; `interrupted`
  /// what SIGINT leaves behind.
  Progress(std::string what, std::int64_t total, std::string interrupted = "nothing was written");
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  /// One more is done. Throws Error (unfinished) after SIGINT or SIGTERM.
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
