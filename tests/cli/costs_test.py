#!/usr/bin/env python3
"""What labels cost: stored by al_prepare, heeded by query.cost, recorded each round, the axis of al_aggregate."""
import csv
import io
import json
import unittest

import h5py
import numpy as np

from harness import ProgramTest

N = 80


class CostsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("al_prepare", "synthetic", "--output", "data.h5", "--train", N, "--test", 30, "--classes", 3, "--tile", 8)
        with h5py.File(self.folder / "data.h5") as file:
            self.names = [name.decode() for name in file["train/names"][:]]
        self.costs = 1 + np.arange(N) % 4 * 0.25  # 1, 1.25, 1.5, 1.75

    def write_costs(self, lines, head="name,cost"):
        return self.write("costs.csv", "\n".join([head, *lines]) + "\n")

    def store(self, lines, *args, head="name,cost", expect=0):
        return self.run_program("al_prepare", "costs", "data.h5", self.write_costs(lines, head), *args, expect=expect)

    def priced(self):
        return self.store(f"{name},{cost}" for name, cost in zip(self.names, self.costs))

    def sweep(self, *args, expect=0):
        config = self.small_sweep(seeds="1-2")
        return self.run_program("al_mpi", config, "--workers", 2, "dataset.path=data.h5", "training.epochs=1", *args, expect=expect)

    def test_costs_are_stored_by_name_and_shown(self):
        told = self.store([f"{self.names[3]},2.5", f'"{self.names[0]}", 7'])
        self.assertIn(f"costs added, {N - 2} images are not named and cost 1", told.stdout)
        with h5py.File(self.folder / "data.h5") as file:
            self.assertEqual(file["train/costs"][:].tolist(), [7, 1, 1, 2.5] + [1] * (N - 4))
        shown = self.run_program("al_prepare", "describe", "data.h5").stdout
        self.assertRegex(shown, rf"train +{N} images.*labels cost 1 to 7, together {N + 7.5:g}\n")
        described = json.loads(self.run_program("al_prepare", "describe", "data.h5", "--json").stdout)
        self.assertEqual(described["splits"]["train"]["costs"], {"lowest": 1.0, "highest": 7.0, "sum": N + 7.5})
        self.assertNotIn("costs", described["splits"]["test"])
        self.assert_one_line_error(self.store([], expect=2), "data.h5 names costs already (--force replaces them)")
        self.store([f"{self.names[1]},0.5"], "--force")
        with h5py.File(self.folder / "data.h5") as file:
            self.assertEqual(file["train/costs"][:4].tolist(), [1, 0.5, 1, 1])

    def test_bad_costs_are_one_line_and_change_nothing(self):
        before = (self.folder / "data.h5").read_bytes()
        name = self.names[5]
        for lines, head, *words in [
                ([f"{name},0"], "name,cost", f"costs.csv: the label of '{name}' costs '0'", "above 0"),
                ([f"{name},-1"], "name,cost", "costs '-1'"), ([f"{name},nan"], "name,cost", "costs 'nan'"),
                ([f"{name},inf"], "name,cost", "costs 'inf'"), ([f"{name}"], "name,cost", "costs ''"),
                ([f"{name};1,5"], "name;cost", "costs '1,5'"), ([f"{name},1", f"{name},2"], "name,cost", f"names '{name}' twice"),
                (["a.tif,1", "b.tif,2", "c.tif,1", "d.tif,1", f"{name},1"], "name,cost",
                 "4 of 5 names are not in the pool of data.h5: a.tif, b.tif, c.tif and 1 more"),
                ([f"{name},1"], "name,price", "no column 'cost'"), ([f"{name},1"], "tile,cost", "no column 'name'")]:
            with self.subTest(words[0]):
                self.assert_one_line_error(self.store(lines, head=head, expect=3), "costs.csv", *words)
        self.assert_one_line_error(self.run_program("al_prepare", "costs", "data.h5", "none.csv", expect=3), "none.csv", "cannot be read")
        self.assertEqual((self.folder / "data.h5").read_bytes(), before)
        for bad, words in ((np.ones(N - 1), "(expected (80), what each label costs)"), (np.zeros(N), "image 0 costs 0")):
            with h5py.File(self.folder / "data.h5", "r+") as file:
                file.pop("train/costs", None)
                file["train/costs"] = bad
            self.assert_one_line_error(self.sweep(expect=3), "data.h5", "/train/costs", words)

    def test_a_sweep_records_what_was_paid_and_buys_by_score_per_cost(self):
        self.sweep("results.file=before.h5")
        self.priced()
        self.assert_one_line_error(self.sweep("results.file=before.h5", expect=2), "before.h5")  # another dataset now
        self.sweep("results.file=plain.h5")
        shown = self.sweep("query.cost=score_per_cost", "--dry-run").stdout
        self.assertIn("query.cost: scores divided by costs for margin_sampling; without costs: random_sampling\n", shown)
        self.sweep("results.file=priced.h5", "query.cost=score_per_cost")
        spent = {}
        for name in ("before.h5", "plain.h5", "priced.h5"):
            with h5py.File(self.folder / name) as file:
                rounds, picks = file["rounds"][:], file["picks"][:]
            for row in rounds:
                bought = picks["index"][(picks["trial"] == row["trial"]) & (picks["round"] <= row["round"])]
                each = np.ones(N) if name == "before.h5" else self.costs
                self.assertEqual(row["cost"], each[bought].sum())
            last = rounds[(rounds["strategy"] == b"margin_sampling") & (rounds["round"] == 3)]
            spent[name] = last["cost"].sum()
            chance = rounds[rounds["strategy"] == b"random_sampling"]
            spent[name + " by chance"] = chance["cost"].tolist()
        self.assertLess(spent["priced.h5"], spent["plain.h5"])
        self.assertEqual(spent["priced.h5 by chance"], spent["plain.h5 by chance"])
        refused = self.sweep("results.file=x.h5", "query.cost=score_per_cost", "sweep.strategies=[badge, random_sampling]", expect=2)
        self.assert_one_line_error(refused, "query.cost", "badge, random_sampling")
        held = self.sweep("results.file=held.h5", "training.validation=10", "sweep.seeds=1")
        self.assertEqual(held.returncode, 0)
        with h5py.File(self.folder / "held.h5") as file:
            self.assertTrue((file["rounds"]["cost"] > file["rounds"]["n_labeled"]).all())

    def test_curves_tables_and_report_over_cost(self):
        self.priced()
        self.sweep("query.cost=score_per_cost", "loop.n_rounds=4", "results.file=a.h5")
        done = self.run_program("al_aggregate", "a.h5", "--output", "plots", "--x", "cost", "--format", "svg")
        self.assertIn("trials have spent different costs", done.stdout)
        self.assertRegex(done.stdout, r"trials +cost +final")
        self.assertIn("cost of the labels", (self.folder / "plots/learning_curves_random.svg").read_text())
        numbers = json.loads((self.folder / "plots/numbers.json").read_text())
        self.assertEqual(numbers["x"], "cost")
        budgets = numbers["panels"][0]["labels"]
        with h5py.File(self.folder / "a.h5") as file:
            rounds = file["rounds"][:]
        by_round = lambda r: rounds["cost"][rounds["round"] == r]  # noqa: E731
        np.testing.assert_allclose(budgets, np.linspace(by_round(0).max(), by_round(4).min(), 5))
        trial = rounds[(rounds["strategy"] == b"margin_sampling") & (rounds["seed"] == 1)]
        other = rounds[(rounds["strategy"] == b"margin_sampling") & (rounds["seed"] == 2)]
        mean = np.mean([np.interp(budgets, t["cost"], t["accuracy"]) for t in (trial, other)], axis=0)
        told = next(s for s in numbers["panels"][0]["strategies"] if s["strategy"] == "margin_sampling")
        np.testing.assert_allclose([r["mean"] for r in told["rounds"]], mean)
        self.assertIn('"title":"cost of the labels"', (self.folder / "plots/report.html").read_text())
        table = self.run_program("al_aggregate", "tables", "a.h5", "--x", "cost", "--csv").stdout
        self.assertEqual(sum(column.startswith("cost ") for column in next(csv.reader(io.StringIO(table)))), 8)
        self.run_program("al_aggregate", "compare", "a.h5", "a.h5", "--x", "cost")
        refused = self.run_program("al_aggregate", "a.h5", "--output", "p", "--x", "rounds", expect=2)
        self.assertIn("--x", refused.stderr)

    def test_stored_arrays_may_hold_costs(self):
        with h5py.File(self.folder / "in.h5", "w") as file:
            file["probs"] = [[0.55, 0.45], [0.6, 0.4], [0.8, 0.2], [0.9, 0.1]]
            file["costs"] = [8, 2, 0.5, 0.1]
        def pick(*args, expect=0):
            return self.run_program("al_trial", "pick", "--strategy", "margin_sampling", "--input", "in.h5", "--n", 4, *args, expect=expect)
        def indices(done):
            return [int(row["index"]) for row in csv.DictReader(io.StringIO(done.stdout))]
        self.assertEqual(indices(pick()), [0, 1, 2, 3])
        self.assertEqual(indices(pick("query.cost=score_per_cost")), [2, 1, 0, 3])
        with h5py.File(self.folder / "in.h5", "r+") as file:
            file["costs"][1] = -2
        self.assert_one_line_error(pick("query.cost=score_per_cost", expect=3), "in.h5", "costs", "entry 1 is -2, not a finite number above 0")
        self.assertEqual(indices(pick()), [0, 1, 2, 3])  # nobody asks


if __name__ == "__main__":
    unittest.main()
