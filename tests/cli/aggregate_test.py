#!/usr/bin/env python3
"""al_aggregate from a shell: tables and figures from a log, export and back, bad input."""
import csv
import json
import re
import shutil
import subprocess
import unittest

import h5py
import numpy as np

from harness import ProgramTest


def log_lines(strategies=("RandomSampling", "MarginSampling"), seeds=(1, 2, 3), rounds=3):
    return "".join(f"{strategy}_random,{seed},uuid-{strategy}-{seed},{0.2 + 0.1 * r + 0.05 * s + 0.01 * seed}\n"
                   for s, strategy in enumerate(strategies) for seed in seeds for r in range(rounds))


class AggregateTest(ProgramTest):
    def imported(self, **which):
        self.write("study.log", log_lines(**which))
        done = self.run_program("al_aggregate", "import-log", "study.log", "--output", "study.h5")
        return done.stdout

    def test_tables_figures_numbers_and_report(self):
        self.imported()
        done = self.run_program("al_aggregate", "study.h5", "--output", "plots", "--format", "svg,pdf", "--target", 0.4)
        self.assertIn("margin_sampling", done.stdout)
        plots = self.folder / "plots"
        for name in ("report.html", "learning_curves_random.svg", "learning_curves_random.pdf", "penalty_matrix.svg",
                     "final_values.svg", "tables/tables.md", "tables/summary.tex", "tables/rounds.csv"):
            self.assertGreater((plots / name).stat().st_size, 100, name)
        self.assertFalse(list(plots.glob("*.png")))
        rows = list(csv.DictReader((plots / "tables/summary.csv").read_text().splitlines()))
        self.assertEqual([r["strategy"] for r in rows], ["random_sampling", "margin_sampling"])
        self.assertAlmostEqual(float(rows[0]["final mean"]), 0.42)  # 0.2 + 2 * 0.1 + 0.01 * 2
        numbers = json.loads((plots / "numbers.json").read_text())
        self.assertAlmostEqual(numbers["panels"][0]["comparisons"][0]["difference"], 0.05)
        self.assertAlmostEqual(numbers["panels"][0]["savings"][3]["labels"], 32 + 1.3 * 32)
        savings = list(csv.DictReader((plots / "tables/savings.csv").read_text().splitlines()))
        self.assertEqual([r["which"] for r in savings], ["baseline's last"] * 2 + ["--target"] * 2)
        self.assertAlmostEqual(float(savings[3]["saved"]), 16)  # 0.05 of a slope of 0.1 in 32 labels

    def test_a_bound_is_drawn_and_divides_the_final_values(self):
        self.imported()
        self.write("all.log", "".join(f"RandomSampling_random,{seed},u{seed},{0.8 + 0.1 * seed}\n" for seed in (0, 1)))
        self.run_program("al_aggregate", "import-log", "all.log", "--n-init", 500, "--output", "all.h5")
        self.run_program("al_aggregate", "study.h5", "--output", "plots", "--format", "svg", "--bound", "all.h5")
        rows = list(csv.DictReader((self.folder / "plots/tables/summary.csv").read_text().splitlines()))
        self.assertAlmostEqual(float(rows[0]["final / bound"]), 0.42 / 0.85)
        self.assertIn("500 labels at once: 0.850", (self.folder / "plots/learning_curves_random.svg").read_text())
        # Options before the file take one word, not the file, too.
        table = (self.folder / "plots/tables/summary.csv").read_text()
        self.run_program("al_aggregate", "--output", "again", "--format", "svg", "--bound", "all.h5", "study.h5")
        self.assertEqual((self.folder / "again/tables/summary.csv").read_text(), table)
        done = self.run_program("al_aggregate", "study.h5", "--output", "plots", "--bound", "no.h5", expect=3)
        self.assertIn("no.h5", done.stderr)

    def test_tables_of_a_paper_in_four_forms(self):
        self.imported(seeds=(1, 2, 3, 4))
        text = self.run_program("al_aggregate", "tables", "study.h5").stdout
        self.assertIn("study, initial set random: accuracy (mean ± standard deviation over 4 seeds)", text)
        self.assertIn("margin_sampling", text)
        self.assertNotIn("bold", text)
        latex = self.run_program("al_aggregate", "tables", "study.h5", "--latex", "--percent", "--labels", "64,96").stdout
        self.assertIn("\\begin{tabular}{lccc}", latex)
        self.assertIn("margin\\_sampling & \\textbf{37.5 $\\pm$ 1.3}", latex)
        self.run_program("al_aggregate", "tables", "study.h5", "--csv", "-o", "t.csv")
        rows = list(csv.DictReader((self.folder / "t.csv").read_text().splitlines()))
        self.assertAlmostEqual(float(rows[1]["96 labels mean"]), 0.475)
        markdown = self.run_program("al_aggregate", "tables", "study.h5", "--markdown", "--decimals", 2).stdout
        self.assertIn("| margin_sampling | **0.28 ± 0.01** |", markdown)

    @staticmethod
    def add_samples(file, rng, n_trials, rounds):
        """Picks of a pool of 2,157; pictures of the first and last 8 of each cell, 8 test tiles of each, as large as real ones."""
        n_pool, n_query, kept = 2157, 32, 8
        picks = np.zeros(n_trials * rounds * n_query, dtype=[("trial", "i4"), ("round", "i4"), ("order", "i4"),
                                                             ("index", "i8"), ("label", "i8"), ("score", "f8")])
        picks["trial"] = np.repeat(np.arange(n_trials), rounds * n_query)
        picks["round"] = np.tile(np.repeat(np.arange(rounds), n_query), n_trials)
        picks["order"] = np.tile(np.arange(n_query), n_trials * rounds)
        picks["index"] = np.concatenate([rng.permutation(n_pool)[:rounds * n_query] for _ in range(n_trials)])
        picks["label"] = picks["index"] % 10
        if "picks" in file:
            del file["picks"]
        file.create_dataset("picks", data=picks)
        shown = np.isin(picks["round"], (1, rounds - 1)) & (picks["order"] < kept) & np.isin(
            picks["trial"], np.nonzero(file["trials"]["seed"] == min(file["trials"]["seed"]))[0])
        pictures = {f"pool-{index}": 5000 for index in set(picks["index"][shown])}
        for tile in range(kept):
            pictures |= {f"test-{tile}": 5000, f"test-{tile}-label": 900}
            for trial in set(picks["trial"][shown]):
                pictures |= {f"trial-{trial}-test-{tile}-prediction": 900, f"trial-{trial}-test-{tile}-entropy": 2500}
        for name, size in pictures.items():
            file[f"pictures/{name}"] = rng.integers(0, 256, size).astype("u1")
        even = np.arange(2000) * n_pool // 2000
        index = np.concatenate([even, np.setdiff1d(np.arange(n_pool), even)])
        map = np.zeros(len(index), dtype=[("index", "i8"), ("label", "i8"), ("x", "f8"), ("y", "f8")])
        map["index"], map["label"], map["x"], map["y"] = index, index % 10, rng.normal(size=n_pool), rng.normal(size=n_pool)
        file.create_dataset("map", data=map).attrs.update({"embeddings": "texture", "share_x": 0.2, "share_y": 0.1, "n_even": 2000})

    def test_the_report_of_30_strategies_and_10_seeds_stays_below_5_megabytes(self):
        rng = np.random.default_rng(1)
        names = ["RandomSampling", *(f"Strategy{i}" for i in range(29))]
        rounds, classes = 11, [f"a_class_{i}" for i in range(10)]
        self.write("many.log", "".join(f"{name}_{init},{seed},{name}{init}{seed},{0.9 - 0.6 / (1 + r) + rng.normal(0, 0.01):.6f}\n"
                                       for init in ("random", "kmeans") for name in names for seed in range(10) for r in range(rounds)))
        self.run_program("al_aggregate", "import-log", "many.log", "-o", "many.h5", "--classes", ",".join(classes))
        with h5py.File(self.folder / "many.h5", "a") as f:  # with the columns and matrices that a sweep records
            table = f["rounds"][:]
            more = ["balanced_accuracy", "macro_f1", "nll", "ece", "train_loss", "seconds_query", "seconds_train", "seconds_evaluate"]
            wide = np.zeros(len(table), dtype=[*((n, table.dtype[n]) for n in table.dtype.names),
                                               *((n, "f8") for n in more if n not in table.dtype.names)])
            for name in table.dtype.names:
                wide[name] = table[name]
            for name in more:
                wide[name] = rng.random(len(table))
            del f["rounds"]
            f.create_dataset("rounds", data=wide)
            if "confusion" in f:
                del f["confusion"]
            f.create_dataset("confusion", data=rng.integers(0, 100, (len(table), 10, 10)))
            f.create_dataset("calibration", data=rng.integers(1, 100, (len(table), 15, 3)).astype("f8"))
            self.add_samples(f, rng, n_trials=len(f["trials"]), rounds=rounds)
        self.run_program("al_aggregate", "many.h5", "-o", "plots", "--format", "svg", timeout=300)
        page = (self.folder / "plots/report.html").read_bytes()
        data = json.loads(re.search(rb'id="data">(.*?)</script>', page, re.S).group(1))
        self.assertEqual(len(data["confusion"]), 60)
        self.assertEqual((len(data["calibration"]), len(data["calibration"][0]["bins"])), (60, rounds))
        samples = data["samples"]
        self.assertEqual(len(samples["map_picks"]), 60)
        self.assertEqual(sum(len(r) for r in samples["map_picks"][0]["rounds"]), 352)
        self.assertEqual(len(samples["gallery"]), 60)
        shown = [len(c["shown"]) for b in samples["gallery"][0]["batches"] for c in b["classes"]]
        self.assertGreaterEqual(sum(shown), 2)
        self.assertEqual([note.split(":")[0] for note in samples["notes"]], ["predictions", "gallery"])
        self.assertGreaterEqual(len(data["panels"]), 2 * 9)
        self.assertEqual(data["confusion"][0]["labels"][-1], 32 * rounds)
        self.assertEqual(len(data["confusion"][0]["shares"][0]), 100)
        parts = {part: len(json.dumps(data[part], separators=(",", ":"))) for part in data}
        parts |= {part: len(json.dumps(samples[part], separators=(",", ":"))) for part in samples}
        print(f"report.html: {len(page) / 1e6:.2f} MB;", ", ".join(f"{p} {n / 1e6:.2f}" for p, n in parts.items() if n > 1e4))
        self.assertLess(len(page), 5e6)

    def test_two_sweeps_are_compared(self):
        for name, seeds, shift in (("a", (1, 2, 3, 4), 0.0), ("b", (2, 3, 4, 5), 0.1)):
            lines = [line.rsplit(",", 1) for line in log_lines(seeds=seeds).splitlines()]
            self.write(f"{name}.log", "".join(f"{start},{float(value) + shift * (1 + 0.01 * (i % 5))}\n"
                                              for i, (start, value) in enumerate(lines)))
            self.run_program("al_aggregate", "import-log", f"{name}.log", "-o", f"{name}.h5")
            with h5py.File(self.folder / f"{name}.h5", "a") as f:
                f.attrs["config"] = f"training:\n  epochs: {len(name) if name == 'a' else 7}\nresults:\n  file: {name}\n"
        done = self.run_program("al_aggregate", "compare", "a.h5", "b.h5", "-o", "both")
        self.assertRegex(done.stdout, r"training.epochs +1  7")
        self.assertNotIn("results.file", done.stdout)
        self.assertIn("B against A in AULC of accuracy, 2 strategies", done.stdout)
        rows = list(csv.DictReader((self.folder / "both/tables/changes.csv").read_text().splitlines()))
        self.assertEqual([(r["strategy"], r["measure"], r["seeds"]) for r in rows],
                         [(s, m, "3 pairs") for m in ("AULC", "final") for s in ("random_sampling", "margin_sampling")])
        for row in rows:
            self.assertAlmostEqual(float(row["B - A"]), 0.102, delta=0.002)
            self.assertLessEqual(float(row["interval low"]), float(row["B - A"]))
        settings = list(csv.DictReader((self.folder / "both/tables/settings.csv").read_text().splitlines()))
        self.assertIn({"what": "training.epochs", "A": "1", "B": "7"}, settings)
        summary = list(csv.DictReader((self.folder / "both/tables/summary.csv").read_text().splitlines()))
        self.assertEqual({r["strategy"] for r in summary},
                         {f"{s} [{side}]" for s in ("random_sampling", "margin_sampling") for side in "AB"})
        self.assertIn("A is a.h5, B is b.h5", (self.folder / "both/compare.html").read_text())
        alone = self.run_program("al_aggregate", "compare", "a.h5", "a.h5").stdout
        self.assertIn("the same (random_sampling from random, margin_sampling from random)", alone)

    @unittest.skipIf(not shutil.which("pdflatex"), "pdflatex is not installed")
    def test_latex_tables_compile(self):
        self.imported(strategies=("RandomSampling", "My_method|50%{x}~^\\#&$<"))
        self.run_program("al_aggregate", "study.h5", "-o", "plots", "--format", "none")
        self.run_program("al_aggregate", "tables", "study.h5", "--latex", "-o", "plots/tables/paper.tex")
        tables = sorted((self.folder / "plots/tables").glob("*.tex"))
        self.assertGreater(len(tables), 5)
        self.write("all.tex", "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n" +
                   "".join(f"\\input{{{table}}}\\clearpage\n" for table in tables) + "\\end{document}\n")
        done = subprocess.run(["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "all.tex"], cwd=self.folder,
                              capture_output=True, text=True, errors="replace", timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:])

    def test_a_log_comes_back_as_it_went(self):
        self.imported()
        done = self.run_program("al_aggregate", "export", "study.h5", "--reference-log")
        strip = lambda text: [(f[0], f[1], float(f[3])) for f in (line.split(",") for line in text.splitlines())]
        self.assertEqual(strip(done.stdout), strip(log_lines()))
        rows = list(csv.DictReader(self.run_program("al_aggregate", "export", "study.h5", "--csv").stdout.splitlines()))
        self.assertEqual(len(rows), 18)
        self.assertEqual(rows[4]["n_labeled"], "64")

    def test_unfinished_and_doubled_trials_are_reported(self):
        self.write("study.log", log_lines() + "KCenterGreedy_random,1,late,0.5\nRandomSampling_random,1,again,0.9\n")
        done = self.run_program("al_aggregate", "import-log", "study.log", "--output", "study.h5")
        self.assertIn("random_sampling/random/1 was run twice", done.stdout)
        self.assertIn("kcenter_greedy/random/1 is incomplete: 1 of 3 rounds", done.stdout)
        done = self.run_program("al_aggregate", "study.h5", "study.h5", "--output", "plots", "--format", "none")
        self.assertIn("trial random_sampling/random/1 is in study.h5 and in study.h5", done.stdout)
        self.assertIn("0 of 3 seeds reach 96 labels", done.stdout)

    def test_watch_looks_at_a_file(self):
        self.imported()
        done = self.run_program("al_aggregate", "watch", "study.h5")
        self.assertIn("6 of 6 trials ended, 18 rounds", done.stdout)

    def test_bad_input_is_one_line_and_an_exit_code(self):
        self.imported()
        truncated = self.folder / "truncated.h5"
        truncated.write_bytes((self.folder / "study.h5").read_bytes()[:700])
        self.write("no_log.txt", "hello\n")
        self.write("other.log", "RandomSampling_kmeans,1,a,0.5\n")
        self.run_program("al_aggregate", "import-log", "other.log", "-o", "other.h5")
        for args, code, words in (
                (["missing.h5", "-o", "x"], 3, "missing.h5"),
                (["truncated.h5", "-o", "x"], 3, "truncated.h5"),
                (["no_log.txt", "-o", "x"], 3, "no_log.txt"),
                (["study.h5"], 2, "--output"),
                (["-o", "x"], 2, "RESULTS"),
                (["study.h5", "-o", "study.log"], 3, "study.log"),
                (["study.h5", "-o", "x", "--metric", "acuracy"], 2, "accuracy"),
                (["study.h5", "-o", "x", "--baseline", "margn_sampling"], 2, "margin_sampling"),
                (["study.h5", "-o", "x", "--alpha", "2"], 2, "--alpha"),
                (["study.h5", "-o", "x", "--format", "gif"], 2, "gif"),
                (["study.h5", "-o", "x", "--equivalence-margin", "0"], 2, "--equivalence-margin"),
                (["study.h5", "-o", "x", "--equivalence-margin", "-0.01"], 2, "--equivalence-margin"),
                (["study.h5", "-o", "x", "--target", "0.7,high"], 2, "--target"),
                (["import-log", "no_log.txt", "-o", "y.h5"], 3, "line 1"),
                (["import-log", "study.log", "-o", "no/such/y.h5"], 3, "no/such"),
                (["export", "study.h5"], 2, "--csv"),
                (["compare", "study.h5"], 2, "B is required"),
                (["compare", "study.h5", "missing.h5"], 3, "missing.h5"),
                (["compare", "study.h5", "truncated.h5"], 3, "truncated.h5"),
                (["compare", "study.h5", "other.h5"], 3, "other.h5: /trials: shares no strategy"),
                (["compare", "study.h5", "study.h5", "--metric", "nll"], 2, "study.h5 holds no finite 'nll'"),
                (["compare", "study.h5", "study.h5", "--equivalence-margin", "0"], 2, "--equivalence-margin"),
                (["compare", "study.h5", "study.h5", "-o", "study.log"], 3, "study.log"),
                (["tables"], 2, "RESULTS"),
                (["tables", "missing.h5"], 3, "missing.h5"),
                (["tables", "study.h5", "--labels", "65"], 2, "65 is no budget of study; budgets are 32, 64, 96"),
                (["tables", "study.h5", "--latex", "--csv"], 2, "--latex,--markdown,--csv"),
                (["tables", "study.h5", "--decimals", "-1"], 2, "--decimals"),
                (["tables", "study.h5", "--latex", "-o", "no/such/t.tex"], 3, "no/such"),
                (["watch", "missing.h5", "--once"], 3, "missing.h5")):
            with self.subTest(args=args):
                self.assert_one_line_error(self.run_program("al_aggregate", *args, expect=code), words)

    def test_without_gnuplot_the_tables_are_still_there(self):
        self.imported()
        done = self.run_program("al_aggregate", "study.h5", "-o", "plots", env={"PATH": "/nowhere"}, expect=1)
        self.assert_one_line_error(done, "gnuplot-nox")
        self.assertTrue((self.folder / "plots/tables/summary.csv").exists())


if __name__ == "__main__":
    unittest.main()
