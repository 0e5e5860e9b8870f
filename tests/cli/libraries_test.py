#!/usr/bin/env python3
"""What the programs load: one LibTorch, the one that they were built with, or none; every folder they name is there."""
import os
import re
import subprocess
import unittest

from harness import BUILD, ProgramTest

PROGRAMS = {"al_mpi": 0, "al_aggregate": 0, "al_trial": 1, "al_prepare": 1}  # how many LibTorches each has


class LibrariesTest(ProgramTest):
    def loaded(self, program):
        """Real paths of the shared libraries by the name before `.so`."""
        shown = subprocess.run(["ldd", BUILD / program], check=True, capture_output=True, text=True).stdout
        self.assertNotIn("not found", shown)
        paths = {}
        for path in re.findall(r"=> (/\S+)", shown):
            paths.setdefault(os.path.basename(path).split(".so")[0], set()).add(os.path.realpath(path))
        return paths

    def test_one_libtorch_or_none(self):
        root = re.search(r"^AL_MPI_TORCH_ROOT:INTERNAL=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1]
        for program, n in PROGRAMS.items():
            loaded = self.loaded(program)
            for library in ("libc10", "libtorch_cpu"):
                self.assertEqual(len(loaded.get(library, ())), n, f"{program}: {loaded.get(library)}")
                for path in loaded.get(library, ()):
                    self.assertTrue(path.startswith(os.path.realpath(root)), f"{path} is not of {root}")

    def linked(self, program):
        """The libraries that the program itself names, in their order."""
        shown = subprocess.run(["readelf", "-d", BUILD / program], check=True, capture_output=True, text=True).stdout
        return [name.split(".so")[0] for name in re.findall(r"Shared library: \[(.*)\]", shown)]

    def test_the_standard_library_is_searched_before_libtorch_which_exports_parts_of_another(self):
        for program in (program for program, n in PROGRAMS.items() if n):
            names = self.linked(program)
            self.assertLess(names.index("libstdc++"), names.index("libtorch"), names)

    def test_a_libtorch_with_cuda_brings_its_cuda_library(self):
        root = re.search(r"^AL_MPI_TORCH_ROOT:INTERNAL=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1]
        if not os.path.exists(f"{root}/lib/libtorch_cuda.so"):
            self.skipTest("this LibTorch is without CUDA")
        self.assertIn("libtorch_cuda", self.loaded("al_trial"))

    def test_the_farm_loads_no_libtorch_and_the_engine_links_no_mpi(self):  # Debian 13's LibTorch loads one
        self.assertFalse([name for name in self.loaded("al_mpi") if "torch" in name])
        self.assertIn("libmpi", self.linked("al_mpi"))
        self.assertNotIn("libmpi", self.linked("al_trial"))

    def test_search_paths_are_folders_that_exist(self):
        for program in PROGRAMS:
            shown = subprocess.run(["readelf", "-d", BUILD / program], check=True, capture_output=True, text=True).stdout
            for path in re.findall(r"(?:RUNPATH|RPATH)\)\s+Library \w+: \[(.*)\]", shown):
                for folder in path.split(":"):
                    self.assertTrue(os.path.isdir(folder), f"{program}: '{folder}' in '{path}'")

    def test_the_engine_names_the_libtorch_that_it_was_built_with(self):
        version = self.run_program("al_trial", "--version").stdout
        headers = re.search(r'libtorch_version = "(.*)"', (BUILD / "generated/al_mpi/version.hpp").read_text())[1]
        self.assertIn(headers, version)


if __name__ == "__main__":
    unittest.main()
