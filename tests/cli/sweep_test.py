#!/usr/bin/env python3
"""A whole sweep by real processes: the same numbers whatever the number of ranks, workers and interruptions."""
import os
import signal
import time
import unittest

import h5py

from harness import ProgramTest


class SweepTest(ProgramTest):
    def sweep(self, name, **kwargs):
        return self.run_program("al_mpi", self.small_sweep(), f"results.file={name}.h5", **kwargs)

    def wait_for_round(self, journal, seconds=60):
        path = self.folder / journal
        deadline = time.monotonic() + seconds
        while not (path.exists() and '"round"' in path.read_text()):
            self.assertLess(time.monotonic(), deadline, "no round was journaled")
            time.sleep(0.02)

    def test_numbers_do_not_depend_on_ranks_or_workers(self):
        self.run_program("al_mpi", self.small_sweep(), "--workers", 1, "results.file=alone.h5")
        self.run_program("al_mpi", self.small_sweep(), "--workers", 2, "results.file=two.h5")
        self.assert_same_results("alone.h5", "two.h5")
        for ranks in (1, 2, 4):
            self.sweep(f"ranks{ranks}", ranks=ranks)
            self.assert_same_results("alone.h5", f"ranks{ranks}.h5")
        with h5py.File(self.folder / "alone.h5") as file:
            self.assertEqual(len(file["rounds"]), 4 * 4)
            self.assertEqual(file.attrs["complete"], 1)
            for name in ("al_mpi", "git", "compiler", "libtorch", "hdf5", "mpi"):
                self.assertRegex(file.attrs[f"version_{name}"], r"\w")
            self.assertEqual(sum(map(int, file.attrs["class_counts"].split())), 120)

    def test_a_gpu_that_is_not_there_ends_the_sweep_at_once(self):
        hidden = {"CUDA_VISIBLE_DEVICES": ""}
        for ranks in (None, 2):
            with self.subTest(ranks=ranks):
                done = self.run_program("al_mpi", self.small_sweep(), "farm.device=cuda", ranks=ranks,
                                        env=hidden, expect=2)
                self.assertIn("no worker starts: device: 'cuda' is wanted, but LibTorch sees no GPU here (", done.stderr)
        done = self.run_program("al_trial", self.small_sweep(), "farm.device=cuda", env=hidden, expect=2)
        self.assert_one_line_error(done, "LibTorch sees no GPU here")

    def test_killed_at_any_time_and_started_again_gives_the_same_numbers(self):
        self.run_program("al_mpi", self.small_sweep(), "--workers", 2, "results.file=whole.h5")
        for delay in (0.5, 1.0, 1.8, 2.6):
            process = self.start_program("al_mpi", self.small_sweep(), "--workers", 2,
                                         "results.file=killed.h5")
            time.sleep(delay)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            self.assert_group_ends(process.pid)
        self.run_program("al_mpi", self.small_sweep(), "--workers", 2, "results.file=killed.h5")
        self.assert_same_results("whole.h5", "killed.h5")

    def test_a_larger_grid_extends_and_other_settings_are_refused(self):
        config = self.small_sweep(seeds="1")
        self.run_program("al_mpi", config, "--workers", 2)
        self.run_program("al_mpi", config, "--workers", 2, "sweep.seeds=1-3")
        with h5py.File(self.folder / "results/sweep.h5") as file:
            self.assertEqual(len(file["trials"]), 6)
            self.assertEqual(len(file["rounds"]), 6 * 4)
        before = (self.folder / "results/sweep.journal").read_bytes()
        done = self.run_program("al_mpi", config, "--workers", 2, "training.epochs=3", expect=2)
        self.assert_one_line_error(done, "training.epochs")
        self.assertEqual(before, (self.folder / "results/sweep.journal").read_bytes())

    def test_drained_sweep_exits_75_and_goes_on(self):
        self.run_program("al_mpi", self.small_sweep(seeds="1-4"), "--workers", 2, "results.file=whole.h5")
        process = self.start_program("al_mpi", self.small_sweep(seeds="1-4"), "--workers", 2,
                                     "results.file=drained.h5")
        self.wait_for_round("drained.journal")
        os.kill(process.pid, signal.SIGTERM)
        output = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 75, output)
        self.run_program("al_mpi", "status", "drained.h5", "--exit-code", expect=75)
        self.run_program("al_mpi", self.small_sweep(seeds="1-4"), "--workers", 2, "results.file=drained.h5")
        self.run_program("al_mpi", "status", "drained.h5", "--exit-code", expect=0)
        self.assert_same_results("whole.h5", "drained.h5")

    def test_a_crashing_child_is_replaced_and_its_trial_resumed(self):
        self.run_program("al_mpi", self.small_sweep(), "--workers", 2, "results.file=whole.h5")
        self.run_program("al_mpi", self.small_sweep(), "--workers", 2, "results.file=crashed.h5",
                         env={"AL_MPI_FAULT": "crash@2"})
        self.assert_same_results("whole.h5", "crashed.h5")

    def test_a_trial_that_always_fails_is_recorded_and_the_rest_goes_on(self):
        done = self.run_program("al_mpi", self.small_sweep(), "--workers", 2, expect=4,
                                env={"AL_MPI_FAULT": "error@1:margin_sampling/random/1",
                                     "AL_MPI_FAULT_ATTEMPTS": "99"})
        self.assertIn("margin_sampling/random/1", done.stdout + done.stderr)
        with h5py.File(self.folder / "results/sweep.h5") as file:
            states = {row["key"].decode(): row["state"].decode() for row in file["trials"][:]}
            self.assertEqual(states.pop("margin_sampling/random/1"), "failed")
            self.assertEqual(set(states.values()), {"done"})
        self.run_program("al_mpi", "status", "results/sweep.h5", "--exit-code", expect=4)
        self.run_program("al_mpi", self.small_sweep(), "--workers", 2, "--retry-failed")


if __name__ == "__main__":
    unittest.main()
