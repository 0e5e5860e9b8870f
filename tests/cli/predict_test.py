#!/usr/bin/env python3
"""al_trial predict: from a trial to a map of a scene, for both tasks, and what it refuses."""
import unittest

import numpy as np
from osgeo import gdal, osr

from harness import ProgramTest

gdal.UseExceptions()

SEGMENTATION = ["dataset.synthetic.task=segmentation", "model.name=unet_resnet18", "loop.n_rounds=0"]


class PredictTest(ProgramTest):
    def scene(self, name="scene.tif", bands=13, height=40, width=56):
        path = self.folder / name
        file = gdal.GetDriverByName("GTiff").Create(str(path), width, height, bands, gdal.GDT_UInt16)
        system = osr.SpatialReference()
        system.ImportFromEPSG(32632)
        file.SetProjection(system.ExportToWkt())
        file.SetGeoTransform([600000, 10, 0, 5000000, 0, -10])
        rng = np.random.default_rng(1)
        for band in range(1, bands + 1):
            file.GetRasterBand(band).WriteArray(rng.integers(300, 3000, (height, width), np.uint16))
        return path

    def network(self, *overrides):
        self.run_program("al_trial", self.small_sweep(), *overrides, "--save-network", "trial.network")
        return self.folder / "trial.network"

    def predict(self, *more, network="trial.network", image="scene.tif", output="map.tif", expect=0):
        return self.run_program("al_trial", "predict", "--checkpoint", network, "--image", image,
                                "--output", output, *more, expect=expect)

    def test_segmentation_of_a_scene(self):
        self.network(*SEGMENTATION)
        self.scene()
        told = self.predict("--quicklook", "map.png").stdout
        self.assertIn("map.tif: 40 x 56 pixels", told)
        image, made = gdal.Open(str(self.folder / "scene.tif")), gdal.Open(str(self.folder / "map.tif"))
        self.assertEqual(made.GetGeoTransform(), image.GetGeoTransform())
        self.assertTrue(osr.SpatialReference(made.GetProjection()).IsSame(
            osr.SpatialReference(image.GetProjection())))
        classes = made.ReadAsArray()
        self.assertEqual(classes.shape, (40, 56))
        self.assertGreaterEqual(classes.min(), 1)
        self.assertLessEqual(classes.max(), 4)
        self.assertEqual(made.GetMetadataItem("CLASS_1"), "water")
        picture = gdal.Open(str(self.folder / "map.png"))
        self.assertEqual((picture.RasterXSize, picture.RasterYSize), (56 * 18, 40 * 18))
        table = picture.GetRasterBand(1).GetColorTable()
        self.assertEqual(table.GetColorEntry(1)[:3], (0x41, 0x9B, 0xDF))
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()),
                         ["map.png", "map.tif", "scene.tif", "sweep.yaml", "trial.network"])

    def test_classification_gives_a_pixel_a_window(self):
        self.network("loop.n_rounds=0")
        self.scene()
        self.predict()
        made = gdal.Open(str(self.folder / "map.tif"))
        self.assertEqual((made.RasterXSize, made.RasterYSize), (4, 3))
        self.assertEqual(made.GetGeoTransform(), (600000, 160, 0, 5000000, 0, -160))

    def test_a_sweep_keeps_the_networks_of_its_trials(self):
        self.run_program("al_mpi", self.small_sweep(), "results.networks=networks", "loop.n_rounds=1", "--workers", 1)
        kept = sorted((self.folder / "networks").iterdir())
        self.assertEqual(len(kept), 4)
        self.scene()
        self.predict(network=kept[0])

    def test_bad_input(self):
        network = self.network("loop.n_rounds=0")
        scene = self.scene()
        before = sorted(p.name for p in self.folder.iterdir())
        self.assert_one_line_error(self.predict(network="none.network", expect=3), "none.network", "cannot be read")
        self.assert_one_line_error(self.predict(network=scene, expect=3), "scene.tif", "no trained network")
        self.assert_one_line_error(self.predict(image="none.tif", expect=3), "none.tif", "no such file")
        self.assert_one_line_error(self.predict(image=network, expect=3), "trial.network", "not readable as GeoTIFF")
        damaged = bytearray(network.read_bytes())
        damaged[-20] ^= 1
        (self.folder / "damaged").write_bytes(damaged)
        self.assert_one_line_error(self.predict(network="damaged", expect=3), "damaged", "checksum")
        (self.folder / "damaged").unlink()
        self.assert_one_line_error(self.predict(output="none/map.tif", expect=3), "map.tif", "does not exist")
        self.assert_one_line_error(self.predict("--window", 41, expect=3), "40 x 56", "window of 41")
        self.assert_one_line_error(self.predict("--stride", 17, expect=2), "--stride", "window of 16")
        self.assertEqual(before, sorted(p.name for p in self.folder.iterdir()))
        self.scene("rgb.tif", bands=3)
        self.assert_one_line_error(self.predict(image="rgb.tif", expect=3), "rgb.tif", "3 bands", "trained on 13")

    def test_existing_files_are_replaced_on_request_only(self):
        self.network("loop.n_rounds=0")
        self.scene()
        self.write("map.tif", "mine")
        self.assert_one_line_error(self.predict(expect=2), "--output", "map.tif exists", "--force")
        self.assertEqual((self.folder / "map.tif").read_text(), "mine")
        self.predict("--force")
        self.assertEqual(gdal.Open(str(self.folder / "map.tif")).RasterXSize, 4)

    def test_a_network_that_cannot_be_kept_costs_no_training(self):
        done = self.run_program("al_trial", self.small_sweep(), "--save-network", "none/trial.network", expect=3)
        self.assert_one_line_error(done, "none", "does not exist")
        self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
