#!/usr/bin/env bash
# Installs what is missing and builds into build/. Arguments go to `cmake --build` (e.g. --target al_mpi).
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh
if [[ ! -f build/build.ninja ]]; then cmake --preset release >/dev/null; fi
cmake --build build "$@"
