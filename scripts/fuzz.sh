#!/usr/bin/env bash
# Runs the fuzz targets for a bounded time: scripts/fuzz.sh [SECONDS each, default 60] [TARGET ...]
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
targets=("$@")
((${#targets[@]})) || targets=(config json journal dataset pickle)

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
  [[ $target == dataset ]] && own=(-detect_leaks=0)  # HDF5 loses some bytes of headers that it refuses
  echo "== $target: $seconds s"
  ASAN_OPTIONS=allocator_may_return_null=0 build-fuzz/fuzz_"$target" "$corpus" ${seeds:+"$seeds"} \
    -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=60 -print_final_stats=1 \
    "${own[@]}" -artifact_prefix="build-fuzz/$target-" 2>&1 | grep -E "ERROR|SUMMARY|artifact|stat::(number|peak)|abort" || true
  if compgen -G "build-fuzz/$target-*" >/dev/null; then
    echo "fuzz.sh: $target has findings in build-fuzz/$target-*" >&2
    exit 1
  fi
done
