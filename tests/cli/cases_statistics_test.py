#!/usr/bin/env python3
"""Results as people have them, through al_aggregate: few seeds, gaps, names and files of one's own, many strategies."""
import csv
import itertools
import json
import math
import re
import subprocess
import unittest

import h5py
import numpy as np
from scipy import stats

from harness import ProgramTest

TWO = """RandomSampling_random,1,a,0.50
RandomSampling_random,1,a,0.70
RandomSampling_random,2,b,0.60
RandomSampling_random,2,b,0.75
MarginSampling_random,1,c,0.50
MarginSampling_random,1,c,0.80
MarginSampling_random,2,d,0.60
MarginSampling_random,2,d,0.85
"""


def line(strategy, seed, value, init="random"):
    return f"{strategy}_{init},{seed},{strategy}-{init}-{seed},{value}\n"


def study(strategies, seeds=(1, 2, 3), rounds=5, value=None):
    """Rising curves that differ by strategy and seed."""
    value = value or (lambda s, seed, r: round(0.9 - 0.6 / (1 + r) + 0.004 * s + 0.01 * math.sin(7 * seed + 3 * s + r), 4))
    return "".join(line(name, seed, value(s, seed, r))
                   for s, name in enumerate(strategies) for seed in seeds for r in range(rounds))


class StatisticsTest(ProgramTest):
    def imported(self, text, name="study", *args):
        self.write(f"{name}.log", text)
        return self.run_program("al_aggregate", "import-log", f"{name}.log", "-o", f"{name}.h5", *args)

    def aggregated(self, text, *args, formats="svg", expect=0):
        self.imported(text)
        done = self.run_program("al_aggregate", "study.h5", "-o", "plots", "--format", formats, *args, expect=expect)
        self.assertNotIn("gnuplot", done.stdout + done.stderr)
        return done

    def table(self, name):
        return list(csv.DictReader((self.folder / f"plots/tables/{name}.csv").read_text().splitlines()))

    def numbers(self):
        return json.loads((self.folder / "plots/numbers.json").read_text())

    # --- a deviation of nothing ---

    def assert_no_tests(self, done):
        for row in self.table("comparisons"):
            for column in ("t", "p t", "Holm t", "p Wilcoxon", "Holm Wilcoxon", "g", "interval low", "interval high",
                           "seeds 1 pt", "seeds 2 pt"):
                self.assertEqual(row[column], "", column)
        for row in self.table("ranks"):
            self.assertEqual(row["p"], "")
        self.assertNotIn("<0.0001", done.stdout)
        self.assertNotIn("0.0001", (self.folder / "plots/tables/tables.md").read_text())
        self.assertNotRegex((self.folder / "plots/critical_difference.svg").read_text(), r"p [=&<]|nan")
        for group in self.numbers()["groups"]:
            self.assertFalse(any(any(row) for row in group["penalty"] + group["penalty_holm"]))

    def test_two_seeds_with_equal_differences_have_no_p_anywhere(self):
        done = self.aggregated(TWO)
        self.assert_no_tests(done)
        self.assertIn("+0.0500", done.stdout)
        self.assertEqual(self.table("comparisons")[0]["won/tied/lost"], "2/0/0")

    def test_constant_curves_and_equal_strategies_have_no_p_either(self):
        self.assert_no_tests(self.aggregated(study(["RandomSampling", "MarginSampling"], value=lambda s, seed, r: 0.5)))
        self.assert_no_tests(self.aggregated(study(["RandomSampling", "MarginSampling"],
                                                   value=lambda s, seed, r: 0.5 + 0.1 * s)))

    def test_differences_that_vary_keep_their_p(self):
        self.aggregated(study(["RandomSampling", "MarginSampling"], seeds=range(1, 7)))
        self.assertTrue(all(0 < float(row["p t"]) < 1 for row in self.table("comparisons")))

    # --- rounds without a value ---

    def test_nan_in_the_first_or_a_middle_round_is_counted_shown_and_never_bridged(self):
        for bad in ("nan", "inf", "-inf"):
            for gap in (0, 2):
                with self.subTest(bad=bad, gap=gap):
                    text = study(["RandomSampling", "MarginSampling"], value=lambda s, seed, r: bad if (
                        s, seed, r) == (1, 2, gap) else 0.1 * r + 0.01 * s * seed)
                    done = self.aggregated(text)
                    self.assertIn("3/3, 1 with missing values", done.stdout)
                    self.assertRegex(done.stdout, rf"margin_sampling: 1 of 3 seeds lack values of accuracy: seed 2 at 1 of 5 "
                                                  rf"rounds \(first: {32 * (gap + 1)} labels\)")
                    row = self.table("summary")[1]
                    self.assertEqual((row["n"], row["n AULC"]), ("3", "2"))
                    at_gap = [r for r in self.table("rounds") if r["strategy"] == "margin_sampling"][gap]
                    self.assertEqual(at_gap["n"], "2")

    def test_a_line_breaks_where_no_seed_has_a_value(self):
        gap = lambda s, seed, r: "nan" if (s, r) == (1, 2) else 0.1 * r + 0.01 * s * seed
        self.aggregated(study(["RandomSampling", "MarginSampling"], value=gap))
        panel = json.loads(re.search(r'<script[^>]*application/json[^>]*>(.*?)</script>',
                                     (self.folder / "plots/report.html").read_text(), re.S).group(1))["panels"][0]
        margin = next(s for s in panel["strategies"] if s["name"] == "margin_sampling")
        self.assertEqual((margin["mean"][2], margin["n"][2]), (None, 0))
        self.assertEqual(self.table("summary")[1]["n AULC"], "0")

    def test_a_log_of_nothing_but_nan_is_one_line_and_exit_code_3(self):
        done = self.imported("RandomSampling_random,1,a,nan\nMarginSampling_random,1,b,nan\n")
        self.assertIn("2 values of 2 trials are NaN or infinite", done.stdout)
        done = self.run_program("al_aggregate", "study.h5", "-o", "plots", expect=3)
        self.assert_one_line_error(done, "study.h5", "2 trials, 2 rounds", "no metric holds a finite number")
        done = self.run_program("al_aggregate", "study.h5", "-o", "plots", "--metric", "accuracy", expect=3)
        self.assert_one_line_error(done, "no metric holds a finite number")

    def test_a_strategy_of_nothing_but_nan_does_not_spoil_the_others(self):
        done = self.aggregated(study(["RandomSampling", "MarginSampling", "BALDDropout"],
                                     value=lambda s, seed, r: "nan" if s == 1 else 0.1 * r + 0.01 * s * seed))
        self.assertIn("3 of 3 seeds lack values", done.stdout)
        self.assertIn("bald_dropout", done.stdout)

    # --- equivalence, ranks without some seeds, data saved: against scipy and by brute force ---

    def random_study(self, seeds=7, rounds=4):
        """Strategies of several effects on random curves: values[strategy][seed][round], two initial sets."""
        rng = np.random.default_rng(5)
        names = ["RandomSampling", "MarginSampling", "EntropySampling", "KCenterGreedy"]
        effects, noise = [0.0, 0.03, 0.001, -0.02], [0.004, 0.01, 0.002, 0.03]
        values = {}
        for init in ("random", "kmeans"):
            shared = rng.normal(0, 0.03, (seeds, rounds)) + 0.9 - 0.5 / (1 + np.arange(rounds))
            for name, effect, spread in zip(names, effects, noise):
                values[init, name] = shared + effect * np.arange(rounds) + rng.normal(0, spread, (seeds, rounds))
        text = "".join(line(name, seed + 1, repr(float(v[seed, r])), init) for (init, name), v in values.items()
                       for seed in range(seeds) for r in range(rounds))
        return text, values

    @staticmethod
    def scores(curves):
        """Of every seed: area by trapezoids over equal steps, and last value."""
        return {"AULC": (curves[:, :-1] + curves[:, 1:]).mean(axis=1) / 2, "final": curves[:, -1]}

    @staticmethod
    def holm(p):
        adjusted, before = np.empty(len(p)), 0.0
        for i, k in enumerate(np.argsort(p)):
            before = adjusted[k] = max(before, min(1.0, p[k] * (len(p) - i)))
        return adjusted

    def test_equivalence_agrees_with_scipy(self):
        text, values = self.random_study()
        margin = 0.015
        self.aggregated(text, "--equivalence-margin", margin, formats="none")
        classes = {"MarginSampling": "margin_sampling", "EntropySampling": "entropy_sampling", "KCenterGreedy": "kcenter_greedy"}
        rows = {(r["init"], r["strategy"], r["measure"]): r for r in self.table("equivalence")}
        self.assertEqual(len(rows), 2 * 3 * 2)
        seen = set()
        for init in ("random", "kmeans"):
            base = self.scores(values[init, "RandomSampling"])
            for measure in ("AULC", "final"):
                mine = [self.scores(values[init, name])[measure] for name in classes]
                low = [stats.ttest_rel(m + margin, base[measure], alternative="greater").pvalue for m in mine]
                high = [stats.ttest_rel(m - margin, base[measure], alternative="less").pvalue for m in mine]
                for i, strategy in enumerate(classes.values()):
                    row = rows[init, strategy, measure]
                    self.assertAlmostEqual(float(row["p equivalent"]), max(low[i], high[i]), 9)
                    self.assertAlmostEqual(float(row["Holm no worse"]), self.holm(low)[i], 9)
                    self.assertAlmostEqual(float(row["Holm no better"]), self.holm(high)[i], 9)
                    self.assertAlmostEqual(float(row["Holm equivalent"]), self.holm(np.maximum(low, high))[i], 9)
                    d = mine[i] - base[measure]
                    ends = stats.t.interval(0.9, len(d) - 1, d.mean(), stats.sem(d))
                    self.assertAlmostEqual(float(row["narrow interval low"]), ends[0], 9)
                    self.assertAlmostEqual(float(row["narrow interval high"]), ends[1], 9)
                    seen.add(row["shown"])
        self.assertGreaterEqual(len(seen), 3, seen)  # the study is not all of one kind
        written = (self.folder / "plots/tables/tables.md").read_text()
        self.assertIn("against random_sampling in AULC, shown at level 0.05: ", written)

    def test_ranks_without_some_seeds_agree_with_brute_force(self):
        text, values = self.random_study()
        self.aggregated(text, formats="none")
        names = ["random_sampling", "margin_sampling", "entropy_sampling", "kcenter_greedy"]
        for measure in ("AULC", "final"):
            # ranks[seed][strategy], summed over both initial sets
            scores = np.array([[self.scores(values[init, name])[measure] for name in
                                ("RandomSampling", "MarginSampling", "EntropySampling", "KCenterGreedy")]
                               for init in ("random", "kmeans")])
            ranks = stats.rankdata(-scores, axis=1).sum(axis=0).T

            def places(seeds):
                sums = ranks[list(seeds)].sum(axis=0)
                return np.array([1 + (sums < s - 1e-9).sum() for s in sums])

            everyone = places(range(7))
            halves = np.array([places(s) for s in itertools.combinations(range(7), 4)])
            one_out = np.array([places(s) for s in itertools.combinations(range(7), 6)])
            rows = {r["strategy"]: r for r in self.table("stability") if r["measure"] == measure}
            for i, name in enumerate(names):
                row = rows[name]
                self.assertEqual((int(row["seeds"]), int(row["place"]), int(row["halves"])), (7, everyone[i], 35))
                for column, expected in (("one out: same place", one_out[:, i] == everyone[i]), ("one out: first", one_out[:, i] == 1),
                                         ("halves: same place", halves[:, i] == everyone[i]), ("halves: first", halves[:, i] == 1)):
                    self.assertAlmostEqual(float(row[column]), expected.mean(), 9, column)
                self.assertEqual((int(row["halves: best place"]), int(row["halves: worst place"])),
                                 (halves[:, i].min(), halves[:, i].max()))
        self.assertIn("is first by AULC over 7 seeds", (self.folder / "plots/tables/tables.md").read_text())

    def test_data_saved_agrees_with_a_bootstrap_of_ones_own(self):
        text, values = self.random_study(seeds=10)
        self.aggregated(text, "--target", "0.68,0.72", formats="none")
        labels = 32.0 * (1 + np.arange(4))

        def reach(curve, target):
            best = np.maximum.accumulate(curve)
            i = int(np.argmax(best >= target)) if (best >= target).any() else -1
            return np.inf if i < 0 else labels[0] if i == 0 else labels[i - 1] + 32 * (target - best[i - 1]) / (curve[i] - best[i - 1])

        rng = np.random.default_rng(1)
        draws = rng.integers(0, 10, (20000, 10))
        base, mine = values["random", "RandomSampling"], values["random", "MarginSampling"]
        rows = [r for r in self.table("savings") if (r["init"], r["strategy"]) == ("random", "margin_sampling")]
        self.assertEqual([r["which"] for r in rows], ["baseline's last", "--target", "--target"])
        for row in rows:
            fixed = row["which"] == "--target"
            target = float(row["value"])
            b, m = reach(base.mean(axis=0), target), reach(mine.mean(axis=0), target)
            self.assertAlmostEqual(float(row["labels"]), m, 6)
            self.assertAlmostEqual(float(row["saved"]), b - m, 6)
            saved = []
            for d in draws:
                x, y = base[d].mean(axis=0), mine[d].mean(axis=0)
                at = target if fixed else x[-1]
                saved.append(reach(x, at) - reach(y, at))
            low, high = np.percentile(saved, [2.5, 97.5])
            self.assertAlmostEqual(float(row["saved interval low"]), low, delta=1.5)  # 1000 resamples against 20000
            self.assertAlmostEqual(float(row["saved interval high"]), high, delta=1.5)
            self.assertLess(float(row["share interval low"]), float(row["saved share"]))

    def test_an_oracle_is_a_dashed_line_and_strategies_have_a_share_of_its_gain(self):
        gains = {"RandomSampling": 0.0, "MarginSampling": 0.05, "class_balanced_random": 0.2}
        names = list(gains)
        text = study(names, value=lambda s, seed, r: 0.3 + 0.1 * r + gains[names[s]] + 0.001 * ((seed + s * r) % 3))
        self.aggregated(text)
        svg = (self.folder / "plots/learning_curves_random.svg").read_text()
        self.assertIn("class_balanced_random (oracle)", svg)
        line_of = svg[svg.index("class_balanced_random (oracle)"):][:2000]
        self.assertIn("stroke-dasharray", line_of)
        rows = {(r["strategy"], r["measure"]): r for r in self.table("comparisons")}
        row = rows["margin_sampling", "AULC"]
        self.assertEqual(row["oracle"], "class_balanced_random")
        oracle = float(rows["class_balanced_random", "AULC"]["difference"])
        self.assertAlmostEqual(float(row["share of its gain"]), float(row["difference"]) / oracle, 9)
        self.assertLessEqual(float(row["share interval low"]), float(row["share of its gain"]))
        numbers = next(c for c in self.numbers()["panels"][0]["comparisons"] if c["strategy"] == "margin_sampling")
        self.assertAlmostEqual(numbers["oracle"]["share"], float(row["share of its gain"]))
        self.assertIn("(oracle) gains 0.", (self.folder / "plots/report.html").read_text())
        self.aggregated(study(names[:2]), formats="none")
        self.assertEqual({r["oracle"] for r in self.table("comparisons")}, {"none"})
        self.assertEqual({r["share of its gain"] for r in self.table("comparisons")}, {""})

    # --- shapes of studies ---

    def test_one_seed_one_strategy_one_round(self):
        for seeds in ((1,), (1, 2)):
            for strategies in (["MarginSampling"], ["RandomSampling"], ["RandomSampling", "MarginSampling"]):
                for rounds in (1, 2):
                    with self.subTest(seeds=seeds, strategies=strategies, rounds=rounds):
                        done = self.aggregated(study(strategies, seeds, rounds))
                        self.assertNotIn("<0.0001", done.stdout)
                        for row in self.table("comparisons") if len(strategies) > 1 else []:
                            if len(seeds) == 1:
                                self.assertEqual((row["p t"], row["p Wilcoxon"]), ("", ""))

    def test_unequal_numbers_of_rounds_are_reported_not_mixed(self):
        done = self.aggregated(study(["RandomSampling"], rounds=5) + study(["MarginSampling"], rounds=3))
        self.assertIn("margin_sampling: 0 of 3 seeds reach 160 labels", done.stdout)
        row = next(r for r in self.table("summary") if r["strategy"] == "margin_sampling")
        self.assertEqual((row["n"], row["final mean"], row["n AULC"]), ("0", "", "0"))

    def test_a_seed_that_ran_twice_is_taken_once(self):
        self.write("study.log", TWO + "MarginSampling_random,2,again,0.99\nMarginSampling_random,2,again,0.99\n")
        done = self.run_program("al_aggregate", "import-log", "study.log", "-o", "study.h5")
        self.assertIn("margin_sampling/random/2 was run twice", done.stdout)
        self.run_program("al_aggregate", "study.h5", "-o", "plots", "--format", "none")
        row = next(r for r in self.table("summary") if r["strategy"] == "margin_sampling")
        self.assertAlmostEqual(float(row["final mean"]), 0.825)

    def test_files_with_other_metrics_stand_beside_each_other(self):
        self.imported(TWO, "a")
        self.imported(TWO, "b", "--metric", "macro_f1")
        done = self.run_program("al_aggregate", "a.h5", "b.h5", "-o", "plots", "--format", "svg")
        self.assertIn("b / random: no round has a finite accuracy; left out", done.stdout)
        self.assertEqual({r["dataset"] for r in self.table("summary")}, {"a"})
        done = self.run_program("al_aggregate", "a.h5", "b.h5", "-o", "plots", "--metric", "macro_f1", "--format", "svg")
        self.assertEqual({r["dataset"] for r in self.table("summary")}, {"b"})
        done = self.run_program("al_aggregate", "a.h5", "b.h5", "-o", "plots", "--metric", "nll", expect=2)
        self.assert_one_line_error(done, "no finite 'nll'", "accuracy, macro_f1")

    def test_a_metric_missing_in_a_part_of_one_group_is_counted(self):
        self.imported(study(["RandomSampling"]), "a")
        self.imported(study(["MarginSampling"]), "b", "--metric", "macro_f1")
        for name in "ab":
            with h5py.File(self.folder / f"{name}.h5", "a") as f:
                f.attrs["dataset_fingerprint"] = f.attrs["settings_fingerprint"] = "same"
        done = self.run_program("al_aggregate", "a.h5", "b.h5", "-o", "plots", "--format", "svg")
        self.assertIn("3/3, 3 with missing values", done.stdout)

    # --- logs as editors and spreadsheets leave them ---

    def test_marks_blanks_headers_and_names_of_ones_own(self):
        text = "\ufeffstrategy,seed,uuid,accuracy\r\n\r\n" + TWO.replace("\n", ",\r\n \r\n") + \
            "MyMethod_kmeans_plus_plus,1,e,0.5\r\nMyMethod_kmeans_plus_plus,1,e,0.6\r\n"
        done = self.imported(text)
        self.assertIn("strategy 'MyMethod' is not one of al_mpi's", done.stdout)
        self.assertIn("5 trials, 10 rounds", done.stdout)
        self.assertNotIn("interleaved", done.stdout)
        done = self.run_program("al_aggregate", "study.h5", "-o", "plots", "--format", "svg")
        self.assertIn("MyMethod", done.stdout)
        again = self.run_program("al_aggregate", "export", "study.h5", "--reference-log").stdout
        self.assertIn("MyMethod_kmeans_plus_plus,1,", again)

    def test_a_line_of_another_shape_is_named(self):
        self.write("bad.log", TWO + "MarginSampling_random,3\n")
        done = self.run_program("al_aggregate", "import-log", "bad.log", "-o", "bad.h5", expect=3)
        self.assert_one_line_error(done, "bad.log", "line 9", "expected Strategy_init,seed,uuid,value")

    # --- many strategies, long names ---

    def texts(self, name):
        """(x, y, anchor, text) of what a figure says, but for turned text, in its own units."""
        svg = (self.folder / f"plots/{name}.svg").read_text()
        found = re.findall(r'translate\(([\d.]+),([\d.]+)\)"[^>]*text-anchor="(\w+)">\s*<text[^>]*>(.*?)</text>', svg, re.S)
        return [(float(x), float(y), anchor, re.sub("<[^>]*>", "", text).strip()) for x, y, anchor, text in found], svg

    def assert_apart(self, texts):
        """No two lines of text cover each other (7 units a letter, 12 a line)."""
        boxes = []
        for x, y, anchor, text in texts:
            width = 5.5 * len(text)
            left = x - {"start": 0, "middle": width / 2, "end": width}[anchor]
            boxes.append((left, left + width, y, text))
        for i, (l1, r1, y1, t1) in enumerate(boxes):
            for l2, r2, y2, t2 in boxes[i + 1:]:
                self.assertFalse(l1 < r2 and l2 < r1 and abs(y1 - y2) < 9, f"'{t1}' and '{t2}'")

    def test_figures_of_25_strategies_have_their_legend_below_in_columns_and_no_text_on_text(self):
        names = [f"Method{chr(65 + i)}{'Sampling' * (i % 3)}" for i in range(24)]
        self.aggregated(study(["RandomSampling", *names]))
        texts, svg = self.texts("learning_curves_random")
        keys = [t for t in texts if t[3] in {*names, "random_sampling"}]
        self.assertEqual(len(keys), 25)
        axis = next(t for t in texts if t[3] == "labelled samples")
        self.assertGreater(min(t[1] for t in keys), axis[1], "the legend lies below the axis")
        self.assertGreater(len({t[0] for t in keys}), 2, "in columns")
        width, height = map(int, re.search(r'width="(\d+)" height="(\d+)"', svg).groups())
        self.assertTrue(all(0 < x < width and 0 < y < height for x, y, *_ in texts))
        self.assert_apart(texts)
        for figure in ("critical_difference", "final_values"):
            self.assert_apart(self.texts(figure)[0])
        self.run_program("al_aggregate", "study.h5", "-o", "plots", "--format", "svg", "--style", "reference")
        texts, svg = self.texts("reference_random")
        width, height = map(int, re.search(r'width="(\d+)" height="(\d+)"', svg).groups())
        keys = [t for t in texts if t[3] in {*names, "random_sampling"}]
        self.assertEqual(len(keys), 25)
        self.assertTrue(all(0 < y < height and x + 6 * len(text) < width for x, y, _, text in keys))
        self.assertEqual(len({x for x, *_ in keys}), 1, "in one column: a second one would be cut off")
        self.assert_apart(texts)

    def test_sixty_strategies_and_very_long_names_are_drawn(self):
        names = [f"Strategy{i}WithAVeryLongNameThatDescribesEverySingleThingItDoesToThePool" for i in range(60)]
        self.aggregated(study(names, rounds=3), "--baseline", names[0])
        texts, svg = self.texts("learning_curves_random")
        keys = [t for t in texts if t[3].startswith("Strategy")]
        self.assertEqual(len(keys), 60)
        self.assertTrue(all(len(t[3]) <= 32 and "..." in t[3] for t in keys))
        self.assert_apart(texts)
        self.assertIn(names[59], (self.folder / "plots/tables/summary.csv").read_text())

    def test_an_umlaut_is_not_cut_in_two(self):
        self.aggregated(study(["ö" * 40, "RandomSampling"]))
        subprocess.run(["xmllint", "--noout", self.folder / "plots/learning_curves_random.svg"], check=False)
        (self.folder / "plots/learning_curves_random.svg").read_bytes().decode("utf-8")


if __name__ == "__main__":
    unittest.main()
