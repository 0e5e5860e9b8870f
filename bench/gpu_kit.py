#!/usr/bin/env python3
"""Packs the programs of a build folder with what they need beside PyTorch: the second half of scripts/gpu_kit.sh.

    bench/gpu_kit.py BUILD KIT

KIT is a small copy of this repository whose build/ holds the programs, their shared objects (lib/) and the script `run`
that starts one of them. Exit code 0; 1: it would be larger than 64 MiB; 2: wrong arguments, or something is missing.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = ["al_mpi", "al_trial", "al_aggregate", "test_gpu"]
SCRIPTS = ["scripts/gpu_check.sh", "bench/gpu_check.py", "bench/python_step.py", "bench/python_loop.py"]
LIMIT = 64 << 20
# What every machine has of its own and must not be mixed: glibc and the compiler's runtime.
RUNTIME = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|nsl|anl|BrokenLocale|stdc\+\+|gcc_s)\.so.*)$")
TORCH = re.compile(r"lib(torch|c10|caffe2).*\.so.*$")

RUN = """#!/usr/bin/env bash
# Starts a program of this folder: run PROGRAM [ARGUMENT ...]. LibTorch is that of python3's PyTorch.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
torch=$(python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")')
found=$(grep -oPs "^__version__ = '\\K[0-9]+\\.[0-9]+\\.[0-9]+" "$torch/version.py" || true)
if [[ $found != VERSION ]]; then
  echo "run: python3 ($(command -v python3 || echo missing)) has ${found:+PyTorch }${found:-no PyTorch}, expected VERSION: activate the environment that has it" >&2
  exit 2
fi
export LD_LIBRARY_PATH=$here/lib:$torch/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export OPAL_PREFIX=$here OMPI_MCA_mca_base_component_show_load_errors=0  # Open MPI's plug-ins lie here
exec "$here/$1" "${@:2}"
"""


class Missing(Exception):
    pass


def needed(path):
    """Names of the shared objects that an ELF file asks for itself."""
    shown = subprocess.run(["readelf", "-d", path], check=True, capture_output=True, text=True).stdout
    return re.findall(r"\(NEEDED\)\s+Shared library: \[(.*)\]", shown)


def found(path):
    """Where the loader finds them, and those that they ask for: by name, None where it does not."""
    shown = subprocess.run(["ldd", path], check=True, capture_output=True, text=True).stdout
    paths = {name: None for name in re.findall(r"(\S+) => not found", shown)}
    paths.update((name, pathlib.Path(path)) for name, path in re.findall(r"(\S+) => (/\S+)", shown))
    return paths


def objects(path, into):
    """Adds the shared objects to be packed for `path` to `into`, by name; PyTorch's own are not followed."""
    where = found(path)
    wanted = needed(path)
    while wanted:
        name = wanted.pop()
        if name in into or RUNTIME.match(name) or TORCH.match(name):
            continue
        if where.get(name) is None:
            raise Missing(f"{path} needs {name}, which is not found")
        into[name] = where[name]
        wanted += needed(where[name])


def version(build):
    return re.search(r'libtorch_version = "(.*)"', (build / "generated/al_mpi/version.hpp").read_text())[1]


def plug_ins(mpi_library, programs_objects):
    """Open MPI's and PMIx' folders as they lie beside libmpi, without plug-ins that need libraries of networks."""
    beside = mpi_library.parent
    have = set(programs_objects)
    for folder in [beside / "openmpi/lib/openmpi3", beside / "openmpi/lib/openmpi", beside / "pmix2"]:
        for path in sorted(folder.rglob("*.so")) if folder.is_dir() else []:
            extra = {}
            try:
                objects(path, extra)
            except Missing:
                continue
            new = {name for name in set(extra) - have if not name.startswith("libmca_common")}
            if new:
                continue
            yield path, path.relative_to(beside), extra


def pack(build, kit):
    shutil.rmtree(kit, ignore_errors=True)
    there = kit / "build"
    (there / "lib").mkdir(parents=True)
    libraries = {}
    for program in PROGRAMS:
        if not (build / program).exists():
            raise Missing(f"{build} holds no {program}")
        objects(build / program, libraries)
        shutil.copy2(build / program, there)
    mpi = next((path for name, path in libraries.items() if name.startswith("libmpi.so")), None)
    if mpi is None:
        raise Missing(f"{build}/al_mpi names no libmpi.so")
    prefix = mpi.resolve().parent
    while prefix.name != "lib":
        prefix = prefix.parent
    for path, place, more in list(plug_ins(mpi.resolve(), libraries)):
        target = there / mpi.resolve().parent.relative_to(prefix.parent) / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path.resolve(), target)
        libraries.update(more)
    for name, path in libraries.items():
        shutil.copy2(path.resolve(), there / "lib" / name)
    for path in [path for path in there.rglob("*") if path.is_file()]:
        subprocess.run(["strip", "--strip-unneeded", path], check=True)
    shutil.copytree(prefix.parent / "share/openmpi", there / "share/openmpi")
    (there / "run").write_text(RUN.replace("VERSION", version(build)))
    (there / "run").chmod(0o755)
    for script in SCRIPTS:
        (kit / script).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / script, kit / script)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("kit", type=pathlib.Path)
    args = parser.parse_args()
    try:
        pack(args.build.resolve(), args.kit.resolve())
    except Missing as missing:
        print(f"gpu_kit.py: {missing}", file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for path in args.kit.rglob("*") if path.is_file())
    n = len(list((args.kit / "build/lib").glob("*.so*")))
    print(f"{args.kit}: {size / (1 << 20):.1f} MiB, {n} shared objects, LibTorch {version(args.build)} (not in it)")
    if size > LIMIT:
        print(f"gpu_kit.py: at most {LIMIT >> 20} MiB can be carried", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
