#!/usr/bin/env python3
"""Own strategies in a sweep: the same picks as a built-in one, resume, changed scripts, wrong and hanging scripts."""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

from harness import BUILD, SOURCE, ProgramTest

sys.path.insert(0, str(SOURCE / "python"))
import al_mpi  # noqa: E402

EXAMPLES = SOURCE / "python/examples"

CONFIG = """
dataset: {{synthetic: {{task: {task}, n_train: 120, n_test: 40, n_classes: 4, tile: 16}}}}
model: {{name: {model}}}
training: {{epochs: 1, batch_size: 8}}
loop: {{n_init: 8, n_query: 8, n_rounds: {rounds}, diagnostics: none}}
external: {{strategies: {{mine: {{command: [{python}, mine.py{words}], needs: [{needs}]{more}}}}}}}
sweep: {{strategies: [{strategies}], inits: [random], seeds: {seeds}}}
farm: {{device: cpu, max_attempts: 2}}
results: {{file: results/sweep.h5, snapshot_every: 0}}
"""
MARGIN = """
import numpy as np
import al_mpi

@al_mpi.strategy
def mine(arrays, n, seed, power=1.0):
    p = np.sort(arrays["probs"].astype(float), axis=1)
    score = (p[:, -2] - p[:, -1]) * power
    best = arrays.candidates[np.argsort(-score[arrays.candidates], kind="stable")[:n]]
    return best, score[best]
"""
RANDOM = """
import numpy as np
import al_mpi

@al_mpi.strategy
def mine(arrays, n, seed, seconds=0.0):
    import time
    time.sleep(seconds)
    return np.random.default_rng(seed).permutation(arrays.candidates)[:n]
"""
ARRAYS = "import al_mpi, sys\narrays = al_mpi.Arrays(sys.argv[2])\n"


class OwnCodeTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.environ = {"PYTHONPATH": str(SOURCE / "python"), "TMPDIR": str(self.folder / "tmp")}
        (self.folder / "tmp").mkdir()

    def config(self, script, strategies="mine", needs="probs", words="", more="", seeds="1", rounds=2,
               task="classification", model="small_cnn", name="sweep.yaml"):
        (self.folder / name).parent.mkdir(exist_ok=True)
        self.write(pathlib.Path(name).parent / "mine.py", script)
        self.write(name, CONFIG.format(python=sys.executable, words=words, needs=needs, more=more, rounds=rounds,
                                       strategies=strategies, seeds=seeds, task=task, model=model))
        return name

    def sweep(self, *args, **options):
        return self.run_program("al_mpi", *args, env=self.environ, **options)

    def results(self, file="results/sweep.h5"):
        return al_mpi.read(self.folder / file)

    def picks(self, strategy, file="results/sweep.h5"):
        picks = self.results(file).picks
        mine = picks[(picks["strategy"] == strategy) & (picks["round"] > 0)]
        return mine.drop(columns=["trial", "strategy"]).reset_index(drop=True)

    def test_an_own_margin_picks_what_the_built_in_one_picks(self):
        self.sweep(self.config(MARGIN, "margin_sampling, mine", seeds="1-2"))
        mine, built_in = self.picks("mine"), self.picks("margin_sampling")
        self.assertEqual(len(mine), 32)
        self.assertTrue(mine.drop(columns="score").equals(built_in.drop(columns="score")))
        np.testing.assert_allclose(mine["score"], built_in["score"], atol=1e-6)
        curves = self.results().curves
        for metric in ("accuracy", "nll", "train_loss"):
            self.assertEqual(list(curves[curves["strategy"] == "mine"][metric]),
                             list(curves[curves["strategy"] == "margin_sampling"][metric]))
        self.assertEqual(os.listdir(self.folder / "tmp"), [])
        done = self.run_program("al_aggregate", "results/sweep.h5", "--output", "plots")
        self.assertEqual(done.returncode, 0)

    def test_al_trial_pick_is_an_own_strategy_as_it_stands(self):
        config = self.config("", "margin_sampling, mine", rounds=3)
        text = (self.folder / config).read_text()
        self.write(config, text.replace(f"[{sys.executable}, mine.py]",
                                        f"[{BUILD / 'al_trial'}, pick, --strategy, margin_sampling]"))
        self.sweep(config)
        self.assertTrue(self.picks("mine").drop(columns="score").equals(
            self.picks("margin_sampling").drop(columns="score")))

    def test_pixels_are_given_to_it_too(self):
        script = MARGIN.replace("score = (p", "assert p.ndim == 4 and 'labels' not in arrays\n    score = (p")
        script = script.replace("* power", "* power\n    score = score.mean(axis=(1, 2))")
        config = self.config(script, "margin_sampling, mine", task="segmentation", model="unet_resnet18")
        self.sweep(config, "query.pixel_reduction=mean")
        self.assertEqual(list(self.picks("mine")["index"]), list(self.picks("margin_sampling")["index"]))

    def test_one_worker_two_workers_and_a_kill_give_one_result(self):
        config = self.config(RANDOM, "mine, random_sampling", needs="", words=", --seconds, '0.3'", seeds="1-2", rounds=3)
        self.sweep(config, "--workers", 1, "results.file=one.h5")
        self.sweep(config, ranks=2)
        process = self.start_program("al_mpi", config, "--workers", 2, "results.file=killed.h5", env=self.environ)
        scripts = lambda: [line for line in subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True,  # noqa: E731
                                                           text=True).stdout.splitlines()
                           if str(self.folder) in line and "mine.py" in line]
        deadline = time.monotonic() + 30
        while not scripts() and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while (scripts() or os.listdir(self.folder / "tmp")) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(scripts(), [], "a script outlived its engine")
        self.assertEqual(os.listdir(self.folder / "tmp"), [], "a scratch folder is left")
        self.sweep(config, "results.file=killed.h5")
        self.assert_same_results("one.h5", "results/sweep.h5")
        self.assert_same_results("one.h5", "killed.h5")

    def test_a_changed_script_does_not_continue_a_results_file(self):
        config = self.config(MARGIN, "mine", name="project/sweep.yaml")
        self.write("project/helper.txt", "1")
        text = (self.folder / config).read_text().replace("needs:", "files: [helper.txt], needs:")
        self.write(config, text)
        self.sweep(config)
        self.write("project/helper.txt", "2")
        done = self.sweep(config, "sweep.seeds=1-2", expect=2)
        self.assert_one_line_error(done, "results/sweep.h5 was made with other settings", "helper.txt has changed",
                                   "external.strategies.mine", "another results.file")
        self.write("project/helper.txt", "1")
        self.write("project/mine.py", MARGIN + "# changed\n")
        self.assert_one_line_error(self.sweep(config, expect=2), "mine.py has changed")
        self.write("project/mine.py", MARGIN)
        self.sweep(config, "sweep.seeds=1-2")
        self.assertEqual(len(self.results().trials), 2)
        # It is left out for a while, and its file changes: still not the strategy of that results file.
        self.sweep(config, "sweep.strategies=random_sampling")
        self.write("project/mine.py", MARGIN + "# changed\n")
        self.assert_one_line_error(self.sweep(config, "sweep.seeds=3", expect=2), "mine.py has changed")
        # Under another name it extends the sweep.
        self.write(config, text.replace("{mine:", "{mine_2:").replace("strategies: [mine]", "strategies: [mine_2]"))
        self.sweep(config)
        self.assertEqual(sorted(set(self.results().trials["strategy"])), ["mine", "mine_2", "random_sampling"])
        programs = {name for name in self.results().provenance if name.startswith("version_external_")}
        self.assertEqual(programs, {"version_external_mine", "version_external_mine_2"})
        self.assertRegex(self.results().provenance["version_external_mine"], r"mine\.py \([0-9a-f]{16}\); files helper.txt")
        self.write("project/mine.py", MARGIN)  # now a strategy that joined later has changed
        self.assert_one_line_error(self.sweep(config, expect=2), "mine_2", "mine.py has changed")
        (self.folder / "other").mkdir()
        self.write(config, text)
        os.rename(self.folder / "project", self.folder / "moved")
        self.sweep("moved/sweep.yaml", "sweep.seeds=1-2")  # content counts, not the place

    def test_wrong_scripts_fail_their_trial_with_a_line_and_the_others_go_on(self):
        for script, more, problem in [
            ("print('order,index,score')\nprint('0,1,0')", "", "1 were picked, 8 are wanted"),
            ("import sys\nprint('what now', file=sys.stderr)", "", "nothing was printed"),
            ("print('hello')", "", "the first line printed is 'hello', not 'order,index,score'"),
            (ARRAYS + "i = arrays.candidates[0]\nprint(f'order,index,score\\n0,{i},0\\n1,{i},0')", "", "was picked twice"),
            (ARRAYS + "i = arrays['labeled'].argmax()\nprint(f'order,index,score\\n0,{i},0')", "", "which is labelled already"),
            ("raise ValueError('too deep')", "", "left with exit code 1: ValueError: too deep"),
            ("import os\nos.kill(os.getpid(), 9)", "", "was killed by signal 9"),
            ("import time\ntime.sleep(100)", ", time_limit: 1", "was not done in 1 s"),
            ("import al_mpi\n@al_mpi.strategy\ndef mine(arrays, n, seed):\n    return arrays['features'][0]", "",
             "no array 'features' (here are candidate, labeled, labels, probs"),
        ]:
            with self.subTest(problem):
                file = f"{tempfile.mktemp(dir='.', prefix='r')}.h5"
                config = self.config(script, "mine, random_sampling", more=more)
                self.sweep(config, f"results.file={file}", expect=4)
                trials = self.results(file).trials.set_index("strategy")
                self.assertEqual(list(trials["state"].sort_values()), ["done", "failed"])
                self.assertIn("external.strategies.mine: ", trials.loc["mine", "error"])
                self.assertIn(problem, trials.loc["mine", "error"])
                explained = self.run_program("al_mpi", "explain", file, "mine/random/1").stdout
                self.assertIn(problem, explained)
                if "what now" in script:
                    self.assertIn("what now", explained)
                if "too deep" in script:
                    self.assertIn("Traceback", explained)
                    self.assertIn("attempt 2: failed", explained)  # it may have been the machine
                if "were picked" in problem:
                    self.assertNotIn("attempt 2", explained)  # a wrong answer is one
        self.assertEqual(os.listdir(self.folder / "tmp"), [])

    def test_what_cannot_run_is_told_before_the_sweep(self):
        config = self.config(MARGIN)
        text = (self.folder / config).read_text()
        for old, new, code, *words in [
            (sys.executable, "pyhton3", 3, "pyhton3", "no program that can be run"),
            ("needs: [probs]", "needs: [probs], files: [none.txt]", 3, "none.txt", "cannot be read"),
            ("{mine:", "{badge:", 2, "external.strategies.badge", "badge is a strategy of al_mpi itself"),
            ("[mine]", "[mind]", 2, "sweep.strategies", "did you mean 'mine'"),
            ("needs: [probs]", "needs: [props]", 2, "external.strategies.mine.needs", "did you mean 'probs'"),
        ]:
            self.write(config, text.replace(old, new))
            self.assert_one_line_error(self.sweep(config, expect=code), *words)
        self.write(config, text)
        self.assertIn("strategies: mine", self.sweep(config, "--dry-run").stdout)
        self.sweep(config, "--simulate", "workers=2,trials=4")
        line = self.run_program("al_trial", config, "--strategy", "Mine", env=self.environ).stdout.splitlines()[-1]
        self.assertIn('"key":"mine/random/1"', line)

    def test_a_script_that_changes_while_the_sweep_runs_ends_its_trials(self):
        config = self.config(RANDOM.replace("    import time", "    open(__file__, 'a').write('#')\n    import time"))
        self.sweep(config, expect=4)
        self.assertIn("mine.py has changed since the sweep was started", self.results().trials["error"][0])

    def test_the_walk_through_of_the_docs_is_true(self):
        page = (SOURCE / "docs/own_code.md").read_text()
        script, config = (re.search(rf"```{language}\n(.*?)```", page, re.S)[1] for language in ("python", "yaml"))
        self.write("mine.py", script)
        self.write("sweep.yaml", config.replace("python3", sys.executable))
        small = ["dataset.synthetic.n_train=60", "dataset.synthetic.n_test=20", "dataset.synthetic.tile=16",
                 "model.name=small_cnn", "training.epochs=1", "loop.n_init=8", "loop.n_query=8", "loop.n_rounds=2"]
        self.sweep("sweep.yaml", *small, "sweep.seeds=1")
        self.assertEqual(len(self.picks("mine")), 16)
        self.run_program("al_trial", "sweep.yaml", *small, "--strategy", "mine", env=self.environ)

    def example(self, name, needs, python=sys.executable):
        text = (self.folder / self.config("", name, needs=needs, rounds=3)).read_text()
        self.assertIn(f"{name}: {{command: [python3, {name}.py], needs: [{needs}]}}", (EXAMPLES / f"{name}.py").read_text())
        self.write("sweep.yaml", text.replace(f"mine: {{command: [{sys.executable}, mine.py]",
                                              f"{name}: {{command: [{python}, {EXAMPLES / name}.py]"))
        self.sweep("sweep.yaml")
        self.assertEqual(self.picks(name)["index"].nunique(), 24)

    def test_the_example_in_numpy_runs(self):
        self.example("margin_density", "probs, embeddings")

    def test_the_example_with_a_strategy_of_scikit_activeml_runs(self):
        python = os.environ.get("AL_SKACTIVEML_PYTHON", sys.executable)
        if subprocess.run([python, "-c", "import skactiveml, h5py"], capture_output=True).returncode != 0:
            self.skipTest(f"{python} has no scikit-activeml and h5py (AL_SKACTIVEML_PYTHON names another)")
        self.example("skactiveml_typiclust", "embeddings", python)


if __name__ == "__main__":
    unittest.main()
