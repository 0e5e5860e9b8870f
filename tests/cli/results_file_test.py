#!/usr/bin/env python3
"""A results file opens in h5py, pandas and, where it is installed, xarray as docs/formats.md says."""
import os
import subprocess
import unittest

import h5py
import numpy as np
import pandas

from harness import BUILD, ProgramTest

try:
    import xarray
except ImportError:
    xarray = None


class ResultsFileTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.file = self.folder / "x.h5"
        subprocess.run([BUILD / "test_results", "[example_file]"], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, "AL_EXAMPLE_FILE": str(self.file)})

    def check_rounds(self, rounds):
        self.assertEqual(len(rounds), 21)
        text = rounds["strategy"].map(lambda s: s.decode() if isinstance(s, bytes) else s)
        self.assertEqual(set(text), {"random_sampling", "margin_sampling"})
        means = rounds.assign(strategy=text).groupby(["strategy", "round"])["accuracy"].mean()
        # 0.5 + 0.1 round + 0.001 x length of the key, of which four are "random" and three "fps"
        self.assertAlmostEqual(means["random_sampling", 2], 0.7 + 0.001 * (24 + 24 + 21 + 21) / 4)
        self.assertTrue(rounds[rounds["round"] == 0]["nll"].isna().all())

    def test_pandas_from_h5py(self):
        with h5py.File(self.file) as f:
            self.check_rounds(pandas.DataFrame(f["rounds"][:]))
            trials = pandas.DataFrame(f["trials"][:])
            self.assertEqual(list(trials["state"]), [b"done"] * 7 + [b"pending"])
            self.assertEqual(len(f["attempts"]), 7)
            picks = pandas.DataFrame(f["picks"][:])
            self.assertEqual(len(picks), 42)
            self.assertEqual(list(picks["order"][:4]), [0, 1, 0, 1])
            self.assertEqual(f["confusion"].shape, (21, 3, 3))
            self.assertEqual(f["confusion"][1].sum(), 1 + sum(range(1, 8)) + 1)
            self.assertEqual(f["calibration"].shape, (21, 2, 3))
            self.assertEqual(f["calibration"][1].tolist(), [[0, 0, 0], [0.2, 1, 2]])

    def test_pandas_read_hdf(self):
        self.check_rounds(pandas.read_hdf(self.file, "rounds"))
        self.assertEqual(len(pandas.read_hdf(self.file, "trials")), 8)

    def test_attributes_say_where_it_comes_from(self):
        with h5py.File(self.file) as f:
            text = {k: v.decode() if isinstance(v, bytes) else v for k, v in f.attrs.items()}
        self.assertEqual(text["format"], "al_mpi results")
        self.assertEqual(text["complete"], 0)
        self.assertEqual(text["class_names"].split("\n"), ["Forest", "River", "SeaLake"])
        self.assertEqual(text["version_libtorch"], "1.13.1")
        self.assertIn("epochs", text["config"])

    def test_curves_have_named_dimensions(self):
        with h5py.File(self.file) as f:
            accuracy = f["curves/accuracy"]
            self.assertEqual([d.label or d[0].name.split("/")[-1] for d in accuracy.dims],
                             ["strategy", "init", "seed", "round"])
            self.assertEqual(list(accuracy.dims[0][0][:]), [b"random_sampling", b"margin_sampling"])
            self.assertEqual(accuracy.shape, (2, 2, 2, 3))
            self.assertAlmostEqual(accuracy[1, 0, 1, 2], 0.7 + 0.001 * len("margin_sampling/random/2"))
            self.assertTrue(np.isnan(accuracy[1, 1, 1]).all())  # the trial that was not run
            self.assertNotIn("seconds_train", f["curves"])

    @unittest.skipIf(xarray is None, "xarray is not installed")
    def test_xarray_selects_by_name(self):
        curves = xarray.open_dataset(self.file, group="curves")
        self.assertEqual(curves.accuracy.dims, ("strategy", "init", "seed", "round"))
        self.assertAlmostEqual(float(curves.accuracy.sel(seed=2, round=2)[1, 0]),
                               0.7 + 0.001 * len("margin_sampling/random/2"))


if __name__ == "__main__":
    unittest.main()
