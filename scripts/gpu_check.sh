#!/usr/bin/env bash
# Checks and measures the GPU path of a build: scripts/gpu_check.sh correct|measure|sweep [--help]
exec python3 "$(dirname "$0")/../bench/gpu_check.py" "$@"
