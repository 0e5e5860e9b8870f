#!/usr/bin/env python3
"""Engines of one's own: under the farm (resume, retries, changed scripts, foreign metrics), and `al_mpi check-engine`."""
import importlib.util
import os
import signal
import subprocess
import sys
import time
import unittest

from harness import BUILD, SOURCE, ProgramTest

sys.path.insert(0, str(SOURCE / "python"))
import al_mpi  # noqa: E402

EXAMPLES = SOURCE / "python/examples"
CONFIG = """
farm: {{engine: [{python}, engine.py{words}], max_attempts: 2, workers_per_rank: 2}}
loop: {{n_init: 4, n_query: 3, n_rounds: 4}}
sweep: {{strategies: [random_sampling, lowest], inits: [random], seeds: 1-2}}
results: {{file: results/sweep.h5, snapshot_every: 0}}
"""
# The pool is 60 numbers; a sample's class is its parity.
ENGINE = """
import os, sys, time
import numpy as np
import al_mpi
{head}

class Mine(al_mpi.Engine):
    strategies = ("random_sampling", "lowest")

    def configure(self, settings, threads):
        print("configured with", settings["loop.n_query"])
        self.n_pool = 60

    def train(self, trial, round, labeled):
        {train}
        guess = trial.rng("guess", round).integers(0, 2, 20)
        metrics, confusion = al_mpi.scores(np.arange(20) % 2, guess, 2)
        {after}
        return metrics, confusion

    def choose(self, trial, round, labeled, candidates, n):
        {choose}
        if trial.strategy == "lowest":
            return candidates[:n], -candidates[:n]
        return trial.rng("query", round).permutation(candidates)[:n]

    def label(self, trial, indices):
        return indices % 2

Mine().serve()
"""


class EngineTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.environ = {"PYTHONPATH": str(SOURCE / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        self.write("sweep.yaml", CONFIG.format(python=sys.executable, words=""))
        self.engine()

    def engine(self, head="", train="pass", after="pass", choose="pass", end=""):
        return self.write("engine.py", ENGINE.format(head=head, train=train, after=after, choose=choose) + end)

    def al_mpi(self, *args, **options):
        return self.run_program("al_mpi", *args, env=self.environ, **options)

    def results(self, file="results/sweep.h5"):
        return al_mpi.read(self.folder / file)


class FarmTest(EngineTest):
    def test_trials_of_an_own_engine_are_like_any_other(self):
        self.al_mpi("sweep.yaml", ranks=2)
        results = self.results()
        self.assertEqual(sorted(set(results.curves["strategy"])), ["lowest", "random_sampling"])
        self.assertEqual(len(results.curves), 4 * 5)
        self.assertEqual(list(results.curves["n_labeled"][:5]), [4, 7, 10, 13, 16])
        self.assertEqual(results.provenance["class_names"], ["0", "1"])
        self.assertTrue((results.picks["label"] == results.picks["index"] % 2).all())
        self.assertIn("engine.py (", results.provenance["version_engine"])
        self.assertIn("configured with 3", "".join(p.read_text() for p in (self.folder / "results/sweep.logs").iterdir()))
        self.al_mpi("sweep.yaml", "sweep.seeds=1-3", "--workers", 1, "results.file=again.h5")
        self.al_mpi("sweep.yaml", "sweep.seeds=1-3")  # the grid grows
        self.assert_same_results("again.h5", "results/sweep.h5")
        self.assertIn("lowest ", self.run_program("al_aggregate", "results/sweep.h5", "--output", "plots").stdout)
        self.assertIn("all trials are done", self.al_mpi("status", "results/sweep.h5").stdout)

    def test_a_kill_in_the_middle_changes_nothing(self):
        self.engine(train="time.sleep(0.1)")
        self.al_mpi("sweep.yaml", "results.file=whole.h5")
        for _ in range(2):
            process = self.start_program("al_mpi", "sweep.yaml", env=self.environ)
            time.sleep(1.2)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            self.assert_group_ends(process.pid)  # no engine outlives its rank
        self.al_mpi("sweep.yaml")
        self.assert_same_results("whole.h5", "results/sweep.h5")

    def test_an_engine_that_dies_is_started_again(self):
        self.engine(train="trial.attempt == 1 and round == 2 and os.kill(os.getpid(), 11)")
        self.al_mpi("sweep.yaml")
        self.assertEqual(set(self.results().trials["attempts"]), {2})
        self.assertEqual(set(self.results().curves[self.results().curves["round"] < 2]["n_labeled"]), {4, 7})

    def test_a_drain_ends_between_two_rounds(self):
        self.engine(train="time.sleep(0.2)")
        process = self.start_program("al_mpi", "sweep.yaml", env=self.environ)
        time.sleep(1)
        os.kill(process.pid, signal.SIGTERM)
        self.assertEqual(process.wait(60), 75)
        self.al_mpi("sweep.yaml")
        self.assertEqual(set(self.results().trials["state"]), {"done"})

    def test_errors_are_told_with_the_engine_s_own_line(self):
        self.engine(train="if trial.seed == 2: raise RuntimeError('too deep')")
        self.al_mpi("sweep.yaml", expect=4)
        failed = self.results().trials[self.results().trials["state"] == "failed"]
        self.assertEqual(set(failed["seed"]), {2})
        self.assertEqual(set(failed["error"]), {"RuntimeError: too deep"})
        self.assertIn("Traceback", self.al_mpi("explain", "results/sweep.h5", "lowest/random/2").stdout)
        self.engine()
        self.al_mpi("sweep.yaml", "sweep.strategies=[lowest, highest]", "results.file=typo.h5", expect=4)
        self.assertIn("sweep.strategies: this engine knows random_sampling, lowest, not 'highest'",
                      list(self.results("typo.h5").trials["error"]))

    def test_an_engine_that_does_not_start_ends_the_sweep_with_its_line(self):
        self.write("engine.py", "import no_such_module\n")
        done = self.al_mpi("sweep.yaml", expect=1)
        self.assertIn("No module named 'no_such_module'", done.stderr.splitlines()[-1])
        self.engine(train="pass").write_text("import al_mpi\nclass E(al_mpi.Engine):\n    def configure(self, s, t):\n"
                                             "        raise al_mpi.DataError('tiles.h5: no such file')\nE().serve()\n")
        self.assertIn("tiles.h5: no such file", self.al_mpi("sweep.yaml", "results.file=b.h5", expect=3).stderr)
        self.write("sweep.yaml", CONFIG.format(python="no_such_python", words=""))
        self.assert_one_line_error(self.al_mpi("sweep.yaml", expect=3), "no_such_python", "farm.engine")

    def test_a_changed_engine_does_not_continue_a_results_file(self):
        self.al_mpi("sweep.yaml")
        self.engine(end="# changed\n")
        done = self.al_mpi("sweep.yaml", "sweep.seeds=1-3", expect=2)
        self.assert_one_line_error(done, "results/sweep.h5 was made with other settings (farm.engine: ",
                                   "engine.py has changed", "another results.file")
        self.engine()
        self.write("sweep.yaml", CONFIG.format(python=sys.executable, words=", --fast"))
        self.assert_one_line_error(self.al_mpi("sweep.yaml", expect=2), "farm.engine", "--fast")
        text = (self.folder / "sweep.yaml").read_text()
        self.write("sweep.yaml", text.replace("[random_sampling, lowest]", "[random_sampling]")
                   .replace(f"engine: [{sys.executable}, engine.py, --fast], ", ""))
        self.assert_one_line_error(self.al_mpi("sweep.yaml", expect=2), "farm.engine", "'al_trial' now")

    def test_an_engine_that_changes_while_the_sweep_runs_is_not_started_again(self):
        self.engine(train="open(__file__, 'a').write('#'); os.kill(os.getpid(), 9)")
        done = self.al_mpi("sweep.yaml", expect=3)
        self.assertIn("engine.py: is another file than the sweep's configuration was read with", done.stderr)

    def test_metrics_that_it_does_not_send_are_missing_and_further_ones_are_columns(self):
        self.engine(after="metrics = {'regret': 1.0 / (round + 1), 'seconds_wait': 2.0}; confusion = []")
        self.al_mpi("sweep.yaml")
        curves = self.results().curves
        self.assertEqual(list(curves["regret"][:2]), [1.0, 0.5])
        self.assertEqual(set(curves["seconds_wait"]), {2.0})
        self.assertTrue("accuracy" not in curves or curves["accuracy"].isna().all())
        # Without accuracy figures show what is there, not a time.
        shown, asked = (self.run_program("al_aggregate", "results/sweep.h5", "--output", "plots", *metric).stdout
                        for metric in ([], ["--metric", "regret"]))
        self.assertEqual(shown, asked)
        self.assertIn("0.2000", shown)

    def test_a_matrix_of_another_size_fails_the_trial(self):
        self.engine(after="confusion = [1, 2, 3]")
        self.al_mpi("sweep.yaml", expect=4)
        self.assertIn("confusion: 3 numbers are no square matrix", list(self.results().trials["error"])[0])

    def test_what_is_no_matter_of_an_own_engine_is_refused(self):
        self.assert_one_line_error(
            self.al_mpi("sweep.yaml", "external.strategies={mine: {command: [sh]}}", expect=2),
            "external.strategies", "al_trial alone")
        self.assert_one_line_error(
            self.al_mpi("tune", "sweep.yaml", "training.validation=10", "-o", "tuned.yaml", expect=2), "farm.engine")
        self.assert_one_line_error(self.run_program("al_trial", "sweep.yaml", expect=2), "farm.engine", "ask al_mpi")
        self.assert_one_line_error(self.al_mpi("sweep.yaml", "results.thumbnails=4", expect=2),
                                   "results.thumbnails", "an own engine with data of its own")
        told = self.al_mpi("sweep.yaml", "--dry-run").stdout
        self.assertIn("4 trials", told)
        self.assertRegex(told, r"own program: engine: .* engine\.py \([0-9a-f]{16}\)")
        self.assertNotIn("built-in scenes", told)

    def test_a_grid_of_settings_reaches_the_engine_trial_by_trial(self):
        self.al_mpi("sweep.yaml", "sweep.grid={loop.n_query: [2, 5]}", "sweep.strategies=lowest", "sweep.seeds=1")
        curves = self.results().curves
        self.assertEqual(sorted(curves[curves["round"] == 4]["n_labeled"]), [4 + 4 * 2, 4 + 4 * 5])


class ExampleTest(EngineTest):
    def example(self, name, python, *overrides, seconds):
        """The example's sweep as it is told in its folder, and once more with a kill in the middle."""
        text = (EXAMPLES / f"{name}.yaml").read_text()
        self.assertIn(f"[python3, {name}.py]", text)
        self.write("sweep.yaml", text.replace(f"[python3, {name}.py]", f"[{python}, {EXAMPLES / name}.py]"))
        self.al_mpi("sweep.yaml", *overrides, "results.file=whole.h5", "sweep.seeds=1-2")
        process = self.start_program("al_mpi", "sweep.yaml", *overrides, "results.file=killed.h5", "sweep.seeds=1-2",
                                     "--workers", 1, env=self.environ)
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        self.al_mpi("sweep.yaml", *overrides, "results.file=killed.h5", "sweep.seeds=1-2")
        self.assert_same_results("whole.h5", "killed.h5")
        return self.results("killed.h5").curves

    @unittest.skipUnless(importlib.util.find_spec("sklearn"), "scikit-learn is not installed (python3-sklearn)")
    def test_a_random_forest_learns_digits(self):
        curves = self.example("digits_forest", sys.executable, seconds=4)
        last = curves[curves["round"] == 8]
        self.assertGreater(last["accuracy"].min(), 0.75)
        self.assertGreater(last["accuracy"].mean(), curves[curves["round"] == 0]["accuracy"].mean() + 0.1)

    def test_a_loop_in_pytorch_learns_tiles(self):
        python = os.environ.get("AL_TORCH_PYTHON", sys.executable)
        if subprocess.run([python, "-c", "import torch, h5py"], capture_output=True).returncode != 0:
            self.skipTest(f"{python} has no torch and h5py (AL_TORCH_PYTHON names another)")
        self.run_program("al_prepare", "synthetic", "--output", "tiles.h5", "--train", 120, "--test", 60, "--tile", 16)
        curves = self.example("torch_loop", python, "dataset.path=tiles.h5", seconds=5)
        self.assertEqual(len(curves), 2 * 2 * 5)
        self.assertGreater(curves[curves["round"] == 4]["accuracy"].mean(), 0.3)


class CheckEngineTest(EngineTest):
    def check(self, *args, expect=0):
        return self.al_mpi("check-engine", "--time-limit", 60, *args, expect=expect).stdout

    def check_mine(self, **changes):
        self.engine(**changes)
        return self.check("--config", "sweep.yaml", expect=4)

    def broken(self, output):
        """Parts that broke a rule -> how."""
        lines = output.splitlines()
        return {line.split()[1]: lines[i + 1].strip() for i, line in enumerate(lines) if line.startswith("BROKEN")}

    def test_a_good_engine_keeps_every_rule(self):
        output = self.check("--set", "sweep.strategies=lowest", "--set", "loop.n_rounds=4", "--",
                            sys.executable, "engine.py")
        self.assertEqual(self.broken(output), {})
        self.assertEqual([line.split()[1] for line in output.splitlines() if line.startswith("ok")],
                         ["start", "rounds", "again", "resume", "drain", "bad", "end"])
        self.assertIn("the engine keeps every rule", output)

    def test_al_trial_keeps_every_rule(self):
        self.assertEqual(self.broken(self.check("--", BUILD / "al_trial", "--serve")), {})

    def test_an_engine_whose_numbers_depend_on_what_ran_before_is_told_so(self):
        output = self.check_mine(after="self.count = getattr(self, 'count', 0) + 1; metrics['accuracy'] += self.count")
        self.assertIn("again", self.broken(output))
        self.assertRegex(self.broken(output)["again"], r"round 0: accuracy is [\d.]+, [\d.]+ before")

    def test_an_engine_that_keeps_no_checkpoint_is_told_so(self):
        output = self.check_mine(head="al_mpi._Checkpoint.save = lambda self: None")
        self.assertEqual(self.broken(output)["rounds"], "round 0 is told before its checkpoint is a file")

    def test_an_engine_that_begins_anew_after_a_kill_is_told_so(self):
        output = self.check_mine(head="al_mpi._Checkpoint.load = lambda self: None")
        self.assertEqual(list(self.broken(output)), ["resume"])
        self.assertIn("round 0 was told by attempt 1 before the kill, and is sent again with attempt 2",
                      self.broken(output)["resume"])

    def test_an_engine_that_prints_among_its_lines_is_told_so(self):
        output = self.check_mine(train="os.write(self._out.fileno(), b'loss 0.3\\n')")
        self.assertIn("it writes 'loss 0.3' on standard output", self.broken(output)["rounds"])

    def test_an_engine_that_dies_hangs_or_knows_no_drain_is_told_so(self):
        self.assertIn("left with exit code 3: last words",
                      self.broken(self.check_mine(train="print('last words'); sys.stdout.flush(); os._exit(3)"))["rounds"])
        self.engine(train="time.sleep(60)")
        output = self.al_mpi("check-engine", "--config", "sweep.yaml", "--time-limit", 1, expect=4).stdout
        self.assertIn("says nothing for 1 s, not even 'alive'", self.broken(output)["rounds"])
        output = self.check_mine(head="al_mpi.threading.Event.is_set = lambda self: False")
        self.assertIn("after 'drain' the trial ends with 'done'", self.broken(output)["drain"])

    def test_picks_that_were_labelled_before_are_told(self):
        output = self.check_mine(head="al_mpi.Engine._picks = lambda *args: [[i, 0, 0.0] for i in range(args[-1])]")
        self.assertEqual(self.broken(output)["rounds"], "round 1: 0 is picked, which was labelled before")

    def test_without_an_engine_it_says_what_is_missing(self):
        self.assert_one_line_error(self.al_mpi("check-engine", expect=2), "no engine given")
        self.assert_one_line_error(self.al_mpi("check-engine", "--set", "loop.n_rounds=1", "--", "true", expect=2),
                                   "loop.n_rounds")


if __name__ == "__main__":
    unittest.main()
