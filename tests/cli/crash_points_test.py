#!/usr/bin/env python3
"""The farm dies at every labelled write, one after the other; the same command then leads to the same results."""
import subprocess
import unittest

import h5py

from harness import BUILD, ProgramTest

RANK_0 = ("lock.begun", "journal.before", "journal.middle", "journal.written", "journal.synced", "h5.begun",
          "h5.written", "h5.renamed")
ENGINE = ("checkpoint.begun", "checkpoint.written", "checkpoint.renamed")
COMPARED = ("/rounds", "/picks", "/confusion", "/curves")  # the rest tells times, hosts and attempts


class CrashPointsTest(ProgramTest):
    def sweep(self, name, *args, crash=None, expect=0):
        config = self.small_sweep(seeds="1-2")
        env = {"AL_MPI_ENGINE": str(BUILD / "fake_engine"), "FAKE_ENGINE_SECONDS": "0.001", "AL_MPI_LOG": "error"}
        return self.run_program("al_mpi", config, f"results.file={name}.h5", "--workers", 1, "loop.n_rounds=1",
                                "sweep.strategies=[margin_sampling]", *args, expect=expect,
                                env={**env, **({"AL_MPI_CRASH_AT": crash} if crash else {})})

    def assert_equal_to_undisturbed(self, name, places=COMPARED):
        for place in places:
            done = subprocess.run(["h5diff", "-v2", "whole.h5", f"{name}.h5", place], cwd=self.folder,
                                  capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, f"{name} {place}\n{done.stdout}{done.stderr}")
        self.run_program("al_mpi", "verify", f"{name}.h5")

    def count_crashes(self, label, survive):
        """Kills at the first, second, ... write with this label, until there is none left; how many there were."""
        for n in range(1, 1000):
            name = f"{label}.{n}".replace(".", "_")
            if not survive(name, f"{label}:{n}"):
                return n - 1
            self.assert_equal_to_undisturbed(name)

    def rank_0_dies(self, name, crash):
        died = self.sweep(name, crash=crash, expect=None).returncode == -9
        self.sweep(name)
        return died

    def engine_dies(self, name, crash):
        # Each new engine dies again: the trial fails in the end, or gets through by its checkpoints.
        self.sweep(name, crash=crash, expect=None)
        died = "Killed" in self.run_program("al_mpi", "journal", "export", f"{name}.h5").stdout
        self.sweep(name, "--retry-failed")
        return died

    def test_every_labelled_write(self):
        self.sweep("whole")
        print("| label | crashes, all resumed to equal results |\n|---|---|")
        for labels, survive in ((RANK_0, self.rank_0_dies), (ENGINE, self.engine_dies)):
            for label in labels:
                n = self.count_crashes(label, survive)
                self.assertGreater(n, 0, f"{label} is no crash point any more")
                print(f"| `{label}` | {n} |", flush=True)

    def test_checkpoints_of_the_real_engine(self):
        config = self.small_sweep(seeds="1")

        def sweep(name, **env):
            self.run_program("al_mpi", config, f"results.file={name}.h5", "--workers", 1, "loop.n_rounds=2",
                             "sweep.strategies=[bald_dropout]", "sweep.grid={training.reset: [full, none]}",
                             "farm.max_attempts=9", env=env)

        sweep("whole")
        for label in ENGINE:
            # Every engine dies at its second checkpoint: each goes on from what the one before it left.
            sweep(label, AL_MPI_CRASH_AT=f"{label}:2")
            self.assert_same_results("whole.h5", f"{label}.h5")  # /rounds without its times, which are real here
            self.assert_equal_to_undisturbed(label, places=COMPARED[1:])
            with h5py.File(self.folder / f"{label}.h5") as file:
                killed = [int(row["trial"]) for row in file["attempts"][:] if b"Killed" in row["message"]]
            self.assertEqual(set(killed), {0, 1}, "each trial was hit")
            print(f"| `{label}`, real engine | {len(killed)} |", flush=True)


if __name__ == "__main__":
    unittest.main()
