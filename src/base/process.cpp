#include <al_mpi/base/process.hpp>

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdlib>

namespace al_mpi {

void die_with_parent() {
  const char* parent = std::getenv("AL_MPI_PARENT");
  if (parent == nullptr) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != std::atoi(parent)) ::_exit(0);  // it ended before the line above
}

}  // namespace al_mpi
