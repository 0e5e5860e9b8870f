#!/usr/bin/env bash
# Measures this program against the usual Python, in turn, and prints a Markdown table of ratios; the table
# and the raw numbers go to bench/results/. A few minutes on 2 cores, more with --full.
#
#   scripts/bench.sh [--full] [DATASET.h5]     # without a file: synthetic tiles of 13 x 64 x 64
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh
cmake --preset release -DAL_MPI_BENCH=ON >/dev/null
cmake --build build --target al_trial al_prepare bench_query bench_model bench_farm bench_results
exec /usr/bin/python3 bench/compare.py "$@"
