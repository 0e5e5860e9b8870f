#!/usr/bin/env bash
# Runs the fuzz targets for a bounded time: scripts/fuzz.sh [SECONDS each, default 60] [TARGET ...]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
targets=("$@")
((${#targets[@]})) || targets=(config json journal dataset pickle safetensors)

command -v clang++ >/dev/null || { echo "fuzz.sh: clang++ is missing (apt-get install clang libclang-rt-14-dev)" >&2; exit 1; }
cmake --preset fuzz >/dev/null
cmake --build build-fuzz --target "${targets[@]/#/fuzz_}"

for target in "${targets[@]}"; do
  corpus=build-fuzz/corpus/$target
  mkdir -p "$corpus"
  seeds=tests/fuzz/seeds/$target
  [[ $target == config ]] && seeds=configs
  [[ -d $seeds ]] || seeds=
  own=()
  # HDF5 1.10 loses bytes of headers that it refuses, and reads freed memory in a few: run on past those.
  [[ $target == dataset ]] && own=(-detect_leaks=0 -fork=1 -ignore_crashes=1)
  echo "== $target: $seconds s"
  ASAN_OPTIONS=allocator_may_return_null=0 build-fuzz/fuzz_"$target" "$corpus" ${seeds:+"$seeds"} \
    -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=60 -print_final_stats=1 \
    "${own[@]}" -artifact_prefix="build-fuzz/$target-" 2>&1 | grep -E "ERROR|SUMMARY|artifact|stat::(number|peak)|abort" || true
  in_hdf5=0
  for finding in build-fuzz/"$target"-{crash,oom}-*; do
    [[ -f $finding ]] || continue
    if report=$(build-fuzz/fuzz_"$target" -detect_leaks=0 "$finding" 2>&1); then
      rm "$finding"  # a leak of HDF5's: it does not come again
    elif head -n 20 <<<"$report" | grep -E '^ *#[0-2] ' | grep -q libhdf5; then  # its own frame, or what called memcpy
      in_hdf5=$((in_hdf5 + 1))
      rm "$finding"
    fi
  done
  ((in_hdf5 == 0)) || echo "$in_hdf5 findings inside HDF5 itself"
  if compgen -G "build-fuzz/$target-*" >/dev/null; then
    echo "fuzz.sh: $target has findings in build-fuzz/$target-*" >&2
    exit 1
  fi
done
