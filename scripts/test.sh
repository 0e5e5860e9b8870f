#!/usr/bin/env bash
# Installs what is missing, builds, and passes every test. Arguments go to ctest (e.g. -L unit, -R farm).
# scripts/build.sh says how another LibTorch or build folder is named.
#
# Tests on real data run where these are set, else they say "skipped":
#   AL_EUROSAT_DIR      class folders of 13-band EuroSAT GeoTIFFs
#   AL_DW_LABELS_DIR    Dynamic World label rasters of the same tiles
#   AL_PUBLISHED_LOG    the published study's balanced log
set -euo pipefail
cd "$(dirname "$0")/.."

target=()
if [[ "$*" == "-L torch" ]]; then target=(--target torch_tests); fi  # those need no more
scripts/build.sh "${target[@]}"

build=${AL_MPI_BUILD_DIR:-build}
log=$build/test.log
status=0
ctest --test-dir "$build" --output-on-failure --parallel "$(nproc)" "$@" | tee "$log" || status=$?

failed=$(grep -oP '\d+(?= tests? failed out of)' "$log" | tail -1 || true)
total=$(grep -oP '(?<=failed out of )\d+' "$log" | tail -1 || true)
skipped=$(grep -c '\*\*\*Skipped' "$log" || true)
if [[ -z "$total" || "$total" == 0 ]]; then
  echo "no test ran"
  exit 1
fi
if ((skipped > 0)); then echo "$skipped skipped: no GPU here, or the files they need were not named (see the head of scripts/test.sh)"; fi
echo "$((total - failed - skipped)) passed, $failed failed"
exit "$status"
