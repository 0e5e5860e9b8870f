#!/usr/bin/env python3
"""Weights, TorchScript modules and scenes as people have them: used rightly, or what does not fit is said in one line."""
import json
import pathlib
import sys
import unittest

import numpy as np
from osgeo import gdal

from harness import ProgramTest
from tiles import EUROSAT, PRODUCT, folders, pixels, tif

try:
    import torch
except ImportError:
    torch = None

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "model"))  # write_weights.py

TRIAL = """
dataset: {path: d.h5}
model: {name: small_cnn}
training: {epochs: 1, batch_size: 8}
loop: {n_init: 6, n_query: 6, n_rounds: 0}
"""


class NetworkTest(ProgramTest):
    def dataset(self, **options):
        folders(self.folder / "tiles", **{"n": 6, "names": PRODUCT, **options})
        self.run_program("al_prepare", "eurosat", "tiles", "--split", "all", "--output", "d.h5", "--force")
        return self.write("trial.yaml", TRIAL)

    def trial(self, *overrides, expect=0):
        return self.run_program("al_trial", "trial.yaml", *overrides, expect=expect)


class SceneTest(NetworkTest):
    def network(self, **options):
        self.dataset(**options)
        self.trial("--save-network", "trial.network")

    def scene(self, change=lambda a: a, c=13, **options):
        whole = np.concatenate([np.concatenate([pixels(k, i, c) for i in range(3)], 2) for k in range(3)], 1)
        tif(str(self.folder / "scene.tif"), change(whole), **options)

    def predict(self, *options, expect=0):
        return self.run_program("al_trial", "predict", "--network", "trial.network", "--image", "scene.tif", "--output",
                                "map.tif", "--force", *options, expect=expect)

    def map(self):
        return gdal.Open(str(self.folder / "map.tif")).ReadAsArray()

    def test_a_scene_like_the_training_images_raises_no_doubt(self):
        self.network()
        self.scene(names=PRODUCT)
        self.assertEqual(self.predict().stderr, "")

    def test_bands_are_found_by_their_names(self):
        self.network()
        self.scene(names=PRODUCT)
        self.predict()
        expected = self.map()
        order = [PRODUCT.index(name) for name in EUROSAT]
        self.scene(lambda a: a[order], names=EUROSAT)
        done = self.predict()
        self.assertIn("by their names", done.stderr)
        np.testing.assert_array_equal(self.map(), expected)
        self.scene(lambda a: a[:12], names=PRODUCT[:12])
        self.assert_one_line_error(self.predict(expect=3), "scene.tif", "no band B12", "--bands")
        self.scene(lambda a: a[order])
        done = self.predict("--bands", ",".join(str(order.index(i) + 1) for i in range(13)))
        np.testing.assert_array_equal(self.map(), expected)
        self.assertIn("its bands have no names", self.predict().stderr)

    def test_common_names_and_a_sensors_names_are_one(self):
        self.network(c=3, names=["B4", "B3", "B2"])
        self.scene(lambda a: a[::-1], c=3, names=["blue", "green", "red"])
        done = self.predict()
        self.assertIn("numbers 3 2 1 of the file are B4 B3 B2", done.stderr)

    def test_values_that_the_network_never_saw_are_told_before_it_computes(self):
        self.network()
        for name, change, hint in (("reflectance", lambda a: (a * 0.0001).astype("float32"), "reflectance"),
                                   ("offset", lambda a: a + 5000, "little worth")):
            with self.subTest(name=name):
                self.scene(change, names=PRODUCT)
                self.assertRegex(self.predict().stderr, f"note: scene.tif: its values lie outside.*{hint}")
        self.scene(names=PRODUCT, pixel=30)
        self.assertIn("pixels of 30 m, but the network was trained on pixels of 10 m", self.predict().stderr)

    def test_the_offset_of_the_newer_baseline_is_told(self):
        dark = lambda k, i, a: (a // 2).astype("uint16")
        self.network(change=dark)
        self.scene(lambda a: (a // 2 + 1000).astype("uint16"), names=PRODUCT)
        self.assertRegex(self.predict().stderr, "values lie outside.*1000 higher")

    def test_scales_are_brought_to_the_training_images(self):
        self.network(scale=0.0001, offset=0.0)
        self.scene(names=PRODUCT, scale=0.0001, offset=0.0)
        self.assertEqual(self.predict().stderr, "")
        expected = self.map()
        self.scene(lambda a: a + 1000, names=PRODUCT, scale=0.0001, offset=-0.1)
        self.assertIn("converted to theirs", self.predict().stderr)
        np.testing.assert_array_equal(self.map(), expected)
        self.scene(names=PRODUCT)
        self.assertIn("declares no scale and offset", self.predict().stderr)

    def test_missing_pixels_have_no_class(self):
        self.network()

        def hole(a):
            a[:, :16, :16] = 65535
            return a
        self.scene(hole, names=PRODUCT, nodata=65535)
        self.predict()
        self.assertEqual(self.map()[0, 0], 255)
        self.assertLess(self.map()[1:].max(), 3)


@unittest.skipIf(torch is None, "no torch")
class WeightsTest(NetworkTest):
    def setUp(self):
        super().setUp()
        self.dataset(c=3, names=["B4", "B3", "B2"])

    def state(self):
        """A state dict of this program's ResNet-18, under torchvision's names."""
        from write_weights import ResNet18
        torch.manual_seed(1)
        return ResNet18(3).state_dict()

    def save(self, state, name="w.pt"):
        torch.save(state, self.folder / name)

    def start(self, *more, expect=0):
        return self.trial("model.name=resnet18", "model.pretrained=w.pt", "loop.n_init=6", *more, expect=expect)

    @staticmethod
    def weights(done):
        return json.loads(done.stdout.splitlines()[0])["weights_hash"]

    def test_prefixes_of_every_wrapper_are_taken_off(self):
        state = self.state()
        self.save(state)
        expected = self.weights(self.start())
        for prefix in ("_orig_mod.", "module.", "model.", "backbone.", "module._orig_mod.model.backbone.", "encoder_q."):
            with self.subTest(prefix=prefix):
                self.save({"state_dict": {prefix + k: v for k, v in state.items()}})
                self.assertEqual(self.weights(self.start()), expected)

    def test_tensors_beside_the_network_are_left_out(self):
        self.save({**{"backbone." + k: v for k, v in self.state().items()}, "projector.0.weight": torch.zeros(3, 3)})
        self.start()

    def test_two_networks_in_one_file_are_asked_about(self):
        state = self.state()
        self.save({p + k: v for p in ("student.", "teacher.") for k, v in state.items()})
        done = self.start(expect=3)
        self.assertIn("holds 2 networks of this kind, under 'student.', 'teacher.'", done.stderr)
        self.save({p + k: v for p in ("encoder_k.", "encoder_q.") for k, v in state.items()})
        self.start()

    def test_weights_of_another_network_are_one_short_line(self):
        self.save({f"blocks.{i}.attn.qkv.weight": torch.zeros(2) for i in range(60)})
        done = self.start(expect=3)
        self.assert_one_line_error(done, "w.pt", "none is there", "blocks.0.attn.qkv.weight", "and 57 more")
        self.assertLess(len(done.stderr), 400)
        broken = {k: v for k, v in self.state().items() if not k.startswith("layer3")}
        self.save({**broken, **{f"extra.{i}": torch.zeros(1) for i in range(30)}})
        done = self.start(expect=3)
        self.assert_one_line_error(done, "tensors do not fit", "missing layer3.0", "unexpected extra.0", "more")
        self.assertLess(len(done.stderr), 700)

    def test_rgb_weights_on_bands_without_colours_are_told(self):
        self.save(self.state())
        self.dataset(c=4, names=["a", "b", "c", "d"])
        done = self.start("model.first_conv=inflate")
        self.assertIn("none of the bands a b c d is red by its name", done.stderr)
        self.dataset(c=4, names=["B02", "B03", "B04", "B08"])
        self.assertNotIn("by its name", self.start("model.first_conv=inflate").stderr)

    def test_torchscript_traced_in_training_mode(self):
        net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(),
                                  torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Dropout(0.5),
                                  torch.nn.Linear(4, 3))
        images = torch.zeros(2, 3, 16, 16)
        torch.jit.trace(net.train(), images, check_trace=False).save(str(self.folder / "train.pt"))
        done = self.trial("model.torchscript=train.pt", expect=3)
        self.assert_one_line_error(done, "train.pt", "traced in training mode", "net.eval()")
        torch.jit.trace(net.eval(), images).save(str(self.folder / "eval.pt"))
        self.trial("model.torchscript=eval.pt")

    def test_torchscript_for_other_bands(self):
        net = torch.nn.Sequential(torch.nn.Conv2d(13, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
                                  torch.nn.Linear(4, 3)).eval()
        torch.jit.trace(net, torch.zeros(2, 13, 16, 16)).save(str(self.folder / "other.pt"))
        done = self.trial("model.torchscript=other.pt", expect=3)
        self.assert_one_line_error(done, "other.pt", "takes 13 bands, the dataset has 3")


if __name__ == "__main__":
    unittest.main()
