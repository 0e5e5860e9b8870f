#!/usr/bin/env bash
# Kills a sweep at random until it has survived: scripts/chaos.sh [--kills 1000] [--seed 1]
exec /usr/bin/python3 "$(dirname "$0")/../tests/chaos.py" "$@"
