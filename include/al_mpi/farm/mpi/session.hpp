#pragma once

#include <string>

namespace al_mpi {

/// MPI for the life of this object. Made once, in main, after the signal handlers.
class MpiSession {
 public:
  MpiSession(int& argc, char**& argv);  ///< MPI_Init; throws FarmError
  ~MpiSession();                        ///< MPI_Finalize, unless abandon() was called
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// The place among the ranks of this node, whatever launched them.
  int local_rank() const { return local_rank_; }

  /// A rank was lost: MPI_Finalize might hang, so the process must leave by _exit.
  void abandon() { abandoned_ = true; }

  static std::string library();  ///< "Open MPI 4.1.4"

 private:
  int rank_ = 0;
  int size_ = 1;
  int local_rank_ = 0;
  bool abandoned_ = false;
};

}  // namespace al_mpi
