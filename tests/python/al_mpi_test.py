#!/usr/bin/env python3
"""python/al_mpi.py by itself: strategies as commands, results files as tables, the engine's lines. Needs no build."""
import csv
import io
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

import h5py
import numpy as np

PYTHON = pathlib.Path(__file__).resolve().parents[2] / "python"
sys.path.insert(0, str(PYTHON))
import al_mpi  # noqa: E402


class FolderTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="al_mpi_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def script(self, text):
        path = self.folder / "mine.py"
        path.write_text(f"import sys\nsys.path.insert(0, {str(PYTHON)!r})\nimport al_mpi\nimport numpy as np\n"
                        + textwrap.dedent(text))
        return path


class StrategyTest(FolderTest):
    def setUp(self):
        super().setUp()
        with h5py.File(self.folder / "pool.h5", "w") as file:
            file["probs"] = np.tile([[0.6, 0.4], [0.9, 0.1], [0.5, 0.5], [0.8, 0.2]], (2, 1)).astype("f4")
            file["labeled"] = np.array([1, 0, 0, 0, 0, 0, 0, 0], dtype="u1")
            file["candidate"] = np.array([0, 1, 1, 1, 1, 1, 1, 0], dtype="u1")

    def run_script(self, text, *arguments, expect=0):
        done = subprocess.run([sys.executable, self.script(text), "--input", self.folder / "pool.h5", *arguments],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def test_a_function_of_a_file_that_is_run_is_a_command(self):
        done = self.run_script("""
            @al_mpi.strategy
            def mine(arrays, n, seed, round=0, alpha=0.5, shift=True):
                print("talk", seed, round, alpha, shift)
                rest = arrays.candidates
                return rest[np.argsort(arrays["probs"][rest].max(axis=1), kind="stable")][:n]
            """, "--n", "3", "--seed", "9", "--round", "4", "--alpha", "0.25", "--shift", "false")
        self.assertEqual(done.stdout, "order,index,score\n0,2,0.0\n1,6,0.0\n2,4,0.0\n")
        self.assertEqual(done.stderr, "talk 9 4 0.25 False\n")

    def test_scores_keep_every_bit(self):
        done = self.run_script("""
            @al_mpi.strategy
            def mine(arrays, n, seed):
                return [1, 2], np.array([1 / 3, np.nan])
            """, "--n", "2")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual([float(row["score"]) for row in rows][0], 1 / 3)
        self.assertEqual(rows[1]["score"], "nan")

    def test_more_picks_than_candidates_are_all_of_them(self):
        done = self.run_script("""
            @al_mpi.strategy
            def mine(arrays, n, seed):
                return arrays.candidates[:n]
            """, "--n", "100")
        self.assertEqual(len(done.stdout.splitlines()), 7)

    def test_without_a_mask_of_candidates_all_that_is_not_labelled_may_be_picked(self):
        with h5py.File(self.folder / "pool.h5", "a") as file:
            del file["candidate"]
        self.assertEqual(al_mpi.Arrays(self.folder / "pool.h5").candidates.tolist(), list(range(1, 8)))

    def test_a_wrong_answer_is_the_last_line_of_standard_error(self):
        for answer, words in {"[1]": "returned indices of shape (1,), 2 are wanted",
                              "[1, 1]": "returned 1 indices twice",
                              "[1, 7]": "returned 7, which is no candidate",
                              "[1.0, 2.0]": "returned float64, not whole numbers",
                              "([1, 2], [0.5])": "returned scores of shape (1,) for 2 indices",
                              "arrays['prob']": "no array 'prob' (here are candidate, labeled, probs"}.items():
            with self.subTest(answer):
                done = self.run_script(f"""
                    @al_mpi.strategy
                    def mine(arrays, n, seed):
                        return {answer}
                    """, "--n", "2", expect=1)
                self.assertEqual(done.stdout, "")
                self.assertIn(words, done.stderr.splitlines()[-1])

    def test_parameters_need_default_values(self):
        done = self.run_script("""
            @al_mpi.strategy
            def mine(arrays, n, seed, alpha):
                return []
            """, expect=1)
        self.assertIn("parameter 'alpha' has no default value", done.stderr.splitlines()[-1])

    def test_a_file_that_is_imported_only_defines_its_function(self):
        self.script("""
            @al_mpi.strategy
            def mine(arrays, n, seed):
                return list(range(n))
            """)
        done = subprocess.run([sys.executable, "-c", "import mine; print(mine.mine(None, 3, 1))"], cwd=self.folder,
                              capture_output=True, text=True)
        self.assertEqual(done.stdout, "[0, 1, 2]\n", done.stderr)


class ResultsTest(FolderTest):
    def test_a_results_file_becomes_tables(self):
        path = self.folder / "sweep.h5"
        with h5py.File(path, "w") as file:
            file.attrs["format"] = "al_mpi results"
            file.attrs["class_names"] = "Forest\nRiver"
            file.attrs["complete"] = np.int64(1)
            names = [("trial", "i4"), ("strategy", "S8"), ("init", "S6"), ("seed", "i8")]
            file["trials"] = np.array([(0, b"mine", b"random", 5, b""), (1, b"badge", b"random", 6, b"")],
                                      dtype=[*names, ("error", "S4")])
            file["rounds"] = np.array([(1, b"badge", b"random", 6, 0, 0.5)],
                                      dtype=[*names, ("round", "i4"), ("accuracy", "f8")])
            file["picks"] = np.array([(1, 0, 0, 17, 1, 0.25)], dtype=[(n, t) for n, t in zip(
                ("trial", "round", "order", "index", "label", "score"), ("i4", "i4", "i4", "i8", "i8", "f8"))])
        results = al_mpi.read(path)
        self.assertEqual(list(results.curves["strategy"]), ["badge"])
        self.assertEqual(list(results.curves["accuracy"]), [0.5])
        self.assertEqual([list(results.picks[name]) for name in ("strategy", "seed", "index")], [["badge"], [6], [17]])
        self.assertEqual(list(results.trials["error"]), ["", ""])
        self.assertEqual(results.provenance["class_names"], ["Forest", "River"])
        self.assertEqual(results.provenance["complete"], 1)

    def test_another_file_is_refused(self):
        with h5py.File(self.folder / "other.h5", "w"):
            pass
        with self.assertRaisesRegex(ValueError, "other.h5 is no results file of al_mpi"):
            al_mpi.read(self.folder / "other.h5")

    def test_scores_are_those_of_a_hand_made_matrix(self):
        metrics, confusion = al_mpi.scores([0, 0, 0, 1], [0, 0, 1, 1], 3)
        self.assertEqual(confusion.tolist(), [[2, 1, 0], [0, 1, 0], [0, 0, 0]])
        self.assertEqual(metrics["accuracy"], 0.75)
        self.assertAlmostEqual(metrics["balanced_accuracy"], (2 / 3 + 1) / 2)
        self.assertAlmostEqual(metrics["macro_f1"], (4 / 5 + 2 / 3) / 2)


ENGINE = """
class Mine(al_mpi.Engine):
    strategies = ("random_sampling", "broken", "twice")

    def configure(self, settings, threads):
        print("loading")
        if settings["model.dropout"] > 0.5:
            raise al_mpi.ConfigError("model.dropout: too much")
        self.n_pool = 20

    def train(self, trial, round, labeled):
        if trial.strategy == "broken":
            raise RuntimeError("no luck\\nmore")
        return {"accuracy": trial.rng("test", round).random(), "odd": float("nan")}, np.eye(2, dtype=int)

    def choose(self, trial, round, labeled, candidates, n):
        if trial.strategy == "twice":
            return candidates[[0] * n]
        return trial.rng("query", round).permutation(candidates)[:n]

Mine().serve()
"""
SETTINGS = {"loop.n_init": 2, "loop.n_query": 3, "loop.n_rounds": 3, "model.dropout": 0.0}


class EngineTest(FolderTest):
    def setUp(self):
        super().setUp()
        self.script(ENGINE)

    def start(self):
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen([sys.executable, self.folder / "mine.py"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(self.end)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def answer(self):
        while True:
            line = json.loads(self.process.stdout.readline())
            if line["type"] != "alive":
                return line

    def configure(self, fingerprint="1", **other):
        self.ask(type="configure", config="", threads=1, fingerprint=fingerprint, settings={**SETTINGS, **other})
        return self.answer()

    def run_trial(self, strategy="random_sampling", seed=1, attempt=1, until="done", **own):
        spec = {"trial": 4, "strategy": strategy, "init": "random", "seed": seed, "settings": own}
        self.ask(type="run", trial=spec, attempt=attempt, checkpoint=str(self.folder / "c.checkpoint"))
        lines = [self.answer()]
        while lines[-1]["type"] == "round" and len(lines) < (until if isinstance(until, int) else 99):
            lines.append(self.answer())
        return lines

    def steady(self, lines):
        return [{**line, "attempt": 0, "metrics": line["metrics"][:2]} for line in lines if line["type"] == "round"]

    def test_a_trial_is_its_rounds(self):
        self.start()
        self.assertEqual(self.configure()["type"], "ready")
        lines = self.run_trial()
        self.assertEqual([line["type"] for line in lines], ["round"] * 4 + ["done"])
        self.assertEqual([line["n_labeled"] for line in lines[:4]], [2, 5, 8, 11])
        self.assertEqual(lines[0]["key"], "random_sampling/random/1")
        self.assertEqual(lines[0]["metrics"][1], ["odd", "nan"])
        picked = [pick[0] for line in lines[:4] for pick in line["picks"]]
        self.assertEqual(len(set(picked)), 11)

    def test_a_killed_engine_goes_on_from_its_checkpoint(self):
        self.start()
        self.configure()
        whole = self.run_trial()
        (self.folder / "c.checkpoint").unlink()
        self.run_trial(until=2)
        self.end()
        self.start()
        self.configure()
        resumed = self.run_trial(attempt=2)
        self.assertEqual(self.steady(resumed), self.steady(whole))
        self.assertIn(1, [line["attempt"] for line in resumed[:-1]])

    def test_a_checkpoint_of_other_settings_is_passed_over(self):
        self.start()
        self.configure()
        first = self.run_trial()
        own = self.run_trial(**{"loop.n_query": "5"})
        self.assertEqual([line["n_labeled"] for line in own[:-1]], [2, 7, 12, 17])
        self.assertEqual(own[0]["key"], "loop.n_query=5;/random_sampling/random/1")
        self.assertEqual(own[0]["picks"], first[0]["picks"])
        (self.folder / "c.checkpoint").write_text("{")
        self.assertEqual(self.steady(self.run_trial()), self.steady(first))
        log = (self.folder / "log").read_text()
        self.assertIn("belongs to another trial or other settings; the trial begins anew", log)
        self.assertIn("loading", log)

    def test_a_checkpoint_of_another_engine_is_passed_over(self):
        self.start()
        self.configure()
        self.run_trial()
        self.configure(fingerprint="2")
        self.assertEqual({line["attempt"] for line in self.run_trial(attempt=2)}, {2})

    def test_errors_are_lines_and_the_engine_goes_on(self):
        self.start()
        self.assertIn("came before", self.run_trial()[0]["message"])
        self.assertEqual(self.configure(**{"model.dropout": 0.9}),
                         {"type": "failed", "key": "", "attempt": 0, "kind": "config", "message": "model.dropout: too much"})
        self.configure()
        broken = self.run_trial("broken")[-1]
        self.assertEqual((broken["kind"], broken["message"]), ("runtime", "RuntimeError: no luck"))
        twice = self.run_trial("twice")[-1]
        self.assertEqual(twice["kind"], "config")
        self.assertIn("twice chose", twice["message"])
        self.assertEqual(self.run_trial("other")[-1]["message"],
                         "sweep.strategies: this engine knows random_sampling, broken, twice, not 'other'")
        self.ask(type="dance")
        self.assertIn("unknown request", self.answer()["message"])
        self.assertEqual(self.run_trial()[-1]["type"], "done")

    def test_end_of_input_is_its_end(self):
        self.start()
        self.configure()
        self.process.stdin.close()
        self.assertEqual(self.process.wait(10), 0)

    def test_drained_it_stops_between_rounds(self):
        self.start()
        self.configure()
        self.ask(type="drain")
        self.assertEqual([line["type"] for line in self.run_trial()], ["stopped"])


if __name__ == "__main__":
    unittest.main()
