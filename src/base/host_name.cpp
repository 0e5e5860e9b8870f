#include <al_mpi/base/host_name.hpp>

#include <cstdlib>

#include <unistd.h>

namespace al_mpi {

std::string host_name() {
  if (const char* given = std::getenv("AL_MPI_HOST")) return given;
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace al_mpi
