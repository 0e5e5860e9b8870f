#!/usr/bin/env python3
"""The GPU kit's packing: what is in it is complete, runs from there, and is refused where it is too large."""
import os
import pathlib
import re
import subprocess
import sys
import unittest
from unittest import mock

from harness import BUILD, SOURCE, ProgramTest

sys.path.insert(0, str(SOURCE / "bench"))
import gpu_kit  # noqa: E402

ROOT = pathlib.Path(re.search(r"^AL_MPI_TORCH_ROOT:INTERNAL=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1])
WHEEL = ROOT.parent.parent.parent.parent / "bin"  # of the environment that holds it


class GpuKitTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.kit = self.folder / "kit"
        self.python_first(WHEEL if ROOT.name == "torch" else "/usr/bin")

    def python_first(self, folder):
        patch = mock.patch.dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}")
        patch.start()
        self.addCleanup(patch.stop)

    def pack(self, build=BUILD):
        return subprocess.run([sys.executable, SOURCE / "bench/gpu_kit.py", build, self.kit], capture_output=True, text=True)

    def packed(self):
        """A kit of this build; with GDAL it may be larger than can be carried."""
        done = self.pack()
        if done.returncode == 1:
            self.assertEqual(done.stderr.strip(), "gpu_kit.py: at most 64 MiB can be carried")
        else:
            self.assertEqual(done.returncode, 0, done.stderr)
        size = sum(path.stat().st_size for path in self.kit.rglob("*") if path.is_file())
        self.assertIn(f"{size / (1 << 20):.1f} MiB", done.stdout)
        self.assertEqual(done.returncode == 1, size > 64 << 20)

    def start(self, *words, env=None):
        return subprocess.run([self.kit / "build/run", *words], cwd=self.folder, env=self.environment(env), capture_output=True,
                              text=True, timeout=100)

    def test_all_that_programs_ask_for_is_in_it_but_the_runtime_and_pytorch(self):
        self.packed()
        there = self.kit / "build"
        for path in [*(there / program for program in gpu_kit.PROGRAMS), *(there / "lib").rglob("*.so*")]:
            for name in gpu_kit.needed(path):
                if not gpu_kit.RUNTIME.match(name) and not gpu_kit.TORCH.match(name):
                    self.assertTrue((there / "lib" / name).exists(), f"{path.name} needs {name}")
        self.assertFalse([path.name for path in (there / "lib").iterdir() if re.match(r"lib(c|stdc\+\+|torch)[_.]", path.name)])

    def test_a_sweep_runs_from_it_with_its_own_libraries(self):
        self.packed()
        sweep = self.start("al_mpi", self.small_sweep(), env={"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(self.folder / "loaded")})
        self.assertEqual(sweep.returncode, 0, sweep.stderr)
        logs = [path.read_text() for path in self.folder.glob("loaded.*")]
        loaded = "".join(log for log in logs if "/libhdf5" in log)  # of our programs, not of bash and python3
        packed = {path.name for path in (self.kit / "build/lib").iterdir()}
        outside = {path for path in re.findall(r"calling init: (/\S+)", loaded)
                   if os.path.basename(path) in packed and not path.startswith(str(self.kit))}
        self.assertIn(f"calling init: {self.kit}/build/lib/libmpi.so", loaded)
        self.assertEqual(outside, set())

    def test_a_python_without_pytorch_or_with_another_is_refused(self):
        self.packed()
        other = self.folder / "torch"
        (self.folder / "bin").mkdir()
        (self.folder / "bin/python3").write_text(f"#!/bin/sh\necho {other}\n")
        (self.folder / "bin/python3").chmod(0o755)
        self.python_first(self.folder / "bin")
        done = self.start("al_trial", "--version")
        self.assertEqual(done.returncode, 2)
        self.assertIn("has no PyTorch, expected", done.stderr)
        other.mkdir()
        (other / "version.py").write_text("__version__ = '0.4.1+cpu'\n")
        self.assertIn("has PyTorch 0.4.1, expected", self.start("al_trial", "--version").stderr)

    def test_what_is_too_large_or_incomplete_is_refused(self):
        with mock.patch.object(gpu_kit, "LIMIT", 1 << 20), mock.patch.object(sys, "argv", ["gpu_kit.py", str(BUILD), str(self.kit)]):
            self.assertEqual(gpu_kit.main(), 1)
        done = self.pack(build=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn("holds no al_mpi", done.stderr)


if __name__ == "__main__":
    unittest.main()
