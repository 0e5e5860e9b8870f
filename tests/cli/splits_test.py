#!/usr/bin/env python3
"""Splits of class folders: lists of names, places on Earth, zip files; what of the pool is near the test set."""
import json
import unittest
import zipfile

import h5py
from osgeo import gdal, osr

from harness import ProgramTest
from tiles import pixels, tif

gdal.UseExceptions()


class SplitsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        for k, name in enumerate("ABC"):
            for i in range(10):
                path = self.folder / f"tiles/{name}/{name}_{i}.tif"
                tif(path, pixels(k, i, c=3))
                file = gdal.Open(str(path), gdal.GA_Update)  # 20 km further east each, in UTM 33
                file.SetGeoTransform((300000 + 20000 * i, 10, 0, 5000000 + 1000 * k, 0, -10))

    def eurosat(self, *options, source="tiles", expect=0):
        return self.run_program("al_prepare", "eurosat", source, "--output", "out.h5", "--force", *options, expect=expect)

    def names(self, split):
        with h5py.File(self.folder / "out.h5") as file:
            return sorted(name.decode() for name in file[split]["names"][:])

    def lists(self, **lists):
        for name, names in lists.items():
            (self.folder / f"{name}.txt").write_text("".join(f"{n}\n" for n in names))
        return [f"{name}.txt" for name in lists]

    def test_lists_of_names_split_and_what_they_leave_out_is_told(self):
        files = self.lists(train=[f"{c}_{i}.jpg" for c in "ABC" for i in range(5)],
                           val=["A_5.jpg", "B/B_5"], test=[f"{c}_6.jpg" for c in "ABC"] + ["C_99.jpg"])
        done = self.eurosat("--split-files", *files)
        self.assertEqual(self.names("validation"), ["A/A_5.tif", "B/B_5.tif"])
        self.assertEqual(self.names("test"), ["A/A_6.tif", "B/B_6.tif", "C/C_6.tif"])
        self.assertIn("1 names of the lists are no images", done.stderr)
        self.assertIn("C_99.jpg", done.stderr)
        self.assertIn("10 images are in no list and are left out", done.stderr)

    def test_an_image_in_two_lists_is_refused(self):
        files = self.lists(train=["A_1", "B_1", "C_1"], test=["A_1", "B_2", "C_2"])
        self.assert_one_line_error(self.eurosat("--split-files", *files, expect=3), "test.txt", "A_1 is in the list of train, too")

    def test_lists_beside_another_split_or_counts_are_refused(self):
        files = self.lists(train=["A_1", "B_1", "C_1"], test=["A_3", "B_2", "C_2"])
        self.eurosat("--split", "all", "--split-files", *files, expect=2)
        self.assert_one_line_error(self.eurosat("--test", "3", "--split-files", *files, expect=2), "--split-files")

    def test_by_longitude_the_test_set_lies_east_and_apart(self):
        done = self.eurosat("--split", "longitude", "--test", "6", "--validation", "3")
        self.assertEqual(self.names("test"), [f"{c}/{c}_{i}.tif" for c in "ABC" for i in (8, 9)])
        self.assertEqual(self.names("validation"), [f"{c}/{c}_7.tif" for c in "ABC"])
        self.assertRegex(done.stdout, r"/test beside the pool: 0 of 6 images equal.*at least (39|40)\.\d+ km away")
        described = json.loads(self.run_program("al_prepare", "describe", "out.h5", "--json").stdout)
        self.assertAlmostEqual(described["splits"]["test"]["km_to_pool"]["least"], 40, delta=0.2)

    def test_a_random_split_tells_how_near_its_test_set_is(self):
        done = self.eurosat("--split", "all", "--test", "6")
        self.assertRegex(done.stdout, r"the nearest one of the pool is at least [12]\.\d+ km away")

    def test_squares_lie_in_one_split(self):
        self.eurosat("--split", "blocks=15", "--test", "6")
        columns = {split: {name[-5] for name in self.names(split)} for split in ("train", "test")}  # three tiles, 2 km
        self.assertEqual(len(columns["test"]), 2)
        self.assertEqual(columns["train"] & columns["test"], set())
        self.assert_one_line_error(self.eurosat("--split", "blocks=x", expect=2), "blocks=x")

    def test_images_without_a_place_cannot_be_split_by_it(self):
        tif(self.folder / "tiles/A/A_3.tif", pixels(0, 3, c=3), epsg=None)
        self.assert_one_line_error(self.eurosat("--split", "longitude", expect=3), "1 of 30 images", "A/A_3.tif", "--split-files")
        done = self.eurosat("--split", "all", "--test", "6")
        self.assertIn("where they lie is not known", done.stdout)

    def test_a_zip_file_is_read_as_its_folder_is(self):
        path = self.folder / "tiles/A/A_3.tif"  # what lies beside an image counts
        missing = gdal.Open(str(path)).ReadAsArray()[0, 0, 0]
        path.with_suffix(".tif.aux.xml").write_text(
            f'<PAMDataset><PAMRasterBand band="1"><NoDataValue>{missing}</NoDataValue></PAMRasterBand></PAMDataset>')
        with zipfile.ZipFile(self.folder / "tiles.ZIP", "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted((self.folder / "tiles").rglob("*.tif*")):
                archive.write(path, "EuroSAT/" + str(path.relative_to(self.folder / "tiles")))
            archive.writestr("__MACOSX/EuroSAT/A/._A_0.tif", b"x")
        first = self.eurosat("--split", "all", "--test", "6").stdout.split("fingerprint")[1]
        done = self.eurosat("--split", "all", "--test", "6", source="tiles.ZIP")
        self.assertEqual(done.stdout.split("fingerprint")[1], first)
        self.assertIn("missing", done.stderr + done.stdout)
        self.assertIn("1 hidden or system files", done.stderr)

    def test_a_damaged_zip_file_is_refused_in_one_line(self):
        (self.folder / "cut.zip").write_bytes(b"PK\x03\x04" + bytes(100))
        self.assert_one_line_error(self.eurosat(source="cut.zip", expect=3), "cut.zip", "zip file")


if __name__ == "__main__":
    unittest.main()
