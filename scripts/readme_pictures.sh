#!/usr/bin/env bash
# Makes the two pictures of README.md from committed results: the learning curves of configs/demo.yaml, and the first
# screen of the report. docs/figures/demo.log is what `al_aggregate export results/demo.h5 --reference-log` wrote.
# Needs a built al_aggregate, gnuplot, and chromium.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${AL_MPI_BUILD_DIR:-build}
figures=docs/figures
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$build"/al_aggregate import-log $figures/demo.log --name demo --n-init 20 --n-query 20 --output "$scratch"/demo.h5
"$build"/al_aggregate "$scratch"/demo.h5 --output "$scratch"/plots --format svg
cp "$(find "$scratch"/plots -name '*learning_curves*.svg' | sort | head -n 1)" $figures/demo_learning_curves.svg
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$scratch"/browser --window-size=1200,800 \
  --screenshot="$scratch"/report.png "file://$scratch/plots/report.html"
cp "$scratch"/report.png $figures/demo_report.png
ls -l $figures/demo_learning_curves.svg $figures/demo_report.png
