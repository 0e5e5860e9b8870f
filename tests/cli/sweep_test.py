#!/usr/bin/env python3
"""A whole sweep by real processes: the same numbers whatever the number of ranks, workers and interruptions."""
import os
import signal
import time
import unittest

import h5py
import numpy as np

from harness import SOURCE, ProgramTest


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

    def test_thumbnails_are_kept_where_asked_for_and_can_be_had_afterwards(self):
        self.sweep("plain")
        done = self.run_program("al_mpi", self.small_sweep(), "results.file=plain.h5", "results.thumbnails=3", "--dry-run")
        self.assertRegex(done.stdout, r"results.thumbnails=3: at most 12 pictures of 16 x 16 pixels, about 0\.0 MB")
        with h5py.File(self.folder / "plain.h5") as file:
            self.assertNotIn("pictures", file)
            index = file["picks"]["index"][(file["picks"]["trial"] == 0) & (file["picks"]["round"] == 3)][:3]
            self.assertEqual(file["map"].attrs["n_even"], 120)
            self.assertEqual(sorted(set(file["map"]["label"])), [0, 1, 2, 3])
            rounds = file["rounds"][:]
        done = self.run_program("al_mpi", self.small_sweep(), "results.file=plain.h5", "results.thumbnails=3")
        self.assertIn("results.thumbnails=3: at most 12 pictures", done.stderr)
        with h5py.File(self.folder / "plain.h5") as file:
            for name in index:
                png = bytes(file[f"pictures/pool-{name}"][:])
                self.assertEqual(png[:4], b"\x89PNG")
                self.assertEqual((png[19], png[23]), (16, 16))
            self.assertLessEqual(len(file["pictures"]), 12)
            np.testing.assert_array_equal(file["rounds"][:], rounds)  # nothing was trained again
        self.run_program("al_aggregate", "plain.h5", "-o", "plots", "--format", "none")
        self.assertIn('"gallery":[{"batches"', (self.folder / "plots/report.html").read_text())

    def test_a_segmentation_keeps_predictions_of_test_tiles_for_its_lowest_seed(self):
        self.write("pixels.yaml", """
dataset: {synthetic: {task: segmentation, n_train: 12, n_test: 5, tile: 16}}
model: {name: unet_resnet18}
training: {epochs: 1, batch_size: 8, learning_rate: 0.001}
loop: {n_init: 8, n_query: 2, n_rounds: 1}
sweep: {strategies: [random_sampling], inits: [random], seeds: 3-4}
results: {file: pixels.h5, thumbnails: 2}
""")
        self.run_program("al_mpi", "pixels.yaml", timeout=300)
        kept = lambda: {name: bytes(data[:]) for name, data in h5py.File(self.folder / "pixels.h5")["pictures"].items()}
        names = ["test-0", "test-0-label", "test-2", "test-2-label",
                 *(f"trial-0-test-{i}-{what}" for i in (0, 2) for what in ("entropy", "prediction"))]
        first = kept()
        self.assertEqual(sorted(n for n in first if not n.startswith("pool-")), names)
        self.assertEqual(len(first), len(names) + 2)
        self.assertEqual({(png[19], png[23]) for png in first.values()}, {(16, 16)})
        self.assertEqual(len(list((self.folder / "pixels.tiles").iterdir())), 1)
        (self.folder / "pixels.h5").unlink()  # made again from the journal
        self.run_program("al_mpi", "pixels.yaml")
        self.assertEqual(kept(), first)
        with h5py.File(self.folder / "pixels.h5") as file:
            self.assertTrue(set(file["map"]["label"]) <= set(range(-1, 11)))
        for tiles in (self.folder / "pixels.tiles").iterdir():
            tiles.write_bytes(b"no HDF5 file")
        done = self.run_program("al_mpi", "pixels.yaml")
        self.assertIn("no predictions of random_sampling/random/3 are shown", done.stderr)
        self.assertEqual(sorted(kept()), sorted(n for n in first if n.startswith("pool-")))

    def test_regions_are_the_same_whatever_the_ranks_and_after_a_kill(self):
        settings = ["dataset.synthetic.n_train=24", "dataset.synthetic.n_test=6", "training.epochs=1", "query.region=16",
                    "loop.n_init=8", "loop.n_query=8", "loop.n_rounds=3", "sweep.seeds=1",
                    "sweep.strategies=[entropy_sampling, predicted_class_random]"]
        sweep = ["al_mpi", SOURCE / "configs/demo_segmentation.yaml", *settings]
        self.run_program(*sweep, "--workers", 1, "results.file=alone.h5")
        self.run_program(*sweep, "results.file=ranks.h5", ranks=2)
        self.assert_same_results("alone.h5", "ranks.h5")
        process = self.start_program(*sweep, "--workers", 2, "results.file=killed.h5")
        self.wait_for_round("killed.journal")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        self.assert_group_ends(process.pid)
        self.run_program(*sweep, "--workers", 2, "results.file=killed.h5")
        self.assert_same_results("alone.h5", "killed.h5")
        with h5py.File(self.folder / "alone.h5") as file:
            rounds, picks = file["rounds"][:], file["picks"][:]
        self.assertEqual(len(picks), 2 * (8 + 3 * 8))
        self.assertLess(max(picks["index"]), 24 * 4)
        for row in rounds:
            bought = {pick["index"] for pick in picks if pick["trial"] == row["trial"] and pick["round"] <= row["round"]}
            self.assertEqual(len(bought), row["n_labeled"])
            self.assertEqual(row["pixels_labeled"], len(bought) * 16 * 16)
            self.assertEqual(row["images_visited"], len({index // 4 for index in bought}))
        done = self.run_program(*sweep, "results.file=alone.h5", "query.region=8", expect=2)
        self.assertIn("query.region: 16 in the results file, 8 now", done.stderr)
        done = self.run_program(*sweep, "results.file=other.h5", "query.region=24", expect=2)
        self.assertIn("24 does not divide the images of 32 x 32 pixels (what does: 1, 2, 4, 8, 16, 32;", done.stderr)

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
