#include "launcher.hpp"

#include <cstdlib>

#include <al_mpi/base/error.hpp>

namespace al_mpi {
namespace {

int number(const char* variable, int otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atoi(text) : otherwise;
}

}  // namespace

int started_as_rank() {
  for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"}) {
    if (std::getenv(variable) != nullptr) return number(variable, 0);
  }
  return 0;
}

bool started_by_mpi() {
  for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"}) {
    if (std::getenv(variable) != nullptr) return true;
  }
  const int n_tasks = number("SLURM_STEP_NUM_TASKS", 1);
  if (n_tasks > 1) {
    throw ConfigError(
        "", fmt::format("srun started {} tasks without MPI (each would run the whole sweep): "
                        "use srun --mpi=pmix",
                        n_tasks));
  }
  return false;
}

}  // namespace al_mpi
