#!/usr/bin/env bash
# Measures this program against Python, as it is usually written and by best practice, in turn, and prints a
# Markdown table of ratios; the table and the raw numbers go to bench/results/. Some minutes on 2 cores, more
# with --full, less with --loops. The peer is Debian's PyTorch, or that of another Python (a virtual environment
# with torch, h5py and NumPy).
#
#   scripts/bench.sh [--full] [--loops] [--python PATH [--tag NAME]] [DATASET.h5]
#                                                     # without a file: synthetic tiles of 13 x 64 x 64
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh
cmake --preset release -DAL_MPI_BENCH=ON >/dev/null
cmake --build build --target al_trial al_prepare bench_query bench_model bench_farm bench_results
exec /usr/bin/python3 bench/compare.py "$@"
