#!/usr/bin/env bash
# From a fresh Debian 12 or 13 to learning curves: installs what is missing, builds, runs a sweep of small trials
# on built-in data under mpirun, and draws its figures. A few minutes on 2 cores.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${AL_MPI_BUILD_DIR:-build}
scripts/build.sh --runtime --target al_mpi al_trial al_prepare al_aggregate

# One rank a core, at least two: rank 0 schedules and works too.
ranks=$(($(nproc) > 2 ? $(nproc) : 2))
root=()
if ((EUID == 0)); then root=(--allow-run-as-root); fi

set -x
mpirun "${root[@]}" --oversubscribe --bind-to none -n "$ranks" "$build"/al_mpi configs/demo.yaml "$@"
"$build"/al_mpi status results/demo.h5
"$build"/al_aggregate results/demo.h5 --output plots/demo
