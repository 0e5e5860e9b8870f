#!/usr/bin/env bash
# Installs what is missing and builds into build/ (AL_MPI_BUILD_DIR: another folder). Arguments go to
# `cmake --build` (e.g. --target al_mpi); `--runtime` before them leaves out packages that only tests need.
#   AL_MPI_TORCH   the LibTorch to build with: a folder, `python` (that of python3) or `debian`. Without it:
#                  a folder of CMAKE_PREFIX_PATH, the active Python environment's, Debian's (cmake/LibTorch.cmake)
set -euo pipefail
cd "$(dirname "$0")/.."
build=${AL_MPI_BUILD_DIR:-build}
packages=()
if [[ "${1:-}" == --runtime ]]; then packages=(--runtime) && shift; fi

scripts/install_packages.sh "${packages[@]}"
cmake --preset release -B "$build" | grep -- '-- LibTorch'
cmake --build "$build" "$@"
