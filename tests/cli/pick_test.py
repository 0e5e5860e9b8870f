#!/usr/bin/env python3
"""al_trial pick: a strategy on stored arrays, its output and its complaints."""
import csv
import io
import unittest

import h5py
import numpy as np

from harness import SOURCE, ProgramTest

ORACLE = SOURCE / "tests" / "data" / "reference.h5"


class PickTest(ProgramTest):
    def pick(self, *args, expect=0, group="classification"):
        return self.run_program("al_trial", "pick", "--input", ORACLE, "--group", group, *args, expect=expect)

    def indices(self, text):
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual([int(row["order"]) for row in rows], list(range(len(rows))))
        return [int(row["index"]) for row in rows]

    def test_picks_what_the_reference_implementation_picks(self):
        with h5py.File(ORACLE) as f:
            expected = f["classification/picked/MarginSampling"][:].tolist()
        self.assertEqual(self.indices(self.pick("--strategy", "MarginSampling", "--n", "32").stdout), expected)

    def test_a_file_holds_what_standard_output_shows(self):
        shown = self.pick("--strategy", "badge_", "--n", "4", expect=3)
        self.assert_one_line_error(shown, "badge needs 'features'", "mc_probs, picked, probs")
        shown = self.pick("--init", "kmeans", "--n", "4", "--seed", "3").stdout
        self.pick("--init", "kmeans", "--n", "4", "--seed", "3", "--output", "picks.csv")
        self.assertEqual((self.folder / "picks.csv").read_text(), shown)
        self.assertEqual(len(self.indices(shown)), 4)

    def test_candidates_may_be_fewer_than_what_is_not_labelled(self):
        def pick(candidate, expect=0):
            with h5py.File(self.folder / "few.h5", "w") as file:
                file["probs"] = np.tile([0.6, 0.4], (6, 1))
                file["labeled"] = [1, 1, 0, 0, 0, 0]
                file["candidate"] = candidate
            return self.run_program("al_trial", "pick", "--strategy", "margin_sampling", "--input", "few.h5", expect=expect)
        self.assertEqual(sorted(self.indices(pick([0, 0, 1, 0, 1, 0]).stdout)), [2, 4])
        self.assert_one_line_error(pick([0, 1, 1, 0, 0, 0], 3), "few.h5", "candidate", "sample 1, which is labelled")
        self.assert_one_line_error(pick([0] * 6, 3), "few.h5", "candidate", "marks no sample")

    def test_images_are_ranked_by_their_pixels(self):
        mean = self.pick("--strategy", "entropy_sampling", "--n", "8", "query.pixel_reduction=mean",
                         group="segmentation").stdout
        self.assertEqual(sorted(self.indices(mean)), list(range(8)))

    def test_the_seed_decides_random_picks(self):
        first, same, other = (self.indices(self.pick("--strategy", "random_sampling", "--seed", seed).stdout)
                              for seed in "112")
        self.assertEqual(first, same)
        self.assertNotEqual(first, other)

    def test_bad_arguments_are_one_line(self):
        for args, code, *holds in [
            (["--strategy", "margin_samplng"], 2, "--strategy", "margin_sampling"),
            (["--n", "3"], 2, "--strategy or --init"),
            (["--strategy", "margin_sampling", "--n", "-1"], 2, "--n"),
            (["--strategy", "margin_sampling", "query.mc_pases=3"], 2, "mc_passes"),
            (["--strategy", "bald_dropout", "query.mc_passes=11"], 3, "holds 10 passes"),
            (["--strategy", "adversarial_bim"], 3, "adversarial_bim needs a network"),
            (["--strategy", "boss"], 3, "boss needs a network"),
        ]:
            with self.subTest(args):
                self.assert_one_line_error(self.pick(*args, expect=code), *holds)
        done = self.pick("--strategy", "margin_sampling", group="nothing", expect=3)
        self.assert_one_line_error(done, "/nothing", "no such group")


if __name__ == "__main__":
    unittest.main()
