#!/usr/bin/env python3
"""scripts/gpu_check.sh on the CPU: each step comes to its end, writes its JSON, and says no where something is missing."""
import json
import subprocess
import sys
import unittest

from harness import BUILD, SOURCE, ProgramTest


class GpuCheckTest(ProgramTest):
    def check(self, *words, expect=0):
        done = subprocess.run([sys.executable, SOURCE / "bench/gpu_check.py", *words, "--out", self.folder],
                              env=self.environment(None), capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done

    def step(self, name):
        self.check(name, "--device", "cpu", "--quick", "--programs", BUILD)
        report = json.loads((self.folder / f"{name}-cpu.json").read_text())
        self.assertTrue(report["passed"])
        self.assertIn("LibTorch", report["versions"])
        return report

    def test_correct(self):
        checks = self.step("correct")["checks"]
        self.assertIn("a killed trial, resumed: equal bits", checks)

    def test_measure(self):
        measured = self.step("measure")["measured"]
        self.assertGreater(measured["ms a step, fp32"], 0)
        self.assertGreater(measured["rounds a minute, 2 workers"], 0)

    def test_sweep(self):
        self.assertIn("24 trials of 4 rounds each are done", self.step("sweep")["checks"])

    def test_without_programs_it_says_what_makes_them(self):
        self.assertIn("scripts/build.sh", self.check("sweep", "--programs", self.folder, expect=2).stderr)


if __name__ == "__main__":
    unittest.main()
