#!/usr/bin/env bash
# Installs what is missing on Debian 12 or 13: THE list of packages. `--runtime` leaves out what only tests need.
set -euo pipefail

build=(
  build-essential cmake ninja-build ccache mold git
  libtorch-dev libopenblas0-pthread          # without an optimised BLAS, GEMMs run on the reference BLAS
  openmpi-bin libopenmpi-dev
  libhdf5-dev libdeflate-dev hdf5-tools libgdal-dev gdal-bin
  libyaml-cpp-dev libfmt-dev libspdlog-dev libcli11-dev nlohmann-json3-dev libsimdjson-dev
  libboost-dev librandom123-dev libxxhash-dev
  libminizip-dev zlib1g-dev                  # torch.save's zip files
  catch2 libbenchmark-dev
  gnuplot-nox fonts-dejavu-core              # al_aggregate's figures
)
tests=(
  procps                                     # ps and pgrep
  clang-format                               # the form of the sources
  python3-venv                               # a wheel's LibTorch (AL_MPI_TORCH=python)
  python3 python3-numpy python3-h5py python3-torch python3-pandas python3-gdal
  slurm-wlm slurm-wlm-basic-plugins munge    # the throwaway cluster of ctest -L slurm
  python3-tables                             # pandas.read_hdf
  chromium chromium-driver python3-selenium  # report.html in a real browser
  python3-xarray python3-h5netcdf            # results files by name
  python3-scipy                              # what statistics are compared with
  python3-sklearn                            # what bench/ compares k-means with
)

packages=("${build[@]}")
[[ "${1:-}" == --runtime ]] || packages+=("${tests[@]}")

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

echo "installing: ${missing[*]}"
sudo=()
if ((EUID != 0)); then sudo=(sudo); fi
"${sudo[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
