#!/usr/bin/env python3
"""Images and labels as people have them: imports know what they read, or refuse it in one line."""
import shutil
import unittest

import h5py
import numpy as np
from osgeo import gdal

from harness import ProgramTest
from tiles import EUROSAT, PRODUCT, folders, pixels, tif


class ImportTest(ProgramTest):
    def eurosat(self, *options, expect=0, split="all"):
        return self.run_program("al_prepare", "eurosat", "tiles", "--output", "out.h5", "--split", split, "--force",
                                *options, expect=expect)

    def refused(self, *fragments, options=(), expect=3, split="all"):
        (self.folder / "out.h5").unlink(missing_ok=True)
        done = self.eurosat(*options, expect=expect, split=split)
        self.assert_one_line_error(done, *fragments)
        self.assertEqual([p.name for p in self.folder.iterdir() if "out.h5" in p.name], [], "left behind")

    def told(self, done, *fragments):
        for fragment in fragments:
            self.assertIn(fragment, done.stderr)

    def folders(self, *args, **kwargs):
        shutil.rmtree(self.folder / "tiles", ignore_errors=True)
        (self.folder / "out.h5").unlink(missing_ok=True)
        folders(self.folder / "tiles", *args, **kwargs)

    def output(self):
        return h5py.File(self.folder / "out.h5")

    def bands(self):
        with self.output() as file:
            return [name.decode() for name in file["bands"][:]]

    def image(self, name):
        """The image that came from `name` ("A/A_0.tif")."""
        with self.output() as file:
            for split in ("train", "test"):
                names = [n.decode() for n in file[split]["names"][:]]
                if name in names:
                    return file[split]["images"][names.index(name)]
        self.fail(f"{name} is not there")


class BandsTest(ImportTest):
    def test_names_in_the_files_are_used(self):
        self.folders(names=PRODUCT)
        self.eurosat()
        self.assertEqual(self.bands(), PRODUCT)
        np.testing.assert_array_equal(self.image("A/A_0.tif"), pixels(0, 0))

    def test_names_of_many_writers_mean_the_same_bands(self):
        for names in (["B04", "B8A", "B11"], ["B4, central wavelength 665 nm", "B8A, central wavelength 865 nm", "B11"],
                      ["T33UUP_20200601T101559_B04_10m", "T33UUP_20200601T101559_B8A_20m", "x_B11"],
                      ["0_B4", "0_B8A", "0_B11"]):
            with self.subTest(names=names):
                self.folders(c=3, n=4, names=names)
                self.eurosat()
                self.assertEqual(self.bands(), ["B4", "B8A", "B11"])

    def test_other_sensors_are_known_by_their_names(self):
        for names, sensor, kept in (
                (["SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B6", "SR_B7"], "landsat-8", ["B2", "B3", "B4", "B5", "B6", "B7"]),
                (["VV", "VH"], "sentinel-1", ["VV", "VH"]),
                (["red", "green", "blue", "nir"], "optical", ["red", "green", "blue", "nir"]),
                (["R", "G", "B", "N"], "naip", ["R", "G", "B", "N"]),
                (["sur_refl_b01", "sur_refl_b02"], "modis", ["sur_refl_b01", "sur_refl_b02"])):
            with self.subTest(names=names):
                self.folders(c=len(names), n=4, names=names)
                self.eurosat()
                self.assertEqual(self.bands(), kept)
                with self.output() as file:
                    self.assertEqual(file.attrs["sensor"], sensor)

    def test_names_that_fit_two_sensors_are_told(self):
        self.folders(c=3, n=4, names=["B2", "B3", "B4"])
        self.told(self.eurosat(), "Sentinel-2", "landsat-8", "--sensor")
        self.eurosat("--sensor", "landsat-7")
        described = self.run_program("al_prepare", "describe", "out.h5").stdout
        self.assertRegex(described, r"B3 +red +660")

    def test_wavelengths_name_bands(self):
        def write(k, i, a):
            return a
        self.folders(write, c=2, n=4)
        for path in (self.folder / "tiles").rglob("*.tif"):
            file = gdal.Open(str(path), gdal.GA_Update)
            for band, wavelength in ((1, "665.0"), (2, "1200.0")):
                file.GetRasterBand(band).SetMetadataItem("wavelength", wavelength)
                file.GetRasterBand(band).SetMetadataItem("wavelength_units", "Nanometers")
            file = None
        self.eurosat()
        self.assertEqual(self.bands(), ["B4", "1200 nm"])

    def test_bands_are_taken_by_name_and_in_the_order_asked_for(self):
        self.folders(lambda k, i, a: a if i % 2 else a[::-1], names=PRODUCT, n=4)
        for path in sorted((self.folder / "tiles").rglob("*_[02].tif")):
            file = gdal.Open(str(path), gdal.GA_Update)
            for band, name in enumerate(reversed(PRODUCT)):
                file.GetRasterBand(band + 1).SetDescription(name)
            file = None
        self.refused("6 of the 12 images are not like the other 6", "A/A_", "--bands")
        self.eurosat("--bands", "red,B3,B02,nir08")
        self.assertEqual(self.bands(), ["B4", "B3", "B2", "B8A"])
        for name, k, i in (("A/A_0.tif", 0, 0), ("B/B_1.tif", 1, 1)):
            np.testing.assert_array_equal(self.image(name), pixels(k, i)[[3, 2, 1, 8]])
        self.refused("no band VV", "B8A", options=("--bands", "VV"))

    def test_bands_without_names_are_told_and_can_be_named(self):
        self.folders(n=4)
        self.told(self.eurosat(), "EuroSAT's order", "--bands")
        self.assertEqual(self.bands(), EUROSAT)
        self.eurosat("--bands", ",".join(PRODUCT))
        self.assertEqual(self.bands(), PRODUCT)
        self.eurosat("--bands", "4=B4,2=B2,9")
        self.assertEqual(self.bands()[:2], ["B4", "B2"])
        np.testing.assert_array_equal(self.image("A/A_0.tif"), pixels(0, 0)[[3, 1, 8]])
        self.refused("13 bands without names, but --bands has 2", options=("--bands", "B4,B3"))
        self.refused("number 14", options=("--bands", "14=B4"))
        self.refused("neither a name", options=("--bands", "0=B4"), expect=2)
        self.folders(c=12, n=4, names=[f"band_{i + 1}" for i in range(12)])
        self.told(self.eurosat(), "do not name their bands", "--bands")
        self.assertEqual(self.bands()[0], "band 1")

    def test_three_bands_of_no_colour_are_not_taken_for_red_green_blue(self):
        self.folders(c=3, n=4)
        self.told(self.eurosat(), "do not name their bands")
        self.assertEqual(self.bands(), ["band 1", "band 2", "band 3"])
        self.folders(lambda k, i, a: (a[:3] // 16).astype("uint8"), n=4)  # which TIFF calls red, green, blue
        self.eurosat()
        self.assertEqual(self.bands(), ["red", "green", "blue"])

    def test_the_order_of_products_is_not_taken_for_eurosats(self):
        def dark_cirrus(k, i, a):
            a[10] = 8
            return a
        self.folders(dark_cirrus, n=4)
        self.refused("11th", "--bands B1,B2,B3,B4,B5,B6,B7,B8,B8A,B9,B10,B11,B12")
        self.eurosat("--bands", ",".join(PRODUCT))
        self.assertEqual(self.bands(), PRODUCT)

    def test_near_infrared_marked_as_transparency(self):
        self.folders(lambda k, i, a: (a[:4] // 16).astype("uint8"), n=4, alpha=3)
        self.refused("12 of the 12 images", "band 4 is marked as transparency", "red,green,blue,nir")
        self.eurosat("--bands", "red,green,blue,nir")
        self.assertEqual(self.bands(), ["red", "green", "blue", "nir"])

    def test_transparency_says_which_pixels_are_missing(self):
        def hole(k, i, a):
            a = (a[:4] // 16).astype("uint8")
            a[3] = 255
            a[:, :4, :4] = 0
            return a
        self.folders(hole, n=4, alpha=3)
        self.told(self.eurosat(), "transparency", "6.25 % of the values are missing")
        self.assertEqual(self.bands(), ["red", "green", "blue"])
        with self.output() as file:
            self.assertGreater(file["normalization/mean"][0], 30)


class NumbersTest(ImportTest):
    def test_files_of_two_scales_are_refused_or_brought_to_one(self):
        def later(k, i, a):
            return a + 1000 if i < 5 else a
        self.folders(later, names=PRODUCT)
        for path in (self.folder / "tiles").rglob("*_[01234].tif"):
            file = gdal.Open(str(path), gdal.GA_Update)
            for band in range(1, 14):
                file.GetRasterBand(band).SetScale(0.0001)
                file.GetRasterBand(band).SetOffset(-0.1)
            file = None
        self.refused("15 of the 30 images", "scale 0.0001, offset -0.1", "--values")
        self.refused("no scale or offset", options=("--values", "physical"))
        self.eurosat("--values", "stored")
        for path in (self.folder / "tiles").rglob("*_[56789].tif"):
            file = gdal.Open(str(path), gdal.GA_Update)
            for band in range(1, 14):
                file.GetRasterBand(band).SetScale(0.0001)
                file.GetRasterBand(band).SetOffset(0)
            file = None
        self.refused("15 of the 30 images", "offset 0", "--values physical")
        self.told(self.eurosat("--values", "physical"), "applied")
        np.testing.assert_allclose(self.image("A/A_0.tif"), pixels(0, 0) * 0.0001, atol=1e-6)
        np.testing.assert_allclose(self.image("A/A_9.tif"), pixels(0, 9) * 0.0001, atol=1e-6)

    def test_scale_and_offset_are_kept_and_shown(self):
        self.folders(names=PRODUCT, n=4, scale=0.0001, offset=-0.1)
        self.told(self.eurosat(), "kept beside the numbers")
        with self.output() as file:
            np.testing.assert_allclose(file["band_scale"][:], 0.0001)
            np.testing.assert_allclose(file["band_offset"][:], -0.1)
        self.assertIn("value = 0.0001 x number + -0.1", self.run_program("al_prepare", "describe", "out.h5").stdout)

    def test_sentinel_2s_own_metadata_say_the_same(self):
        def write(root, baseline):
            self.folders(n=4, names=PRODUCT)
            for path in (self.folder / "tiles").rglob("*_[01].tif"):
                file = gdal.Open(str(path), gdal.GA_Update)
                file.SetMetadata(baseline)
                file = None
        write("tiles", {"RADIO_ADD_OFFSET": "-1000", "QUANTIFICATION_VALUE": "10000"})
        self.refused("6 of the 12 images", "scale 0.0001, offset -0.1")
        write("tiles", {"PROCESSING_BASELINE": "04.00"})
        self.eurosat()  # the others do not say which they are
        for path in (self.folder / "tiles").rglob("*_[23].tif"):
            file = gdal.Open(str(path), gdal.GA_Update)
            file.SetMetadata({"PROCESSING_BASELINE": "03.01"})
            file = None
        (self.folder / "out.h5").unlink()
        self.refused("baseline 04.00", "6 of an earlier one", "--values stored")
        self.eurosat("--values", "stored")

    def test_declared_no_data_counts_in_no_statistics(self):
        def hole(k, i, a):
            a = a.astype("int16")
            a[:, : i % 3 * 4] = -9999
            return a
        self.folders(hole, nodata=-9999, names=PRODUCT)
        self.told(self.eurosat(), "of the values are missing", "Int16 are stored as float32")
        with self.output() as file:
            self.assertGreater(file["normalization/mean"][:].min(), 700)
            self.assertGreater(file["train/images"][:].min(), 400)
        self.assertIn("% without data", self.run_program("al_prepare", "describe", "out.h5").stdout)
        done = self.eurosat("--max-no-data", 0.3)
        self.told(done, "9 images are left out")
        with self.output() as file:
            self.assertEqual(len(file["train/labels"]) + len(file["test/labels"]), 21)

    def test_nan_and_undeclared_values_can_be_no_data(self):
        def hole(k, i, a):
            a = a.astype("float32")
            a[:, :2] = np.nan
            return a
        self.folders(hole, n=4, names=PRODUCT)
        self.refused("not finite", "--no-data-value nan")
        self.eurosat("--no-data-value", "nan")
        self.folders(hole, n=4, names=PRODUCT, nodata=float("nan"))
        self.told(self.eurosat(), "12.50 % of the values are missing")

        def zero(k, i, a):
            a[:, :2] = 0
            return a
        self.folders(zero, n=4, names=PRODUCT)
        self.told(self.eurosat(), "12.5 % of the pool's pixels are 0 in every band", "--no-data-value 0")
        self.eurosat("--no-data-value", "0")
        with self.output() as file:
            self.assertGreater(file["train/images"][:].min(), 400)

    def test_a_mask_beside_the_bands_is_read(self):
        self.folders(n=4, names=PRODUCT)
        gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "YES")
        try:
            for path in (self.folder / "tiles").rglob("*.tif"):
                file = gdal.Open(str(path), gdal.GA_Update)
                file.CreateMaskBand(gdal.GMF_PER_DATASET)
                mask = np.full((16, 16), 255, "uint8")
                mask[:4] = 0
                file.GetRasterBand(1).GetMaskBand().WriteArray(mask)
                file = None
        finally:
            gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)
        self.told(self.eurosat(), "25.00 % of the values are missing")

    def test_colour_tables_become_colours(self):
        def indices(k, i, a):
            return (a[:1] % 3).astype("uint8")
        self.folders(indices, n=4, palette=[(10, 20, 30, 255), (40, 50, 60, 255), (70, 80, 90, 255)])
        self.eurosat()
        self.assertEqual(self.bands(), ["red", "green", "blue"])
        index = pixels(0, 0)[0] % 3
        np.testing.assert_array_equal(self.image("A/A_0.tif"), np.stack([10 + 30 * index, 20 + 30 * index, 30 + 30 * index]))


class FilesTest(ImportTest):
    def test_the_majority_decides_and_the_others_are_counted(self):
        self.folders(names=PRODUCT)
        tif(str(self.folder / "tiles/A/A_0.tif"), pixels(0, 0, 12), names=PRODUCT[:12])
        self.refused("1 of the 30 images are not like the other 29", "(13 bands B1", "12 bands B1", "(A/A_0.tif)")
        for i in range(5):
            tif(str(self.folder / f"tiles/B/B_{i}.tif"), pixels(0, 0, 13, 16, 12), names=PRODUCT)
        self.refused("6 of the 30", "16 x 12 pixels (B/B_0.tif, B/B_1.tif, B/B_2.tif and 2 more)")

    def test_damaged_images_are_counted(self):
        self.folders(names=PRODUCT)
        for name in ("A/A_3.tif", "C/C_4.tif"):
            (self.folder / "tiles" / name).write_bytes(b"broken")
        self.refused("2 of the 30 images cannot be used", "A/A_3.tif, C/C_4.tif", "not readable")

    def test_files_of_systems_are_left_out(self):
        self.folders(names=PRODUCT, n=4)
        for name in ("A/._A_0.tif", "__MACOSX/A/._A_0.tif", ".ipynb_checkpoints/A_0.tif", "A/@eaDir/A_0.jpg",
                     "B/.DS_Store", "B/Thumbs.db"):
            path = self.folder / "tiles" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"Mac OS X")
        self.told(self.eurosat(), "hidden or system files and folders are left out")
        with self.output() as file:
            self.assertEqual([name.decode() for name in file["classes"][:]], ["A", "B", "C"])
            self.assertEqual(len(file["train/labels"]) + len(file["test/labels"]), 12)

    def test_files_of_other_formats_are_told(self):
        self.folders(names=PRODUCT, n=4)
        (self.folder / "tiles/A/more.jp2").write_bytes(b"x")
        self.told(self.eurosat(), "1 .jp2 files are not read", "gdal_translate")

    def test_a_folder_around_the_classes_is_entered(self):
        self.folders(names=PRODUCT, n=4)
        self.eurosat()
        with self.output() as file:
            names = file["train/names"][:]
        (self.folder / "tiles").rename(self.folder / "inner")
        (self.folder / "tiles/unpacked").mkdir(parents=True)
        (self.folder / "inner").rename(self.folder / "tiles/unpacked/tif")
        self.told(self.eurosat(), "tiles/unpacked/tif")
        with self.output() as file:
            np.testing.assert_array_equal(file["train/names"][:], names)

    def test_sub_folders_of_a_class_belong_to_it(self):
        self.folders(names=PRODUCT, n=4)
        (self.folder / "tiles/A/2020").mkdir()
        (self.folder / "tiles/A/A_0.tif").rename(self.folder / "tiles/A/2020/A_0.tif")
        self.told(self.eurosat(), "1 images lie in sub-folders")
        np.testing.assert_array_equal(self.image("A/2020/A_0.tif"), pixels(0, 0))

    def test_classes_one_level_down_are_asked_about(self):
        for season in ("summer", "winter"):
            folders(self.folder / "tiles" / season, names=PRODUCT, n=3)
        self.refused("summer, winter hold folders of the same names (A, B, C)", "--class-from parent")
        self.eurosat("--class-from", "parent")
        with self.output() as file:
            self.assertEqual([name.decode() for name in file["classes"][:]], ["A", "B", "C"])
        self.eurosat("--class-from", "top")
        with self.output() as file:
            self.assertEqual([name.decode() for name in file["classes"][:]], ["summer", "winter"])

    def test_folders_of_splits(self):
        for split, n in (("train", 6), ("val", 2), ("test", 3)):
            folders(self.folder / "tiles" / split, change=lambda k, i, a, s=split: a + len(s), names=PRODUCT, n=n)
        self.refused("train, val, test", "--split given")
        self.eurosat(split="given")
        with self.output() as file:
            self.assertEqual([len(file[f"{name}/labels"]) for name in ("train", "validation", "test")], [18, 6, 9])
            self.assertTrue(all(name.startswith(b"val/") for name in file["validation/names"][:]))
        folders(self.folder / "tiles", names=PRODUCT, n=1)
        (self.folder / "out.h5").unlink()
        self.refused("folders of splits (test, train, val)", "beside 3 others (A, B, C)")

    def test_a_class_that_only_the_test_set_has(self):
        folders(self.folder / "tiles/train", names=PRODUCT, n=4)
        folders(self.folder / "tiles/test", lambda k, i, a: a + 1, names=PRODUCT, n=4)
        shutil.rmtree(self.folder / "tiles/train/C")
        self.refused("the pool has nothing of C (4 in the test set)", "--allow-missing-classes", split="given")
        self.told(self.eurosat("--allow-missing-classes", split="given"), "1 of the 3 classes has nothing in the pool: C")

    def test_equal_images_across_splits_are_told(self):
        self.folders(lambda k, i, a: pixels(k, i % 5), names=PRODUCT)
        done = self.eurosat()
        self.told(done, "images in /test are in the pool, too", ".tif = ")
        described = self.run_program("al_prepare", "describe", "out.h5").stdout
        self.assertRegex(described, r"/test beside the pool: [1-9][0-9]* of 10 images equal")
        self.folders(names=PRODUCT)
        self.assertNotIn("in the pool, too", self.eurosat().stderr)

    def test_describe_shows_what_the_bands_are(self):
        self.folders(names=PRODUCT, n=4)
        self.eurosat()
        described = self.run_program("al_prepare", "describe", "out.h5").stdout
        self.assertRegex(described, r"bands of +Sentinel-2")
        self.assertRegex(described, r"pixels of +10 m")
        self.assertRegex(described, r"B4 +red +665 +[0-9]+ +[0-9]+")

    def test_world_files_are_read(self):
        for kind, size in (("images", 3), ("labels", 1)):
            for i in range(4):
                path = self.folder / kind / f"s{i}.tif"
                tif(str(path), (pixels(0, i, size) % 3 + 1).astype("uint8"), epsg=None)
                shift = 500 if kind == "labels" and i == 3 else 0
                path.with_suffix(".tfw").write_text(f"10\n0\n0\n-10\n{600005 + shift}\n5000000\n")
        done = self.run_program("al_prepare", "dynamic-world", "--images", "images", "--labels", "labels", "--output",
                                "out.h5", "--tile", 16, expect=3)
        self.assert_one_line_error(done, "labels/s3.tif", "another position")


class LabelsTest(ImportTest):
    def pairs(self, values, size=16, n=6, kind="uint8", **options):
        """n images with label rasters drawn from `values`."""
        for name in ("images", "labels"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for i in range(n):
            rng = np.random.default_rng(i)
            tif(str(self.folder / f"images/s{i}.tif"), pixels(0, i, 4, size, size), names=["B2", "B3", "B4", "B8"])
            tif(str(self.folder / f"labels/s{i}.tif"), rng.choice(values, (1, size, size)).astype(kind), **options)

    def import_pairs(self, *options, expect=0, tile=16):
        return self.run_program("al_prepare", "dynamic-world", "--images", "images", "--labels", "labels", "--output",
                                "out.h5", "--tile", tile, "--force", *options, expect=expect)

    def maps(self):
        with self.output() as file:
            classes = [name.decode() for name in file["classes"][:]]
            maps = {}
            for split in ("train", "test"):
                for name, values in zip(file[f"{split}/names"][:], file[f"{split}/labels"][:]):
                    maps[name.decode()] = values
            return classes, maps

    def stored(self, i):
        return gdal.Open(str(self.folder / f"labels/s{i}.tif")).ReadAsArray()

    def test_dynamic_world_is_read_and_its_values_are_shown(self):
        self.pairs([0, 1, 2, 6, 9, 10])
        done = self.import_pairs()
        self.told(done, "label values 0 (1", "Dynamic World's classes from 1 on")
        classes, maps = self.maps()
        self.assertEqual(classes[1], "water")
        np.testing.assert_array_equal(maps["s0@0,0"], self.stored(0))

    def test_earth_engines_numbers(self):
        self.pairs([0, 1, 2, 4, 6])
        self.told(self.import_pairs(), "there 0 is water", "--label-values earth-engine")
        self.import_pairs("--label-values", "earth-engine")
        classes, maps = self.maps()
        self.assertEqual(classes[:3], ["no data", "water", "trees"])
        np.testing.assert_array_equal(maps["s2@0,0"], self.stored(2) + 1)
        self.import_pairs("--label-values", "dynamic-world")

    def test_values_of_other_legends_are_refused_and_the_legend_named(self):
        for values, name, first in (([1, 2, 5, 11], "esri", "water"), ([10, 40, 95], "worldcover", "trees")):
            with self.subTest(name=name):
                self.pairs(values)
                (self.folder / "out.h5").unlink(missing_ok=True)
                done = self.import_pairs(expect=3)
                self.assert_one_line_error(done, "labels: values ", "%", f"--label-values {name}", "--classes")
                self.import_pairs("--label-values", name)
                classes, maps = self.maps()
                self.assertEqual(classes[:2], ["no data", first])
                self.assertEqual(classes[maps["s0@0,0"][0, 0]],
                                 {1: "water", 2: "trees", 5: "crops", 11: "rangeland", 10: "trees", 40: "cropland",
                                  95: "mangroves"}[int(self.stored(0)[0, 0])])
        self.pairs([111, 312, 523], kind="uint16")
        self.assert_one_line_error(self.import_pairs(expect=3), "--label-values corine")
        self.import_pairs("--label-values", "corine")
        self.assert_one_line_error(self.import_pairs("--label-values", "corina", expect=2), "corine", "worldcover")

    def test_values_that_fit_two_legends_are_told(self):
        self.pairs([1, 2, 4, 5, 7])
        self.told(self.import_pairs(), "would fit", "esri")
        self.assertNotIn("would fit", self.import_pairs("--label-values", "dynamic-world").stderr)

    def test_any_legend_by_value_and_name(self):
        self.pairs([3, 7, 200])
        self.import_pairs("--classes", "200=no data,3=field,7=wood")
        classes, maps = self.maps()
        self.assertEqual(classes, ["no data", "field", "wood"])
        np.testing.assert_array_equal(maps["s1@0,0"], np.select([self.stored(1) == 3, self.stored(1) == 7], [1, 2], 0))
        self.assert_one_line_error(self.import_pairs("--classes", "3=field,7=wood", expect=3), "200", "not named by --classes")
        self.assert_one_line_error(self.import_pairs("--classes", "field,wood", expect=2), "VALUE=NAME")

    def test_label_types_and_declared_no_data(self):
        self.pairs([1, 2, -1], kind="int16", nodata=-1)
        self.import_pairs()
        classes, maps = self.maps()
        np.testing.assert_array_equal(maps["s0@0,0"], np.maximum(self.stored(0), 0))
        self.pairs([1, 2, np.nan], kind="float32")
        self.import_pairs()
        self.pairs([1, 2.5], kind="float32")
        self.assert_one_line_error(self.import_pairs(expect=3), "6 of the images or label rasters", "holds 2.5", "whole numbers")
        self.pairs([0, 1, 2], nodata=0)
        self.told(self.import_pairs("--label-values", "earth-engine"), "declared as no data", "water")
        self.assertEqual(set(np.unique(self.maps()[1]["s0@0,0"])), {0, 2, 3})

    def test_pixels_beyond_whole_tiles_are_told_or_kept(self):
        self.pairs([1, 2, 3], size=28)
        self.told(self.import_pairs(), "67.3 % of the pixels", "--edges overlap", "--tile 14 or 28")
        self.import_pairs("--edges", "overlap")
        _, maps = self.maps()
        self.assertEqual(len(maps), 24)
        np.testing.assert_array_equal(maps["s0@12,12"], self.stored(0)[12:, 12:])
        self.import_pairs("--edges", "pad")
        _, maps = self.maps()
        np.testing.assert_array_equal(maps["s0@16,16"][:12, :12], self.stored(0)[16:, 16:])
        self.assertEqual(maps["s0@16,16"][12:].max(), 0)
        with self.output() as file:
            self.assertGreater(file["train/images"].attrs["n_missing"], 0)
            self.assertGreater(file["train/images"][:].min(), 400)
        self.assertNotIn("of the pixels lie", self.import_pairs(tile=14).stderr)
        done = self.import_pairs(tile=32, expect=3)
        self.assert_one_line_error(done, "6 of the images", "28 x 28 pixels, smaller than a tile of 32", "--edges pad")
        self.import_pairs("--edges", "pad", tile=32)

    def test_pixels_without_data_have_no_class(self):
        self.pairs([1, 2, 3])
        for i in range(6):
            a = pixels(0, i, 4)
            a[:, :4] = 65535
            tif(str(self.folder / f"images/s{i}.tif"), a, names=["B2", "B3", "B4", "B8"], nodata=65535)
        self.import_pairs()
        _, maps = self.maps()
        self.assertEqual(maps["s0@0,0"][:4].max(), 0)
        np.testing.assert_array_equal(maps["s0@0,0"][4:], self.stored(0)[4:])

    def test_two_files_of_one_name(self):
        self.pairs([1, 2])
        shutil.copy(self.folder / "images/s0.tif", self.folder / "images/s0.tiff")
        self.assert_one_line_error(self.import_pairs(expect=3), "s0.tif", "has the name of")


class StoredTest(ImportTest):
    def arrays(self, layout="nchw", kind="float32", labels=lambda y: y, names=("x", "y"), values=(0, 1, 2)):
        rng = np.random.default_rng(1)
        for split, n in (("train", 12), ("test", 6)):
            x = rng.integers(0, 200, (n, 5, 8, 8)).astype(kind)
            y = np.array(values)[np.arange(n) % len(values)]
            self.x = x
            np.save(self.folder / f"{split}_{names[0]}.npy", x if layout == "nchw" else x.transpose(0, 2, 3, 1))
            np.save(self.folder / f"{split}_{names[1]}.npy", labels(y))

    def tensors(self, *options, expect=0, names=("x", "y")):
        files = [a for split in ("train", "test") for part, name in zip("xy", names)
                 for a in (f"--{split}-{part}", f"{split}_{name}.npy")]
        return self.run_program("al_prepare", "tensors", *files, "--output", "out.h5", "--force", *options, expect=expect)

    def check(self, x=None, y=None):
        with self.output() as file:
            np.testing.assert_array_equal(file["test/images"][:], self.x if x is None else x)
            np.testing.assert_array_equal(file["test/labels"][:], np.arange(6) % 3 if y is None else y)

    def test_channels_last_are_asked_about(self):
        self.arrays("nhwc")
        self.assert_one_line_error(self.tensors(expect=3), "(12, 8, 8, 5) looks like N, H, W, C", "--layout nhwc")
        self.tensors("--layout", "nhwc")
        self.check()
        self.tensors("--bands", "a,b,c,d,e")  # five names settle it
        self.check()
        self.arrays()
        self.tensors()
        self.check()

    def test_numbers_of_every_type(self):
        for kind in ("float16", "float64", "int16", "uint32", "int64", "uint64", "bool"):
            with self.subTest(kind=kind):
                self.arrays(kind=kind)
                self.tensors()
                self.check()

    def test_labels_of_every_shape(self):
        for name, labels in (("floats", lambda y: y.astype("float32")), ("column", lambda y: y[:, None]),
                             ("one-hot", lambda y: np.eye(3)[y]), ("bytes", lambda y: y.astype("uint8")),
                             ("Fortran", lambda y: np.asfortranarray(np.eye(3)[y])), ("uint64", lambda y: y.astype("uint64"))):
            with self.subTest(name=name):
                self.arrays(labels=labels)
                self.tensors()
                self.check()
        self.arrays(labels=lambda y: y + 0.5)
        self.assert_one_line_error(self.tensors(expect=3), "label 0.5 of sample 0 is no whole number")
        self.arrays(labels=lambda y: np.eye(3)[y] * 0.5)
        self.assert_one_line_error(self.tensors(expect=3), "not one-hot", "argmax")

    def test_labels_that_begin_elsewhere_or_have_gaps(self):
        self.arrays(values=(1, 2, 10))
        self.told(self.tensors(), "label values 1 (33.3 %), 2 (33.3 %), 10 (33.3 %)")
        self.check()
        with self.output() as file:
            self.assertEqual([name.decode() for name in file["classes"][:]], ["class 1", "class 2", "class 10"])
        self.tensors("--classes", "10=wood,1=water,2=field")
        self.check()
        with self.output() as file:
            self.assertEqual([name.decode() for name in file["classes"][:]], ["water", "field", "wood"])
        self.assert_one_line_error(self.tensors("--classes", "water,field,wood", expect=3), "label 10", "outside 0..2", "33.3 %")
        self.assert_one_line_error(self.tensors("--classes", "1=water,2=field", expect=3), "label 10", "none of --classes")
        self.assert_one_line_error(self.tensors("--classes", "1=water,field", expect=2), "VALUE=NAME")

    def test_a_class_that_only_the_test_set_has(self):
        self.arrays()
        np.save(self.folder / "train_y.npy", np.arange(12) % 2)
        self.assert_one_line_error(self.tensors(expect=3), "class 2 (2 in the test set)")
        self.tensors("--allow-missing-classes")

    def test_the_names_of_files_change_no_fingerprint(self):
        self.arrays()
        first = self.tensors().stdout.split("fingerprint")[1]
        self.arrays(names=("images", "labels"))
        self.assertEqual(first, self.tensors(names=("images", "labels")).stdout.split("fingerprint")[1])

    def test_compressed_images_name_what_stores_them_anew(self):
        self.folders(n=4, names=PRODUCT)
        self.eurosat()
        with h5py.File(self.folder / "out.h5", "r+") as file:
            images = file["train/images"][:]
            del file["train/images"]
            file.create_dataset("train/images", data=images, compression="gzip", chunks=(1, 13, 16, 16))
        done = self.run_program("al_prepare", "describe", "out.h5", expect=3)
        self.assert_one_line_error(done, "train/images", "compressed", "h5repack -f NONE -l CONTI out.h5")

    def test_files_of_earlier_versions_are_read(self):
        self.folders(n=4, names=PRODUCT)
        self.eurosat()
        with h5py.File(self.folder / "out.h5", "r+") as file:
            for name in ("sensor", "pixel_size"):
                del file.attrs[name]
            del file["train/images"].attrs["n_missing"]
        self.assertIn("B8A", self.run_program("al_prepare", "describe", "out.h5").stdout)


if __name__ == "__main__":
    unittest.main()
