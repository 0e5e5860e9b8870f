#!/usr/bin/env python3
"""al_prepare tensors: arrays of torch.save and NumPy become a dataset that holds the same numbers."""
import unittest

import h5py
import numpy as np

from harness import ProgramTest

try:
    import torch
except ImportError:
    torch = None


@unittest.skipIf(torch is None, "no torch")
class TensorsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(1)
        self.arrays = {}
        for split, n in (("train", 9), ("test", 4)):
            self.arrays[split + "_x"] = rng.normal(size=(n, 13, 6, 5)).astype(np.float32)
            self.arrays[split + "_y"] = np.arange(n) % 3
            for part in ("x", "y"):
                self.save(f"{split}_{part}", self.arrays[f"{split}_{part}"])
        self.embeddings = rng.normal(size=(9, 4)).astype(np.float32)
        np.save(self.folder / "moco.npy", self.embeddings)

    def save(self, name, array):
        torch.save(torch.from_numpy(array), self.folder / f"{name}.pt")

    def tensors(self, *options, expect=0, **files):
        paths = {key: f"{key}.pt" for key in ("train_x", "train_y", "test_x", "test_y")}
        paths.update(files)
        arguments = [a for key, path in paths.items() for a in ("--" + key.replace("_", "-"), path)]
        return self.run_program("al_prepare", "tensors", *arguments, "--output", "out.h5", *options, expect=expect)

    def refused(self, *fragments, options=(), expect=3, **files):
        done = self.tensors(*options, expect=expect, **files)
        self.assert_one_line_error(done, *fragments)
        self.assertEqual([p.name for p in self.folder.iterdir() if "out.h5" in p.name], [], "left behind")

    def check_output(self):
        with h5py.File(self.folder / "out.h5") as file:
            for split in ("train", "test"):
                np.testing.assert_array_equal(file[f"{split}/images"][:], self.arrays[split + "_x"])
                np.testing.assert_array_equal(file[f"{split}/labels"][:], self.arrays[split + "_y"])

    def test_tensors_arrive_as_they_are(self):
        self.tensors("--embeddings", "moco.npy")
        self.check_output()
        with h5py.File(self.folder / "out.h5") as file:
            np.testing.assert_array_equal(file["train/embeddings/moco"][:], self.embeddings)
            self.assertEqual(file["train/embeddings/moco"].attrs["method"], "imported")
            self.assertEqual(file["bands"][12], b"B8A")
            self.assertEqual(file["classes"][2], b"class 2")
            np.testing.assert_allclose(file["normalization/mean"][:], self.arrays["train_x"].mean((0, 2, 3)), atol=1e-5)

    def test_other_memory_orders_and_npy_files(self):
        x = self.arrays["train_x"]
        torch.save(torch.from_numpy(x).contiguous(memory_format=torch.channels_last), self.folder / "train_x.pt")
        torch.save(torch.from_numpy(np.concatenate([x, self.arrays["test_x"]]))[9:], self.folder / "test_x.pt")
        np.save(self.folder / "y.npy", np.asfortranarray(self.arrays["train_y"].astype(np.int32)))
        self.tensors(train_y="y.npy")
        self.check_output()
        self.arrays["train_x"] = np.asfortranarray(x.astype(np.float64))
        np.save(self.folder / "x.npy", self.arrays["train_x"])
        self.tensors("--force", train_x="x.npy", train_y="y.npy")
        self.check_output()

    def test_numbers_of_sensors_stay_what_they_are(self):
        for dtype in (np.uint8, np.uint16):
            for split in ("train", "test"):
                self.arrays[split + "_x"] = (self.arrays[split + "_x"] * 50 + 120).clip(0, 255).astype(dtype)
                np.save(self.folder / f"{split}_x.npy", self.arrays[split + "_x"])
            self.tensors("--force", train_x="train_x.npy", test_x="test_x.npy")
            self.check_output()
            with h5py.File(self.folder / "out.h5") as file:
                self.assertEqual(file["train/images"].dtype, dtype)

    def test_label_maps(self):
        for split, n in (("train", 9), ("test", 4)):
            self.arrays[split + "_y"] = np.random.default_rng(2).integers(0, 4, (n, 6, 5))
            self.save(split + "_y", self.arrays[split + "_y"])
        self.tensors("--ignore-label", 0, "--classes", "none,water,trees,grass")
        self.check_output()
        with h5py.File(self.folder / "out.h5") as file:
            self.assertEqual(file.attrs["task"], "segmentation")
            self.assertEqual(file["classes"][1], b"water")

    def test_files_that_are_no_tensor(self):
        torch.save(torch.zeros(9), self.folder / "legacy.pt", _use_new_zipfile_serialization=False)
        self.refused("legacy.pt", "legacy format", "python3 -c", train_y="legacy.pt")
        torch.save({"x": torch.zeros(9, dtype=torch.long)}, self.folder / "dict.pt")
        self.refused("dict.pt", "one tensor", train_y="dict.pt")
        self.write("text.pt", "no tensor at all")
        self.refused("text.pt", train_x="text.pt")
        whole = (self.folder / "train_x.pt").read_bytes()
        (self.folder / "cut.pt").write_bytes(whole[: len(whole) // 2])
        self.refused("cut.pt", train_x="cut.pt")
        self.refused("nowhere.pt", train_x="nowhere.pt")

    def test_sizes_and_types_that_disagree(self):
        self.refused("train_y.pt", "(9)", "4 images", test_y="train_y.pt")
        self.refused("test_y.pt", "N, C, H, W", train_x="test_y.pt")
        self.save("complex", self.arrays["train_x"].astype(np.complex64))
        self.refused("complex.pt", "ComplexFloatStorage", train_x="complex.pt")
        self.save("float_y", self.arrays["train_y"].astype(np.float32) / 2)
        self.refused("float_y.pt", "label 0.5 of sample 1 is no whole number", train_y="float_y.pt")
        self.save("small", self.arrays["test_x"][:, :, :4])
        self.refused("small.pt", "(4, 13, 4, 5)", test_x="small.pt")
        np.save(self.folder / "rows.npy", self.embeddings[:7])
        self.refused("rows.npy", "(9, D)", options=("--embeddings", "rows.npy"))
        np.save(self.folder / "whole.npy", self.embeddings.astype(np.int64))
        self.refused("whole.npy", "int64", options=("--embeddings", "whole.npy"))
        np.save(self.folder / "big.npy", self.embeddings.astype(">f4"))
        self.refused("big.npy", "big-endian", options=("--embeddings", "big.npy"))
        self.refused("--bands", "13", options=("--bands", "B1,B2"), expect=2)

    def test_values_that_are_none(self):
        self.save("labels", np.array([0, 1, 2, 0, -1, 2, 0, 1, 2]))
        self.refused("labels.pt", "-1 of sample 4", train_y="labels.pt")
        self.refused("train_y.pt", "0..1", options=("--classes", "Forest,Lake"))
        x = self.arrays["train_x"].copy()
        x[3, 2, 1, 0] = np.nan
        self.save("nan", x)
        self.refused("nan.pt#3", "not finite", train_x="nan.pt")
        self.embeddings[5, 1] = np.inf
        np.save(self.folder / "inf.npy", self.embeddings)
        self.refused("inf.npy", "row 5", options=("--embeddings", "inf.npy"))

    def test_an_output_is_not_written_over_unless_told(self):
        self.tensors()
        before = (self.folder / "out.h5").read_bytes()
        self.assert_one_line_error(self.tensors(expect=2), "out.h5", "--force")
        self.assertEqual(before, (self.folder / "out.h5").read_bytes())


if __name__ == "__main__":
    unittest.main()
