#!/usr/bin/env python3
"""`al_mpi launch` and the mpirun that it finds: what it says where it cannot go on. Lost ranks: farm_test.py."""
import os
import subprocess
import unittest

from harness import BUILD, MPI_ENV, ProgramTest

FAKE = {"AL_MPI_ENGINE": str(BUILD / "fake_engine")}


class LaunchTest(ProgramTest):
    def launch(self, *args, mpirun=None, expect):
        """`mpirun`: the lines of a shell script in its place."""
        env = dict(FAKE)
        if mpirun is not None:
            self.write("mpirun", f"#!/bin/sh\n{mpirun}\n").chmod(0o755)
            env["PATH"] = f"{self.folder}:{os.environ['PATH']}"
        return self.run_program("al_mpi", "launch", "-n", 2, self.small_sweep(), *args, env=env, expect=expect)

    def test_more_ranks_than_cores_as_a_user_starts_them(self):
        n = os.cpu_count() + 1
        if n > 9:
            self.skipTest(f"{n} ranks are too many for a test")
        allowed = [name for name in MPI_ENV if "mapping" in name or "oversubscribe" in name or "ROOT" in name]
        env = {name: value for name, value in self.environment(FAKE).items() if name not in allowed}
        done = subprocess.run([BUILD / "al_mpi", "launch", "-n", str(n), self.small_sweep()], cwd=self.folder, env=env,
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.run_program("al_mpi", "status", "results/sweep.h5", "--exit-code")

    def test_without_mpirun(self):
        done = self.run_program("al_mpi", "launch", "-n", 2, self.small_sweep(), env={**FAKE, "PATH": "/nowhere"}, expect=1)
        self.assert_one_line_error(done, "none that tells its version", "openmpi-bin", "al_mpi CONFIG")

    def test_mpirun_of_another_mpi_or_of_an_unknown_version(self):
        for version in ("HYDRA build details:", "mpirun (Open MPI) 9.0.1", "mpirun (Open MPI) 1.10.7"):
            with self.subTest(version):
                done = self.launch(mpirun=f"echo '{version}'", expect=1)
                self.assert_one_line_error(done, f"'{version}'", "Open MPI 4 or 5")
                self.assertFalse((self.folder / "results").exists())

    def test_mpirun_that_fails_at_once_gives_its_own_reason(self):
        for end, told in (("exit 213", "left with exit code 213"), ("kill -KILL $$", "was killed by signal 9")):
            with self.subTest(end):
                done = self.launch(expect=1, mpirun='[ "$1" = --version ] && exec echo "mpirun (Open MPI) 5.0.7"\n'
                                   f"echo 'an unrecognized option was included' >&2\n{end}")
                self.assertIn("an unrecognized option was included", done.stderr)
                self.assertIn(told, done.stderr.splitlines()[-1])
                self.assertNotIn("no progress", done.stderr)

    def test_settings_other_than_the_stored_ones(self):
        self.launch(expect=0)
        done = self.launch("training.epochs=3", expect=2)
        self.assert_one_line_error(done, "training.epochs")


if __name__ == "__main__":
    unittest.main()
