#!/usr/bin/env python3
"""al_prepare pool: tiles of a folder, and of a scene, with names, places and what is known of their classes."""
import json
import unittest

import h5py
import numpy as np
from osgeo import gdal, osr

from harness import ProgramTest
from tiles import EUROSAT, pixels, tif

gdal.UseExceptions()


def to_wgs84(x, y, epsg):
    systems = [osr.SpatialReference(), osr.SpatialReference()]
    for system, code in zip(systems, (epsg, 4326)):
        system.ImportFromEPSG(code)
        system.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return osr.CoordinateTransformation(*systems).TransformPoint(x, y)[:2]


class PoolTest(ProgramTest):
    def pool(self, source, *options, expect=0):
        return self.run_program("al_prepare", "pool", source, "--output", "pool.h5", "--force", *options, expect=expect)

    def tiles(self, n=4, **options):
        for i in range(n):
            tif(self.folder / f"tiles/part_{i % 2}/t{i}.tif", pixels(0, i), names=EUROSAT, epsg=32632 + i % 2, **options)

    def read(self, name):
        with h5py.File(self.folder / "pool.h5") as file:
            values = file[name][:]
        return [v.decode() for v in values] if values.dtype.kind == "S" else values

    def scene(self, height=40, width=56):
        values = np.random.default_rng(1).integers(300, 3000, (13, height, width)).astype("uint16")
        tif(self.folder / "scene.tif", values, names=EUROSAT)
        return values

    def test_tiles_of_a_folder_keep_name_footprint_and_system(self):
        self.tiles()
        done = self.pool("tiles")
        self.assertIn("4 tiles, 0 of them labelled, 4 with a place on Earth", done.stdout)
        self.assertEqual(self.read("train/names"), [f"part_{i % 2}/t{i}.tif" for i in (0, 2, 1, 3)])
        self.assertEqual(list(self.read("train/labels")), [-1] * 4)
        for row, epsg in ((0, 32632), (2, 32633)):
            corners = [(500000, 5000000), (500160, 5000000), (500160, 4999840), (500000, 4999840)]
            np.testing.assert_allclose(self.read("train/footprints")[row], [to_wgs84(x, y, epsg) for x, y in corners],
                                       atol=1e-9)
        systems = self.read("systems")
        self.assertEqual(list(self.read("train/system")), [0, 0, 1, 1])
        self.assertIn("UTM zone 32N", systems[0])
        self.assertIn("UTM zone 33N", systems[1])
        np.testing.assert_array_equal(self.read("train/images")[1], pixels(0, 2))

    def test_a_scene_is_cut_with_overlap_and_edges(self):
        values = self.scene()
        done = self.pool("scene.tif", "--tile", "16")
        names = self.read("train/names")
        self.assertEqual(names, [f"scene.tif@{x},{y}" for y in (0, 16) for x in (0, 16, 32)])
        self.assertIn("beyond whole tiles of 16", done.stderr)  # 32 x 48 of 40 x 56 are covered: 31.4 % are not
        self.assertIn("31.4 %", done.stderr)
        np.testing.assert_array_equal(self.read("train/images")[4], values[:, 16:32, 16:32])
        np.testing.assert_allclose(self.read("train/footprints")[4][0], to_wgs84(500160, 4999840, 32633), atol=1e-9)
        self.pool("scene.tif", "--tile", "16", "--overlap", "8")
        self.assertEqual(len(self.read("train/names")), 4 * 6)
        self.pool("scene.tif", "--tile", "16", "--edges", "overlap")
        self.assertEqual(self.read("train/names")[-1], "scene.tif@40,24")
        np.testing.assert_array_equal(self.read("train/images")[-1], values[:, 24:, 40:])
        self.pool("scene.tif", "--tile", "16", "--edges", "pad")
        self.assertEqual(self.read("train/names")[-1], "scene.tif@48,32")
        np.testing.assert_array_equal(self.read("train/images")[-1][:, :8, :8], values[:, 32:, 48:])

    def test_tiles_without_a_value_are_left_out(self):
        values = self.scene()
        values[:, :16, :16] = 0
        tif(self.folder / "scene.tif", values, names=EUROSAT)
        done = self.pool("scene.tif", "--tile", "16")
        self.assertNotIn("scene.tif@0,0", self.read("train/names"))
        self.assertIn("1 tiles are left out", done.stderr)

    def test_pictures_without_a_place_are_told(self):
        for i in range(3):
            tif(self.folder / f"tiles/t{i}.tif", pixels(0, i, c=3), epsg=None)
        done = self.pool("tiles")
        self.assertIn("3 of 3 tiles do not say where on Earth they lie", done.stderr)
        with h5py.File(self.folder / "pool.h5") as file:
            self.assertNotIn("footprints", file["train"])

    def test_known_labels_and_classes(self):
        self.tiles()
        self.write("known.csv", "name;class\npart_0/t0.tif;River\npart_1/t3.tif;Forest\npart_1/t1.tif;\n")
        done = self.pool("tiles", "--labels", "known.csv", "--classes", "Forest, Lake")
        self.assertIn("2 of them labelled", done.stdout)
        self.assertEqual(self.read("classes"), ["Forest", "Lake", "River"])
        self.assertEqual(list(self.read("train/labels")), [2, -1, -1, 0])
        self.write("known.csv", "name,class\nelsewhere.tif,River\n")
        self.assert_one_line_error(self.pool("tiles", "--labels", "known.csv", expect=3), "known.csv",
                                   "1 labels are of tiles that are not there: elsewhere.tif")
        self.write("known.csv", "name,class\npart_0/t0.tif,River\npart_0/t0.tif,Lake\n")
        self.assert_one_line_error(self.pool("tiles", "--labels", "known.csv", expect=3), "two classes: part_0/t0.tif")

    def test_what_cannot_be_meant_is_refused(self):
        self.tiles()
        self.scene()
        self.assert_one_line_error(self.pool("scene.tif", "--tile", "16", "--overlap", "16", expect=2), "--overlap",
                                   "expected 0 .. 15")
        self.assert_one_line_error(self.pool("scene.tif", "--tile", "48", expect=3), "smaller than a tile of 48")
        self.assert_one_line_error(self.pool("tiles", "--classes", "A,A", expect=2), "--classes", "named twice")
        self.assert_one_line_error(self.pool("tiles", "--classes", "A,Skip", expect=2), "--classes", "'skip'")
        self.assert_one_line_error(self.pool("nowhere.tif", expect=3), "nowhere.tif", "no such file")
        (self.folder / "empty").mkdir()
        self.assert_one_line_error(self.pool("empty", expect=3), "empty", "no images")
        tif(self.folder / "tiles/odd.tif", pixels(0, 9, h=8, w=8), names=EUROSAT)
        self.assert_one_line_error(self.pool("tiles", expect=3), "odd.tif")

    def test_other_commands_know_what_a_pool_is(self):
        self.tiles(n=6)
        self.pool("tiles", "--classes", "Forest,River")
        told = json.loads(self.run_program("al_prepare", "describe", "pool.h5", "--json").stdout)
        self.assertEqual(told["splits"]["train"]["class_counts"], [0, 0])
        self.run_program("al_prepare", "embed", "pool.h5", "--name", "bands", "--bands")
        self.assertEqual(self.read("train/embeddings/bands").shape, (6, 91))
        self.assertIn("UTM zone 33N", self.read("systems")[1])  # an embedding takes nothing away
        done = self.run_program("al_trial", self.small_sweep(), "dataset.path=pool.h5", expect=3)
        self.assert_one_line_error(done, "pool.h5", "is a pool without all labels (al_trial ask and tell label it)")


if __name__ == "__main__":
    unittest.main()
