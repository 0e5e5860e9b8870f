#!/usr/bin/env python3
"""al_mpi tune, adaptive replication (sweep.target_ci) and --save-scores, as a user starts them."""
import unittest

import h5py
import numpy as np

from harness import ProgramTest

SWEEP = """
dataset: {{synthetic: {{n_train: 120, n_test: 60, n_classes: 4, tile: 16}}}}
model: {{name: linear_probe}}
training: {{epochs: 4, batch_size: 8, validation: {validation}}}
loop: {{n_init: 8, n_query: 8, n_rounds: 2}}
sweep: {{strategies: [margin_sampling], inits: [random, fps], seeds: 1-2}}
results: {{file: sweep.h5, snapshot_every: 0}}
"""


class TuneTest(ProgramTest):
    def config(self, validation=20):
        path = self.folder / "sweep.yaml"
        path.write_text(SWEEP.format(validation=validation))
        return path

    def tune(self, *args, expect=0, **kwargs):
        return self.run_program("al_mpi", "tune", self.config(**kwargs), "--output", "tuned.yaml",
                                "--workers", 2, *args, expect=expect)

    def test_the_table_and_the_configuration_of_the_best(self):
        done = self.tune("--learning-rates", "0.0001,0.1", "--weight-decays", "0", "--epochs", "2,8")
        rows = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(rows[0][:3], ["training.learning_rate", "training.steps", "training.weight_decay"])
        table = rows[1:5]
        accuracies = [float(row[3]) for row in table]
        self.assertEqual(accuracies, sorted(accuracies, reverse=True))
        # 2 and 8 epochs of the sweep to tune: 8 + 2 x 8 labels, 16 on average, are two batches.
        self.assertEqual({row[1] for row in table}, {"4", "16"})
        self.assertEqual(table[0][0], "0.1")  # a rate of 0.0001 learns nothing in so few steps
        with h5py.File(self.folder / "sweep.tune.h5") as file:
            rounds = file["rounds"][:]
            self.assertEqual(len(rounds), 2 * 2 * 2)  # rates x epochs x seeds; one initial set, one round
            self.assertEqual(set(rounds["strategy"]), {b"random_sampling"})
            self.assertEqual(set(rounds["n_labeled"]), {20 + 8})
            best = max(np.mean([r["validation_accuracy"] for r in rounds if r["settings"] == s])
                       for s in set(rounds["settings"]))
        self.assertAlmostEqual(accuracies[0], best, places=4)
        self.assertFalse((self.folder / "sweep.h5").exists())
        # The configuration that was written runs, with the chosen values and the own sweep.
        self.run_program("al_mpi", "tuned.yaml", "--workers", 2)
        with h5py.File(self.folder / "sweep.h5") as file:
            self.assertIn(f"learning_rate: {table[0][0]}", file.attrs["config"])
            self.assertIn(f"steps: {table[0][1]}", file.attrs["config"])
            self.assertEqual(set(file["rounds"]["steps"]), {float(table[0][1])})
            self.assertEqual(len(file["trials"]), 4)

    def test_epochs_of_the_round_are_tuned_as_epochs(self):
        done = self.tune("--learning-rates", "0.1", "--weight-decays", "0", "--epochs", "2,4", "training.steps=0")
        self.assertEqual(done.stdout.split()[0], "training.epochs")
        self.assertRegex((self.folder / "tuned.yaml").read_text(), "epochs: [24]")

    def test_nothing_is_overwritten(self):
        (self.folder / "tuned.yaml").write_text("mine")
        self.assert_one_line_error(self.tune(expect=2), "tuned.yaml", "exists")
        self.assertEqual((self.folder / "tuned.yaml").read_text(), "mine")
        self.assertFalse((self.folder / "sweep.tune.h5").exists())

    def test_bad_input(self):
        self.assert_one_line_error(self.tune(expect=2, validation=0), "training.validation")
        self.assert_one_line_error(self.tune("sweep.grid={loop.n_init: [8, 9]}", expect=2), "sweep.grid")
        self.assert_one_line_error(self.tune("--learning-rates", "0", expect=2), "--learning-rates")
        self.assert_one_line_error(self.tune("--epochs", "2,x", expect=2), "--epochs")
        self.assertFalse((self.folder / "tuned.yaml").exists())


class ReplicationTest(ProgramTest):
    def run_sweep(self, *overrides, **kwargs):
        (self.folder / "sweep.yaml").write_text(SWEEP.format(validation=0))
        return self.run_program("al_mpi", "sweep.yaml", "sweep.max_seeds=6", *overrides, **kwargs)

    def finals(self):
        """(strategy, init) -> {seed: last accuracy}"""
        cells = {}
        with h5py.File(self.folder / "sweep.h5") as file:
            for row in file["rounds"][:]:
                if row["round"] == 2:
                    cells.setdefault((row["strategy"], row["init"]), {})[int(row["seed"])] = row["accuracy"]
        return cells

    def test_seeds_are_added_until_the_interval_is_narrow_or_the_limit_is_reached(self):
        from scipy import stats
        self.run_sweep("--workers", 2, "sweep.target_ci=0.08")
        cells = self.finals()
        self.assertEqual(len(cells), 2)
        for values in cells.values():
            n = len(values)
            self.assertEqual(sorted(values), list(range(1, n + 1)))
            std = np.std(list(values.values()), ddof=1)
            width = stats.t.ppf(0.975, n - 1) * std / np.sqrt(n)
            self.assertTrue(width <= 0.08 or n == 6, (n, width))
        self.assertTrue(any(len(values) > 2 for values in cells.values()))
        # Nothing is left to do, and asking for less precision takes nothing away.
        again = self.run_sweep("--workers", 2, "sweep.target_ci=0.08")
        self.assertEqual(self.finals(), cells, again.stderr)

    def test_the_number_of_seeds_does_not_depend_on_how_the_sweep_was_run(self):
        self.run_sweep("--workers", 2, "sweep.target_ci=0.08")
        alone = self.finals()
        (self.folder / "sweep.h5").unlink()
        (self.folder / "sweep.journal").unlink()
        self.run_program("al_mpi", "launch", "-n", 2, "sweep.yaml", "sweep.max_seeds=6", "sweep.target_ci=0.08")
        self.assertEqual(self.finals(), alone)


class ScoresTest(ProgramTest):
    def test_scores_of_the_whole_pool(self):
        (self.folder / "sweep.yaml").write_text(SWEEP.format(validation=0))
        self.run_program("al_mpi", "sweep.yaml", "--workers", 2, "--save-scores", "sweep.seeds=1", "sweep.inits=random")
        files = sorted((self.folder / "sweep.scores").glob("*/round_*.h5"))
        self.assertEqual([f.name for f in files], ["round_1.h5", "round_2.h5"])
        with h5py.File(self.folder / "sweep.h5") as results, h5py.File(files[1]) as scores:
            picks = [p for p in results["picks"][:] if p["round"] == 2]
            self.assertEqual(len(scores["index"]), 120 - 16)
            of_index = dict(zip(scores["index"][:], scores["score"][:]))
            for pick in picks:
                self.assertEqual(of_index[pick["index"]], pick["score"])
            self.assertGreaterEqual(picks[-1]["score"],
                                    max(s for i, s in of_index.items() if i not in {p["index"] for p in picks}))
            self.assertEqual(scores["score"].compression, "gzip")
            self.assertEqual(scores.attrs["key"], "margin_sampling/random/1")


if __name__ == "__main__":
    unittest.main()
