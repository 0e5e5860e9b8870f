#pragma once

#include <string>

namespace al_mpi {

/// One farm a results file: a small file that says who writes. Works on shared file systems
/// (link(2), no fcntl locks) and breaks itself when its holder is gone: a process of this host that
/// ended, an earlier run of this Slurm job, or no heartbeat for two minutes from another host.
class SweepLock {
 public:
  /// Throws FarmError (usage) naming the holder if another living farm has it, DataError if the
  /// folder cannot be written.
  explicit SweepLock(const std::string& path);
  SweepLock(const SweepLock&) = delete;
  SweepLock& operator=(const SweepLock&) = delete;
  ~SweepLock();

  /// Call now and then; cheap. Throws FarmError if another farm has taken the lock over.
  void heartbeat();

 private:
  std::string path_;
  int fd_ = -1;
};

}  // namespace al_mpi
