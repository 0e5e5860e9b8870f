#!/usr/bin/env python3
"""The README's commands on real EuroSAT tiles (AL_EUROSAT_DIR), shortened; skipped where there are none."""
import os
import sys
import unittest

import h5py

from harness import SOURCE, ProgramTest

TILES = os.environ.get("AL_EUROSAT_DIR")


class EuroSatTest(ProgramTest):
    def test_import_sweep_and_figures(self):
        self.run_program("al_prepare", "eurosat", TILES, "--output", "eurosat_balanced.h5", "--test", 100)
        described = self.run_program("al_prepare", "describe", "eurosat_balanced.h5").stdout
        self.assertIn("SeaLake", described)
        with h5py.File(self.folder / "eurosat_balanced.h5") as file:
            self.assertEqual(file["train/images"].shape[1:], (13, 64, 64))
            self.assertEqual(len(file["test/labels"]), 100)
            # Digital number / 10000 is reflectance: land is neither black nor brighter than snow.
            self.assertTrue(((file["normalization/mean"][:] > 5) & (file["normalization/mean"][:] < 10000)).all())

        self.run_program("al_mpi", SOURCE / "configs/eurosat_balanced.yaml", "dataset.path=eurosat_balanced.h5",
                         "sweep.strategies=random_sampling,margin_sampling,kcenter_greedy", "sweep.inits=fps",
                         "sweep.seeds=1", "loop.n_rounds=2", "training.epochs=1", "model.name=small_cnn",
                         ranks=2, timeout=280)
        with h5py.File(self.folder / "results/eurosat_balanced.h5") as file:
            self.assertEqual(len(file["rounds"]), 9)
            self.assertEqual(file.attrs["complete"], 1)
        self.run_program("al_aggregate", "results/eurosat_balanced.h5", "--output", "plots")
        figures = {path.suffix for path in (self.folder / "plots").rglob("*")}
        self.assertLessEqual({".svg", ".png", ".csv", ".md"}, figures)


if __name__ == "__main__":
    if not TILES:
        print("skipped: AL_EUROSAT_DIR is not set")
        sys.exit(77)
    unittest.main()
