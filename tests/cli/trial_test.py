#!/usr/bin/env python3
"""al_trial from a shell: one trial, and trials served as JSON lines."""
import json
import re
import subprocess
import unittest

from harness import BUILD, ProgramTest


class TrialTest(ProgramTest):
    def test_one_trial_prints_a_json_line_a_round(self):
        done = self.run_program("al_trial", self.small_sweep(), "--strategy", "MarginSampling", "--seed", 2)
        rounds = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([r["round"] for r in rounds], [0, 1, 2, 3])
        self.assertEqual([r["n_labeled"] for r in rounds], [8, 16, 24, 32])
        self.assertEqual(rounds[0]["key"], "margin_sampling/random/2")
        again = self.run_program("al_trial", self.small_sweep(), "--strategy", "margin_sampling", "--seed", 2)
        strip = lambda r: (r["picks"], r["confusion"], r["weights_hash"])
        self.assertEqual([strip(r) for r in rounds],
                         [strip(json.loads(line)) for line in again.stdout.splitlines()])

    def test_levels_of_the_kernels(self):
        wrong = self.run_program("al_trial", self.small_sweep(), env={"AL_MPI_KERNELS": "avx2"}, expect=2)
        self.assert_one_line_error(wrong, "AL_MPI_KERNELS", "unknown level 'avx2' (known: off, portable, avx512)")
        rounds = {level: [json.loads(line) for line in self.run_program(
                      "al_trial", self.small_sweep(), env={"AL_MPI_KERNELS": level}).stdout.splitlines()]
                  for level in ("off", "portable")}
        for off, portable in zip(rounds["off"], rounds["portable"], strict=True):
            self.assertEqual(off["picks"], portable["picks"])  # a random query looks at no network
            # Sums in another order: the weights have other bits, which shows that the level was obeyed, and training
            # ends near the same loss.
            self.assertNotEqual(off["weights_hash"], portable["weights_hash"])
            for loss in ("train_loss", "nll"):
                self.assertAlmostEqual(dict(off["metrics"])[loss], dict(portable["metrics"])[loss], delta=1e-5)

    def test_a_checkpoint_names_its_libtorch_among_the_settings(self):
        self.run_program("al_trial", self.small_sweep(), "--checkpoint", "t.checkpoint")
        checkpoint = (self.folder / "t.checkpoint").read_bytes()
        header = json.JSONDecoder().raw_decode(checkpoint.split(b"\n", 1)[1].decode(errors="replace"))[0]
        version = re.search(r"LibTorch [\d.]+", self.run_program("al_trial", "--version").stdout)[0]
        self.assertIn(version, header["fingerprint"])

    def serve(self, *requests, config=True):
        first = [{"type": "configure", "config": self.small_sweep().read_text(), "device": "cpu"}]
        lines = "".join(json.dumps(r) + "\n" if isinstance(r, dict) else r + "\n"
                        for r in (first if config else []) + list(requests))
        done = subprocess.run([BUILD / "al_trial", "--serve"], input=lines, capture_output=True, text=True,
                              cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def trial(self, **changes):
        return {"type": "run", "attempt": 1,
                "trial": {"trial": 0, "strategy": "random_sampling", "init": "random", "seed": 1, **changes}}

    def test_devices_are_told_in_a_line(self):
        line = json.loads(self.run_program("al_trial", "--devices").stdout)
        self.assertEqual(line["type"], "devices")
        self.assertTrue(line["gpus"] or line["why_none"], line)
        hidden = json.loads(self.run_program("al_trial", "--devices", env={"CUDA_VISIBLE_DEVICES": ""}).stdout)
        self.assertEqual(hidden["gpus"], [])

    def test_served_trials(self):
        answers = self.serve(self.trial(), self.trial(seed=2))
        self.assertEqual(answers[0]["type"], "ready")
        self.assertEqual(answers[0]["device"], "cpu")
        self.assertEqual([a["type"] for a in answers if a["type"] != "alive"],
                         ["ready"] + (["round"] * 4 + ["done"]) * 2)
        self.assertEqual(answers[-1]["key"], "random_sampling/random/2")

    def test_own_settings_of_a_trial(self):
        answers = self.serve(self.trial(settings={"loop.n_rounds": "1"}))
        self.assertEqual([a["round"] for a in answers if a["type"] == "round"], [0, 1])

    def test_a_bad_request_is_answered_and_the_next_one_served(self):
        answers = self.serve("no json", {"type": "dance"}, self.trial(strategy="margn"), self.trial())
        failures = [a for a in answers if a["type"] == "failed"]
        self.assertEqual([a["kind"] for a in failures], ["config"] * 3)
        self.assertIn("margin_sampling", failures[2]["message"])
        self.assertEqual(answers[-1]["type"], "done")

    def test_run_before_configure(self):
        self.assertEqual(self.serve(self.trial(), config=False)[0]["type"], "failed")

    def test_bad_usage(self):
        self.assert_one_line_error(self.run_program("al_trial", expect=2), "configuration")
        done = self.run_program("al_trial", self.small_sweep(), "--strategy", "margn", expect=2)
        self.assert_one_line_error(done, "--strategy", "margin_sampling")


if __name__ == "__main__":
    unittest.main()
