#pragma once

#include <mpi.h>

#include <al_mpi/base/error.hpp>

namespace al_mpi {

/// Every MPI call goes through here: `what` names it.
inline void check_mpi(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw FarmError(-1, fmt::format("{}: {}", what, text));
}

}  // namespace al_mpi
