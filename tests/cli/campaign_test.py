#!/usr/bin/env python3
"""A labelling campaign from tiles to a map: al_trial ask, tell and where, their files, and kills at every write."""
import csv
import json
import re
import shutil
import unittest
from xml.etree import ElementTree

import numpy as np
from osgeo import gdal, ogr, osr

from harness import ProgramTest
from tiles import EUROSAT, pixels, tif

gdal.UseExceptions()
CLASSES = ["Forest", "River", "Sea & Lake"]
CONFIG = """
dataset: {path: pool.h5}
model: {name: small_cnn}
training: {epochs: 4, batch_size: 8, validation: 6}
loop: {n_init: 6, n_query: 5, n_rounds: 3}
sweep: {strategies: [margin_sampling], inits: [random], seeds: [1]}
"""


class CampaignTest(ProgramTest):
    def setUp(self):
        super().setUp()
        for k in range(3):
            for i in range(12):
                path = self.folder / f"tiles/{k}_{i}.tif"
                tif(path, pixels(k, i), names=EUROSAT)
                file = gdal.Open(str(path), gdal.GA_Update)
                file.SetGeoTransform((500000 + 160 * i, 10, 0, 5000000 - 160 * k, 0, -10))
        self.write("campaign.yaml", CONFIG)
        self.run_program("al_prepare", "pool", "tiles", "--output", "pool.h5", "--classes", ",".join(CLASSES))

    def ask(self, *more, **options):
        return self.run_program("al_trial", "ask", "campaign.yaml", "--campaign", "land", *more, **options)

    def tell(self, *more, **options):
        return self.run_program("al_trial", "tell", "--campaign", "land", *more, **options)

    def where(self, *more, **options):
        return self.run_program("al_trial", "where", "--campaign", "land", *more, **options)

    def rows(self, number, land="land"):
        with open(self.folder / land / f"round_{number:02}/to_label.csv", newline="") as file:
            return list(csv.DictReader(file))

    @staticmethod
    def truth(name):
        return CLASSES[int(name[0])]

    def answer(self, number, name="answers.csv", land="land", change=lambda row: row["class"]):
        rows = self.rows(number, land)
        with open(self.folder / name, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            for row in rows:
                row["class"] = self.truth(row["name"])
                row["class"] = change(row)
                writer.writerow(row)
        return name

    def test_a_campaign_from_tiles_to_a_map(self):
        self.assertIn("round 0: 12 tiles to label (6 of them held out", self.ask().stdout)
        for number in range(4):
            before = (self.folder / self.answer(number)).read_bytes()
            self.tell("answers.csv")
            self.assertEqual((self.folder / "answers.csv").read_bytes(), before, "an answers file is never changed")
            told = self.ask().stdout
            self.assertIn(f"round {number + 1}: 5 tiles to label", told)
        self.assertIn("trained on 21 labels by margin_sampling; accuracy", told)
        rows = self.rows(4)
        self.assertEqual({row["held_out"] for row in rows}, {"no"})
        self.assertTrue(all(row["suggested"] in CLASSES and 0 < float(row["probability"]) <= 1 for row in rows))
        told = self.where().stdout
        self.assertIn("27 of 36 tiles have a class", told)
        self.assertRegex(told, r"4 +21 +6 +\d+\.\d %")
        self.assertIn("Another round of 5 labels is expected to bring", told)
        page = (self.folder / "land/campaign.html").read_text()
        pictures = re.findall(r'<img [^>]*src="([^"]+)"', page)
        self.assertEqual(len(pictures), 5 + 27)  # asked for, and answered
        for picture in pictures:
            self.assertTrue((self.folder / "land" / picture).exists(), picture)
        self.assertIn("Sea &amp; Lake", page)
        self.assertNotIn("http", page)  # it opens without a network
        scene = np.concatenate([pixels(k, 5, h=16, w=48) for k in range(3)], axis=1)
        tif(self.folder / "scene.tif", scene, names=EUROSAT)
        self.run_program("al_trial", "predict", "--checkpoint", "land/round_04/trained.network", "--image", "scene.tif",
                         "--output", "map.tif")
        self.assertEqual(gdal.Open(str(self.folder / "map.tif")).ReadAsArray().shape, (3, 3))

    def test_files_open_in_gis_in_label_studio_and_as_pictures(self):
        self.ask()
        self.tell(self.answer(0))
        self.ask()
        folder = self.folder / "land/round_01"
        rows = self.rows(1)
        opened = ogr.Open(str(folder / "to_label.geojson"))  # the layer dies with it
        layer = opened.GetLayer()
        system = osr.SpatialReference()
        system.ImportFromEPSG(4326)
        self.assertTrue(layer.GetSpatialRef().IsSame(system, ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"]))
        self.assertEqual([f.GetField("name") for f in layer], [row["name"] for row in rows])
        layer.ResetReading()
        for feature, row in zip(layer, rows):
            center = feature.GetGeometryRef().Centroid()
            self.assertAlmostEqual(center.GetX(), float(row["longitude"]), 5)
            self.assertAlmostEqual(center.GetY(), float(row["latitude"]), 5)
            self.assertEqual(feature.GetField("suggested"), row["suggested"])
            self.assertEqual(layer.GetLayerDefn().GetFieldDefn(1).GetTypeName(), "String")
        style = ElementTree.parse(folder / "to_label.qml")
        self.assertEqual([o.get("value") for o in style.findall(".//editWidget//Option[@type='QString']")], [*CLASSES, "skip"])
        tasks = json.loads((folder / "label_studio.json").read_text())
        for task, row in zip(tasks, rows):
            self.assertEqual(task["data"]["name"], row["name"])
            self.assertEqual(task["data"]["image"], "/data/local-files/?d=land/round_01/" + row["thumbnail"])
            result = task["predictions"][0]["result"][0]
            self.assertEqual((result["type"], result["from_name"], result["to_name"], result["value"]["choices"]),
                             ("choices", "class", "image", [row["suggested"]]))
        interface = ElementTree.parse(folder / "label_studio.xml")
        self.assertEqual([choice.get("value") for choice in interface.iter("Choice")], CLASSES)
        for row in rows:
            picture = gdal.Open(str(folder / row["thumbnail"])).ReadAsArray()
            self.assertEqual(picture.shape, (3, 256, 256))
        # One stretch for the whole pool: a class of higher numbers is brighter.
        means = {name: np.mean([gdal.Open(str(p)).ReadAsArray().mean() for row in self.rows(0)
                                if row["name"][0] == name for p in [self.folder / "land/round_00" / row["thumbnail"]]])
                 for name in {row["name"][0] for row in self.rows(0)}}
        self.assertEqual(sorted(means, key=means.get), sorted(means))

    def test_answers_come_back_from_gis_and_label_studio(self):
        self.ask()
        # As QGIS saves it: the driver that it uses writes the field.
        source = self.folder / "land/round_00/to_label.geojson"
        shutil.copy(source, self.folder / "edited.geojson")
        file = ogr.Open(str(self.folder / "edited.geojson"), 1)
        layer = file.GetLayer()
        for feature in layer:
            if feature.GetFID() % 2 == 0:
                feature.SetField("class", self.truth(feature.GetField("name")))
            else:
                feature.SetFieldNull("class")
            layer.SetFeature(feature)
        feature = layer = file = None  # written to disk
        self.assertIn("6 new answers; 6 of the last round are open", self.tell("edited.geojson", "--annotator", "ann").stdout)
        export = []
        for number, task in enumerate(json.loads((self.folder / "land/round_00/label_studio.json").read_text())):
            annotation = {"id": 100 + number, "completed_by": 7, "was_cancelled": number == 3, "result": [
                {"id": "x", "type": "choices", "from_name": "class", "to_name": "image", "origin": "manual",
                 "value": {"choices": [self.truth(task["data"]["name"])]}}]}
            export.append({"id": number, **task, "annotations": [annotation]})
        self.write("export.json", json.dumps(export))
        told = self.tell("export.json").stdout
        self.assertIn("12 new answers, 1 of them skipped; 0 of the last round are open", told)
        self.assertIn("ann and user 7 agree on 6 of 6 tiles that both answered (Cohen's kappa 1.00)", told)

    def test_what_is_wrong_with_answers_is_one_line_and_nothing_is_taken(self):
        self.ask()
        log = self.folder / "land/answers"
        first = self.rows(0)[0]["name"]
        for text, fragments in ((f"name,class\n{first},Desert\n", ["'Desert' (1 answers)", '--new-classes "Desert"']),
                                ("name,class\nnowhere.tif,Forest\n", ["'nowhere.tif'", "nothing was taken"]),
                                (f"name,class\n{first},\n", ["holds no answer"]),
                                ("hello\n", ["no column 'name'"])):
            self.write("answers.csv", text)
            self.assert_one_line_error(self.tell("answers.csv", expect=3), "answers.csv", *fragments)
            self.assertFalse(log.exists())
        self.write("answers.csv", f"name,class\n{first},Forest\n")
        self.tell("answers.csv")
        self.write("answers.csv", f"name,class\n{first},River\n")
        done = self.tell("answers.csv", expect=3)
        self.assert_one_line_error(done, "contradicts 1 earlier answers", "--accept", "--annotator")
        self.assertIn(f"{first}: annotator said Forest before, now River", done.stdout)
        self.assertEqual(len(list(log.iterdir())), 1)
        self.assertIn("1 changed", self.tell("answers.csv", "--accept").stdout)
        self.write("answers.csv", f"name,class\n{first},Desert\n")
        self.tell("answers.csv", "--annotator", "bob", "--new-classes", "Desert")
        self.assertIn("1 tiles are disputed and not trained on", self.tell("answers.csv", "--annotator", "bob").stdout)
        self.assertEqual(self.tell("answers.csv", "--annotator", "bob").stdout.count("1 as told before"), 1)

    def test_settings_that_make_no_sense_with_people_are_refused(self):
        for more, fragment in ((["oracle.noise=0.1"], "oracle"), (["training.reset=none"], "training.reset"),
                               (["--strategy", "class_balanced_random"], "class_balanced_random"),
                               (["sweep.strategies=[badge, random_sampling]"], "--strategy says which"),
                               (["training.validation=36"], "training.validation"),
                               (["model.name=unet_resnet18"], "model.name")):
            self.assert_one_line_error(self.ask(*more, expect=2), fragment)
        self.assert_one_line_error(self.run_program("al_trial", "tell", "--campaign", "land", "x.csv", expect=3),
                                   "holds no campaign (al_trial ask begins one)")
        self.ask()
        shutil.copy(self.folder / "pool.h5", self.folder / "other.h5")
        self.assert_one_line_error(self.ask("dataset.path=other.h5", expect=2), "is not the pool of the campaign")
        self.assertIn("they count from the next round on", self.ask("training.epochs=2").stderr)

    # --- kills ---

    STEPS = (["ask"], ["tell", 0], ["ask"], ["where"])

    def one_step(self, land, step, **options):
        if step[0] == "tell":
            self.answer(step[1], f"{land}{step[1]}.csv", land)
            return self.run_program("al_trial", "tell", "--campaign", land, f"{land}{step[1]}.csv", **options)
        config = ["campaign.yaml"] if step[0] == "ask" else []
        return self.run_program("al_trial", step[0], *config, "--campaign", land, **options)

    def whole(self, land):
        """Every file of the campaign but the times that are noted in it."""
        files = {}
        root = self.folder / land
        for path in sorted(root.rglob("*")):
            if path.is_dir():
                continue
            text = path.read_bytes()
            if path.suffix == ".json" and path.name != "label_studio.json":
                content = json.loads(text)
                for key in ("begun", "made", "told", "source"):
                    content.pop(key, None)
                content.get("metrics", {}).clear()  # seconds are among them
                text = json.dumps(content)
            text = text.encode() if isinstance(text, str) else text
            files[str(path.relative_to(root))] = text.replace(land.encode(), b"LAND")
        return files

    def test_a_kill_at_any_write_costs_nothing(self):
        for step in self.STEPS:
            self.one_step("whole", step)
        expected = self.whole("whole")
        self.assertIn("round_01/trained.network", expected)
        print("| label | kills, all gone on from to the same files |\n|---|---|")
        for kind in ("json", "yaml", "network", "csv", "geojson", "qml", "xml", "png", "html"):
            n_kills = 0
            for event in ("begun", "written", "renamed"):
                land = f"{kind}_{event}"
                for step in self.STEPS:
                    # Each command dies at its first such write, and, started again, at its second, and so on.
                    for number in range(1, 30):
                        done = self.one_step(land, step, expect=None, env={"AL_MPI_CRASH_AT": f"{kind}.{event}:{number}"})
                        if done.returncode == 0:
                            break
                        self.assertEqual(done.returncode, -9, done.stderr)
                        n_kills += 1
                found = self.whole(land)
                self.assertEqual(found.keys(), expected.keys(), land)
                for name, content in expected.items():
                    self.assertEqual(found[name], content, f"{land}: {name}")
                shutil.rmtree(self.folder / land)
            self.assertGreater(n_kills, 0, f"{kind} is no crash point any more")
            print(f"| `{kind}` | {n_kills} |", flush=True)


if __name__ == "__main__":
    unittest.main()
