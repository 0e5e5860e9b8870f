#!/usr/bin/env bash
# Builds what a machine with a GPU, and with nothing but python3 and PyTorch, needs to check the GPU path
# (scripts/gpu_check.sh), and packs it into build-kit/kit, at most 64 MiB to be carried there:
#   al_mpi, al_trial, al_aggregate, test_gpu; the shared objects that they need beside the C and C++ runtime and
#   PyTorch's; Open MPI's plug-ins; gpu_check.sh
# There: kit/scripts/gpu_check.sh correct|measure|sweep, or any program by `kit/build/run PROGRAM ...`.
#
#   AL_MPI_TORCH   the LibTorch to build with, as for scripts/build.sh; that machine must have the same version. A wheel
#                  comes by:  python3 -m venv VENV && VENV/bin/pip install torch==2.11.0
#                  and then:  PATH=VENV/bin:$PATH AL_MPI_TORCH=python scripts/gpu_kit.sh
#   AL_MPI_BUILD_DIR   where to build instead of build-kit/
set -euo pipefail
cd "$(dirname "$0")/.."
if (($#)); then
  echo "gpu_kit.sh: takes no arguments, found '$*' (its settings are variables: see the head of the script)" >&2
  exit 2
fi

export AL_MPI_BUILD_DIR=${AL_MPI_BUILD_DIR:-build-kit}
scripts/install_packages.sh --runtime
cmake --preset release -B "$AL_MPI_BUILD_DIR" -DAL_MPI_RASTER=OFF >/dev/null  # GDAL needs 170 MB of libraries
scripts/build.sh --runtime --target al_mpi al_trial al_aggregate test_gpu
exec python3 bench/gpu_kit.py "$AL_MPI_BUILD_DIR" "$AL_MPI_BUILD_DIR/kit"
