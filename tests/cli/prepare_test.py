#!/usr/bin/env python3
"""al_prepare eurosat on RGB images, as a user starts it; tiles with 13 bands are tested in tests/prepare."""
import struct
import unittest
import zlib

import h5py
import numpy as np

from harness import ProgramTest


def png(pixels):
    """PNG file of [height, width, 3] uint8."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class PrepareTest(ProgramTest):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(1)
        self.pixels = {}
        for name in ("Forest", "River"):
            for i in range(6):
                self.pixels[f"{name}_{i}"] = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                self.image(name, f"{name}_{i}.png", self.pixels[f"{name}_{i}"])

    def image(self, name, file, pixels):
        (self.folder / "tiles" / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "tiles" / name / file).write_bytes(png(pixels))

    def prepare(self, *options, **kwargs):
        return self.run_program("al_prepare", "eurosat", "tiles", "--output", "out.h5", "--split", "all", *options,
                                **kwargs)

    def refused(self, *fragments, options=(), expect=3):
        done = self.prepare("--test", 2, *options, expect=expect)
        self.assert_one_line_error(done, *fragments)
        self.assertFalse((self.folder / "out.h5").exists(), "something was left behind")

    def test_png_pixels_arrive_as_they_are(self):
        self.prepare("--test", 2)
        with h5py.File(self.folder / "out.h5") as file:
            self.assertEqual([name.decode() for name in file["classes"][:]], ["Forest", "River"])
            self.assertEqual(len(file["train/labels"]), 10)
            for split in ("train", "test"):
                for image, name in zip(file[f"{split}/images"][:], file[f"{split}/names"][:]):
                    stem = name.decode().split("/")[-1].removesuffix(".png")
                    np.testing.assert_array_equal(image, self.pixels[stem].transpose(2, 0, 1))

    def test_an_output_is_not_written_over_unless_told(self):
        self.prepare("--test", 2)
        before = (self.folder / "out.h5").read_bytes()
        self.assert_one_line_error(self.prepare("--test", 2, expect=2), "out.h5", "--force")
        self.assertEqual(before, (self.folder / "out.h5").read_bytes())
        self.prepare("--test", 4, "--force")

    def test_an_image_of_another_size(self):
        self.image("River", "odd.png", np.zeros((8, 9, 3), np.uint8))
        self.refused("odd.png", "9")

    def test_an_image_that_is_cut(self):
        path = self.folder / "tiles/River/River_0.png"
        path.write_bytes(path.read_bytes()[:60])
        self.refused("River_0.png")

    def test_folders_that_make_no_data_set(self):
        (self.folder / "tiles/Empty").mkdir()
        self.refused("Empty")
        done = self.run_program("al_prepare", "eurosat", "nowhere", "--output", "out.h5", expect=3)
        self.assert_one_line_error(done, "nowhere")

    def test_one_class_only(self):
        for path in (self.folder / "tiles/River").iterdir():
            path.unlink()
        (self.folder / "tiles/River").rmdir()
        self.refused("class")

    def test_a_test_set_larger_than_the_data(self):
        self.assert_one_line_error(self.prepare("--test", 100, expect=2), "100")


if __name__ == "__main__":
    unittest.main()
