#!/usr/bin/env python3
"""`cmake --install` to a prefix, which is then moved: the demo runs from there, and nothing needs the build folder."""
import os
import shutil
import subprocess
import unittest

from harness import BUILD, SOURCE, ProgramTest


class InstallTest(ProgramTest):
    def setUp(self):
        super().setUp()
        subprocess.run(["cmake", "--install", BUILD, "--prefix", self.folder / "prefix"], check=True,
                       stdout=subprocess.DEVNULL)
        self.prefix = self.folder / "moved"
        (self.folder / "prefix").rename(self.prefix)

    def test_the_demo_runs_from_the_new_place(self):
        config = self.prefix / "share/al_mpi/configs/demo.yaml"
        script = ("set -e\n"
                  f"mpirun --oversubscribe --bind-to none -n 2 al_mpi {config} sweep.seeds=1 loop.n_rounds=2 training.epochs=1\n"
                  "al_mpi status results/demo.h5\n"
                  "al_aggregate results/demo.h5 --output plots\n")
        command = ["sh", "-c", script]
        if os.geteuid() == 0:  # with an empty folder in the build folder's place
            hidden = f"mount -t tmpfs none {BUILD}"
            command = ["unshare", "--mount", "sh", "-c", f"{hidden} && test ! -e {BUILD}/al_mpi && {script}"]
        environment = self.environment({**os.environ, "PATH": f"{self.prefix / 'bin'}:{os.environ['PATH']}"})
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=200)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue((self.folder / "plots/learning_curves_random.svg").exists(), os.listdir(self.folder / "plots"))

    def test_configurations_documents_and_job_scripts_are_there(self):
        documents = self.prefix / "share/doc/al_mpi"
        for source, installed in (("configs", self.prefix / "share/al_mpi/configs"),
                                  ("slurm", self.prefix / "share/al_mpi/slurm"), ("docs", documents / "docs")):
            self.assertEqual({path.name for path in (SOURCE / source).iterdir()},
                             {path.name for path in installed.iterdir()})
        self.assertTrue((documents / "README.md").exists())
        self.assertTrue((self.prefix / "share/al_mpi/python/al_mpi.py").exists())
        self.assertIsNotNone(shutil.which("al_mpi", path=self.prefix / "bin"))


if __name__ == "__main__":
    unittest.main()
