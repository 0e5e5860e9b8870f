#pragma once

#include <functional>
#include <string>

namespace al_mpi {

/// One farm a results file: a small file that says who writes. Works on shared file systems
/// (link(2), no fcntl locks; without hard links by O_EXCL) and breaks itself when its holder is
/// gone: a process that ended, in this boot and PID namespace; an earlier run of this Slurm job; no
/// heartbeat for two minutes from anybody else.
class SweepLock {
 public:
  static constexpr double heartbeat_every = 15.0;  ///< seconds

  /// Waits to see whether a holder elsewhere still lives, calling `waiting` each second; does not
  /// wait without it. Throws FarmError naming the holder if it lives (usage) or that is not known
  /// yet (unfinished), DataError if the folder cannot be written.
  explicit SweepLock(const std::string& path, const std::function<void()>& waiting = {});
  SweepLock(const SweepLock&) = delete;
  SweepLock& operator=(const SweepLock&) = delete;
  ~SweepLock();

  /// Call now and then; cheap. Throws FarmError if another farm has taken the lock over.
  void heartbeat();

 private:
  std::string path_;
  std::string text_;
  int fd_ = -1;
};

}  // namespace al_mpi
