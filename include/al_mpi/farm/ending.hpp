#pragma once

namespace al_mpi {

/// How a trial ended on a worker.
enum class Ending {
  done,
  failed,      ///< threw, crashed, hung or ran out of time: blamed on the trial
  refused,     ///< its settings are wrong: trying again is pointless
  unreadable,  ///< a file it needs: its host's fault as long as another one may read it
  stopped,     ///< drained, or not begun; not blamed
  lost,        ///< its worker is gone (killed rank, lost node); not blamed
};

}  // namespace al_mpi
