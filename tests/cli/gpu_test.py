#!/usr/bin/env python3
"""Sweeps on a real GPU: which device is recorded, and what happens when the GPU is hidden afterwards."""
import json
import subprocess
import sys
import unittest

import h5py

from harness import BUILD, ProgramTest

SEEN = json.loads(subprocess.run([BUILD / "al_trial", "--devices"], capture_output=True, text=True, check=True).stdout)
if not SEEN["gpus"]:
    print("skipped: LibTorch sees no GPU here:", SEEN["why_none"])
    sys.exit(77)


class GpuTest(ProgramTest):
    def test_a_sweep_runs_on_the_gpu_by_itself_and_is_not_continued_without_it(self):
        config = self.small_sweep(file="gpu.h5", seeds="1")
        self.run_program("al_mpi", config, "--workers", 2, "farm.workers_per_gpu=2")
        with h5py.File(self.folder / "gpu.h5") as file:
            devices = {device.decode() for device in file["attempts"]["device"]}
        self.assertTrue(devices and all(any(gpu in device for gpu in SEEN["gpus"]) for device in devices), devices)
        hidden = {"CUDA_VISIBLE_DEVICES": ""}
        done = self.run_program("al_mpi", config, "sweep.seeds=1-2", env=hidden, expect=2)
        self.assert_one_line_error(done, "farm.device: cuda in the results file, cpu now")
        done = self.run_program("al_mpi", config, "farm.device=cuda", "results.file=other.h5", env=hidden, expect=2)
        self.assertIn("LibTorch sees no GPU here", done.stderr.splitlines()[-1])

    def test_a_checkpoint_of_the_gpu_is_not_resumed_on_the_cpu(self):
        config = self.small_sweep()
        self.run_program("al_trial", config, "--checkpoint", "t.checkpoint")
        done = self.run_program("al_trial", config, "--checkpoint", "t.checkpoint", "farm.device=cpu")
        self.assertIn("other settings", done.stderr)


if __name__ == "__main__":
    unittest.main()
