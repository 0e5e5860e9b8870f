#!/usr/bin/env python3
"""Arrays as people store them, through al_trial pick; strategies and training that cannot tell anything, refused."""
import csv
import io
import re
import unittest

import h5py
import numpy as np

from harness import SMALL_SWEEP, SOURCE, ProgramTest

N, C, T, D = 40, 4, 6, 5


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class PickCases(ProgramTest):
    def setUp(self):
        super().setUp()
        self.rng = np.random.default_rng(1)
        self.logits = self.rng.normal(size=(N, C))
        self.probs = softmax(self.logits)
        self.mc = softmax(self.rng.normal(size=(T, N, C)))
        self.mask = (np.arange(N) < 8).astype("u1")
        self.features = self.rng.normal(size=(N, D))

    def pick(self, *args, strategy="margin_sampling", n=5, expect=0, **arrays):
        with h5py.File(self.folder / "in.h5", "w") as f:
            for name, values in arrays.items():
                f[name] = values
        which = [] if "--init" in args else ["--strategy", strategy]
        return self.run_program("al_trial", "pick", *which, "--input", "in.h5", "--n", n, *args, expect=expect)

    def indices(self, done):
        return [int(row["index"]) for row in csv.DictReader(io.StringIO(done.stdout))]

    def refused(self, *words, strategy="margin_sampling", args=(), expect=3, **arrays):
        self.assert_one_line_error(self.pick(*args, strategy=strategy, expect=expect, **arrays), *words)

    # --- values ---

    def test_what_is_no_probability_is_refused_with_row_sum_and_remedy(self):
        sums = self.logits.sum(1)
        self.refused("in.h5: /probs: row 8 sums to", f"{sums[8]:.6g}", "logits", "apply softmax",
                     probs=self.logits, labeled=self.mask)
        self.refused("row 0 sums to 100, not 1", "percent (divide by 100)", probs=100 * self.probs)
        self.refused("bytes (divide by 255)", probs=np.tile(np.array([[200, 50, 5, 0]], "u1"), (N, 1)))
        self.refused("sigmoid", "apply softmax", probs=np.full((N, C), 0.6))
        self.refused("apply exp", probs=np.log(self.probs))
        negative = self.probs.copy()
        negative[11] = [-0.1, 0.6, 0.3, 0.2]
        self.refused("row 11 sums to 1, not 1", "-0.1", probs=negative)
        for bad in (np.nan, np.inf):
            values = self.probs.copy()
            values[9, 2] = bad
            self.refused("row 9", "NaN or an infinity", probs=values)
            values[9] = self.probs[9]
            values[3, 0] = bad  # labelled: nobody asks
            self.pick(probs=values, labeled=self.mask)
        self.refused("/mc_probs: row 0 of pass 0 sums to", strategy="bald_dropout", mc_probs=self.mc * 2)
        for name, strategy in (("features", "badge"), ("embeddings", "typiclust"), ("predicted_losses", "loss_prediction")):
            values = (self.features if name != "predicted_losses" else self.features[:, 0]).copy()
            values[7] = np.nan
            self.refused(f"/{name}: row 7 holds a NaN", strategy=strategy, probs=self.probs, **{name: values})

    def test_one_class_is_refused(self):
        self.refused("/probs: is [40, 1]: of 1 class", "1 - p and p", probs=np.ones((N, 1)))
        self.refused("/mc_probs: is [6, 40, 1]", strategy="bald_dropout", mc_probs=np.ones((T, N, 1)))

    def test_rounded_and_half_precision_probabilities_are_fine(self):
        exact = self.indices(self.pick(probs=self.probs))
        for dtype in ("f8", ">f4", "f2"):
            self.assertEqual(set(self.indices(self.pick(probs=self.probs.astype(dtype)))), set(exact), dtype)
        self.pick(probs=np.round(self.probs, 3))
        votes = np.eye(C, dtype="i8")[np.arange(N) % C]
        for dtype in ("i1", "u1", "u4", "u8", "?"):
            self.assertEqual(len(self.indices(self.pick(probs=votes.astype(dtype)))), 5, dtype)

    def test_float64_keeps_the_order_of_differences_of_a_ten_billionth(self):
        order = self.rng.permutation(20)
        p = 0.6 + 1e-10 * order
        done = self.pick(strategy="least_confidence", n=20, probs=np.stack([p, 1 - p], 1))
        self.assertEqual(self.indices(done), np.argsort(order).tolist())

    def test_numbers_of_another_kind_are_named(self):
        self.refused("/probs", "expected numbers, found complex numbers", probs=self.probs.astype("c16"))
        self.refused("/probs", "expected numbers, found text", probs=np.full((N, C), b"0.25"))

    # --- shapes ---

    def test_exchanged_axes_are_refused_with_the_way_out(self):
        swapped = self.mc.transpose(1, 0, 2)
        self.refused("mc_probs", "first two axes are exchanged", strategy="bald_dropout", mc_probs=swapped, probs=self.probs)
        self.refused("mc_probs", "first two axes are exchanged", strategy="bald_dropout", mc_probs=swapped, labeled=self.mask)
        self.refused("read as 40 passes over 6 samples", "'labeled'", strategy="bald_dropout", mc_probs=swapped)
        self.refused("probs: the first two axes are exchanged", probs=self.probs.T, labeled=self.mask)
        self.pick(strategy="bald_dropout", mc_probs=self.mc)
        self.pick(strategy="bald_dropout", n=2, mc_probs=swapped, labeled=np.zeros(T))  # 40 passes indeed
        images = np.moveaxis(softmax(self.rng.normal(size=(N, 3, 3, C))), -1, -1)
        self.refused("classes are the last axis", probs=images)

    def test_arrays_of_other_sizes_are_all_listed(self):
        self.refused("the number of samples differs", "39 by features [39, 5]", "40 by probs [40, 4]", strategy="badge",
                     probs=self.probs, features=self.features[1:])
        self.refused("is [40], not [n, C] or [n, C, H, W]", probs=np.ones(N))
        self.refused("head_weight", "[4, 7]", "features [40, 5]", strategy="alfa_mix", features=self.features,
                     head_weight=np.ones((C, 7)), head_bias=np.ones(C))
        self.refused("is of 3 classes, another array of 4", strategy="bald_dropout", probs=self.probs, mc_probs=self.mc[:, :, :3])
        self.refused("no array of predictions (it holds: output)", output=self.probs)

    # --- labeled and labels ---

    def test_labeled_is_a_mask_of_any_type_and_no_list_of_indices(self):
        picks = self.indices(self.pick(probs=self.probs, labeled=self.mask))
        for dtype in ("?", "i8", "f8"):
            self.assertEqual(self.indices(self.pick(probs=self.probs, labeled=self.mask.astype(dtype))), picks)
        self.assertTrue(all(i >= 8 for i in picks))
        self.refused("'labeled' is a mask of n zeros and ones", probs=self.probs, labeled=np.arange(8))
        self.refused("/labeled: entry 2 is 2, not 0 or 1", "mask[indices] = True", probs=self.probs, labeled=np.arange(N))
        self.refused("/labeled: entry 0 is nan", probs=self.probs, labeled=np.full(N, np.nan))

    def test_all_labelled_is_refused_and_too_few_left_is_told(self):
        self.refused("all 40 samples are labelled", probs=self.probs, labeled=np.ones(N))
        done = self.pick(n=36, probs=self.probs, labeled=self.mask)
        self.assertEqual(len(self.indices(done)), 32)
        self.assertIn("32 of the 36 picks wanted", done.stderr)

    def test_labels_are_asked_for_and_checked_where_a_strategy_uses_them(self):
        arrays = {"features": self.features, "head_weight": self.rng.normal(size=(C, D)), "head_bias": np.zeros(C),
                  "labeled": self.mask}
        self.refused("alfa_mix needs 'labels'", strategy="alfa_mix", **arrays)
        labels = np.where(self.mask, np.arange(N) % C, -1)
        self.assertEqual(len(self.indices(self.pick(strategy="alfa_mix", labels=labels, **arrays))), 5)
        self.refused("/labels: sample 0 has no class number from 0 to 3", strategy="alfa_mix", labels=labels - 1, **arrays)
        self.refused("/labels: sample 9 has no class number", args=["--init", "stratified"],
                     probs=self.probs, labels=np.where(np.arange(N) == 9, np.nan, 1.0))

    # --- passes ---

    def test_passes_that_are_all_equal_tell_nothing(self):
        equal = np.repeat(self.mc[:1], T, 0)
        for strategy in ("bald_dropout", "power_bald", "batch_bald", "mean_std", "variation_ratio"):
            self.refused("all passes are equal", strategy, strategy=strategy, mc_probs=equal, probs=self.probs)
        self.pick(strategy="entropy_sampling_dropout", mc_probs=equal, probs=self.probs)  # a mean of them

    # --- help, scores ---

    def test_help_and_docs_list_every_array_with_its_shape_and_who_needs_it(self):
        text = self.run_program("al_trial", "pick", "--help").stdout
        docs = (SOURCE / "docs/strategies.md").read_text()
        blocks = re.findall(r"^  (\w+) (\[.*?\]): (.*)\n      (.*)$", text, re.M)
        self.assertEqual([b[0] for b in blocks], ["probs", "mc_probs", "features", "embeddings", "head_weight", "head_bias",
                                                  "predicted_losses", "labels", "costs", "candidate", "labeled"])
        for name, shape, meaning, who in blocks:
            self.assertIn(f"| `{name}` | {shape} | {meaning} | {who} |", docs)
        self.assertIn("alfa_mix", dict((b[0], b[3]) for b in blocks)["head_bias"])

    def test_every_array_that_a_strategy_lacks_is_in_the_help_under_its_name(self):
        text = self.run_program("al_trial", "pick", "--help").stdout
        who = {name: askers for name, askers in re.findall(r"^  (\w+) \[.*\n      (.*)$", text, re.M)}
        for strategy in ("margin_sampling", "bald_dropout", "badge", "bait", "kcenter_greedy", "typiclust", "prob_cover",
                         "cluster_margin", "cdal", "clasp", "loss_prediction", "alfa_mix", "class_balanced_random",
                         "max_herding", "uherding", "lcmd", "falcun", "drop_query", "refine", "predicted_class_random",
                         "true_class_random"):
            done = self.pick(strategy=strategy, expect=3, labeled=self.mask)
            found = re.search(rf"{strategy} needs '(\w+)'|an oracle needs the (labels)", done.stderr)
            self.assertIn(strategy, who[found.group(1) or found.group(2)])

    def test_all_scores_are_written_where_the_strategy_has_them(self):
        for strategy in ("margin_sampling", "entropy_sampling", "clasp", "cluster_margin", "bald_dropout", "batch_bald",
                         "loss_prediction", "two_stage"):
            done = self.pick("--scores", "s.csv", "query.stochastic=none", strategy=strategy, probs=self.probs,
                             mc_probs=self.mc, embeddings=self.features, predicted_losses=self.features[:, 0],
                             labeled=self.mask)
            rows = list(csv.DictReader((self.folder / "s.csv").read_text().splitlines()))
            self.assertEqual([int(r["index"]) for r in rows], list(range(8, N)), strategy)
            if strategy in ("margin_sampling", "entropy_sampling", "bald_dropout", "loss_prediction"):
                scores = {int(r["index"]): float(r["score"]) for r in rows}
                self.assertEqual(self.indices(done), sorted(scores, key=lambda i: -scores[i])[:5])
        done = self.pick("--scores", "s.csv", "query.partition=3", probs=self.probs)
        self.assertEqual(len((self.folder / "s.csv").read_text().splitlines()), N + 1)
        done = self.pick("--scores", "s.csv", strategy="kcenter_greedy", expect=2, embeddings=self.features)
        self.assert_one_line_error(done, "--scores", "kcenter_greedy has no score for every candidate")

    # --- strategies ---

    def test_prob_cover_takes_pools_of_separable_clusters_with_its_own_radius(self):
        n, clusters = 6000, 3
        y = self.rng.integers(0, clusters, n)
        centers = self.rng.normal(size=(clusters, 32))
        points = (centers[y] * 3 + 0.3 * self.rng.normal(size=(n, 32))).astype("f4")
        done = self.pick(strategy="prob_cover", n=10, embeddings=points, probs=np.full((n, clusters), 1 / clusters),
                         labeled=np.zeros(n))
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual(len({y[int(r["index"])] for r in rows[:clusters]}), clusters)
        self.assertGreater(sum(float(r["score"]) for r in rows[:clusters]), 0.95 * n)

    def test_a_schedule_asks_the_strategy_whose_round_it_is(self):
        arrays = {"probs": self.probs, "embeddings": self.features, "labeled": self.mask}
        two = "query.schedule=[{kcenter_greedy: 2}, MarginSampling]"
        for number, strategy in ((1, "kcenter_greedy"), (2, "kcenter_greedy"), (3, "margin_sampling"), (9, "margin_sampling")):
            scheduled = self.pick("--round", str(number), two, strategy="schedule", **arrays)
            alone = self.pick("--round", str(number), strategy=strategy, **arrays)
            self.assertEqual(scheduled.stdout, alone.stdout, number)
        done = self.pick("query.schedule=[kcenter_greedy, margin_sampling]", strategy="schedule", expect=2, **arrays)
        self.assert_one_line_error(done, "query.schedule", "write {kcenter_greedy: 3}")

    def test_baits_ridge_and_weight_are_settings(self):
        arrays = {"probs": self.probs, "features": self.features, "labeled": self.mask}
        own = self.indices(self.pick(strategy="bait", **arrays))
        others = [self.indices(self.pick(setting, strategy="bait", **arrays))
                  for setting in ("query.bait_ridge=0.001", "query.bait_ridge_on=mean", "query.bait_weight=0")]
        self.assertTrue(any(other != own for other in others))
        for setting, key in (("query.bait_ridge=0", "query.bait_ridge"), ("query.bait_weight=-1", "query.bait_weight"),
                             ("query.bait_ridge_on=max", "query.bait_ridge_on"), ("query.bait_lambda=2", "query.bait_lambda")):
            self.assert_one_line_error(self.pick(setting, strategy="bait", expect=2, **arrays), key)

    def test_dropout_strategies_without_dropout_are_refused_before_the_sweep_begins(self):
        self.write("s.yaml", SMALL_SWEEP.format(file="r/s.h5", seeds="1"))
        for strategy in ("bald_dropout", "margin_sampling_dropout", "power_bald", "batch_bald", "variation_ratio"):
            done = self.run_program("al_mpi", "s.yaml", "model.dropout=0", f"sweep.strategies=[random_sampling, {strategy}]",
                                    expect=2)
            self.assert_one_line_error(done, "model.dropout", "all passes are equal", strategy)
            self.assertFalse((self.folder / "r/s.h5").exists())
        for args, key in ((["model.dropout=0"], "model.dropout"), (["query.mc_passes=1"], "query.mc_passes")):
            done = self.run_program("al_trial", "s.yaml", "--strategy", "bald_dropout", *args, expect=2)
            self.assert_one_line_error(done, key)
        done = self.run_program("al_mpi", "s.yaml", "sweep.strategies=[two_stage]", "query.two_stage_first=bald_dropout",
                                "sweep.grid={model.dropout: [0.3, 0]}", expect=2)
        self.assert_one_line_error(done, "model.dropout", "two_stage")
        self.run_program("al_trial", "s.yaml", "--strategy", "margin_sampling", "model.dropout=0", "loop.n_rounds=0")

    # --- training that diverged ---

    def test_one_wild_step_is_a_failed_trial_with_that_reason_and_no_row(self):
        self.write("s.yaml", SMALL_SWEEP.format(file="r/s.h5", seeds="1"))
        wild = ("training.steps=1", "training.learning_rate=1e20")
        for extra in ((), ("model.name=mlp_probe",), ("training.pseudo_labels.weight=1",),
                      ("sweep.strategies=[loss_prediction]",)):
            with self.subTest(extra):
                file = f"r/{len(' '.join(extra))}.h5"
                self.run_program("al_mpi", "s.yaml", *wild, f"results.file={file}", *extra, expect=4)
                with h5py.File(self.folder / file) as f:
                    self.assertEqual(len(f["rounds"]), 0)
                    self.assertTrue(all(b"diverged in round 0" in e for e in f["trials"]["error"]))
                    self.assertTrue(all(s == b"failed" for s in f["trials"]["state"]))

    def test_a_segmentation_that_diverges_fails_too(self):
        done = self.run_program("al_trial", SOURCE / "configs/demo_segmentation.yaml", "--strategy", "random_sampling",
                                "training.steps=1", "training.learning_rate=1e20", "loop.n_rounds=0", "loop.n_init=4",
                                "dataset.synthetic.n_train=8", "dataset.synthetic.n_test=4", expect=3)
        self.assertIn("training: diverged in round 0", done.stderr)


if __name__ == "__main__":
    unittest.main()
