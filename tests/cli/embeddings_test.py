#!/usr/bin/env python3
"""al_prepare embed and pretrain as a user starts them: kills, other people's files, and bad ones."""
import unittest

import h5py
import numpy as np

from harness import ProgramTest

try:
    import torch
    from torch import nn
except ImportError:
    torch = None


class EmbeddingsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("al_prepare", "synthetic", "--output", "a.h5", "--train", 150, "--test", 70, "--tile", 16,
                         "--bands", 4)

    def embed(self, name, *options, **kwargs):
        return self.run_program("al_prepare", "embed", "a.h5", "--name", name, *options, **kwargs)

    def stored(self, name, split="train"):
        with h5py.File(self.folder / "a.h5") as file:
            return file[f"{split}/embeddings/{name}"][:]

    def refused(self, *options, holds=(), expect=3):
        before = (self.folder / "a.h5").read_bytes()
        self.assert_one_line_error(self.embed("bad", *options, expect=expect), *holds)
        self.assertEqual(before, (self.folder / "a.h5").read_bytes())
        self.assertEqual(list(self.folder.glob("*.part")), [], "left behind")

    def test_a_killed_embedding_goes_on(self):
        options = ("--random", "--network", "small_cnn")
        self.embed("whole", *options, "--workers", 1)
        before = (self.folder / "a.h5").read_bytes()
        for crash in ("rows.added:2", "rows.added:1", "h5.written"):
            self.embed("killed", *options, env={"AL_MPI_CRASH_AT": crash}, expect=-9)
            self.assertEqual(before, (self.folder / "a.h5").read_bytes(), crash)
        self.embed("killed", *options)
        for split in ("train", "test"):
            np.testing.assert_array_equal(self.stored("whole", split), self.stored("killed", split))
        self.assertEqual(list(self.folder.glob("*.part")), [])

    def test_one_source_is_named(self):
        self.refused(expect=2)
        self.refused("--bands", "--random", expect=2)
        self.refused("--random", "--network", "resnet19", holds=["resnet19", "resnet18"], expect=2)
        self.refused("--random", "--network", "linear_probe", holds=["linear_probe"], expect=2)

    def test_pretraining_that_is_killed_ends_as_if_it_was_not(self):
        options = ("a.h5", "--epochs", 3, "--batch", 50, "--threads", 1, "--checkpoint-every", 0)
        self.run_program("al_prepare", "pretrain", *options, "--output", "whole.pt")
        self.run_program("al_prepare", "pretrain", *options, "--output", "killed.pt", expect=-9,
                         env={"AL_MPI_CRASH_AT": "pretrain.checkpoint:2"})
        self.assertFalse((self.folder / "killed.pt").exists())
        done = self.run_program("al_prepare", "pretrain", *options, "--output", "killed.pt")
        self.assertIn("2 epochs are done", done.stderr)
        self.assertIn("k-NN accuracy", done.stdout)
        self.assertEqual(list(self.folder.glob("*.checkpoint")), [])
        self.embed("whole", "--contrastive", "whole.pt")
        self.embed("killed", "--contrastive", "killed.pt", "--l2")
        whole, killed = self.stored("whole"), self.stored("killed")
        np.testing.assert_allclose(whole / np.linalg.norm(whole, axis=1, keepdims=True), killed, rtol=1e-6, atol=1e-7)
        with h5py.File(self.folder / "a.h5") as file:
            self.assertEqual(file["train/embeddings/killed"].attrs["pretrained"], "simclr, 3 epochs")
        if torch is not None:  # and Python reads it
            state = torch.jit.load(self.folder / "whole.pt").state_dict()
            self.assertEqual(tuple(state["conv1.weight"].shape), (64, 4, 7, 7))

    def test_pretraining_refuses_what_it_must_not_overwrite(self):
        self.write("out.pt", "mine")
        done = self.run_program("al_prepare", "pretrain", "a.h5", "--output", "out.pt", expect=2)
        self.assert_one_line_error(done, "out.pt", "--force")
        done = self.run_program("al_prepare", "pretrain", "a.h5", "--output", "no/out.pt", expect=3)
        self.assert_one_line_error(done, "no")
        self.write("new.pt.checkpoint", "no checkpoint")
        done = self.run_program("al_prepare", "pretrain", "a.h5", "--output", "new.pt", expect=3)
        self.assert_one_line_error(done, "new.pt.checkpoint", "--force")
        done = self.run_program("al_prepare", "pretrain", "a.h5", "--output", "b.pt", "--method", "byol", expect=2)
        self.assert_one_line_error(done, "byol")

    @unittest.skipIf(torch is None, "no torch")
    def test_modules_of_python(self):
        torch.manual_seed(1)

        class Net(nn.Module):
            def __init__(self, bands):
                super().__init__()
                self.conv = nn.Conv2d(bands, 6, 3)
                self.fc = nn.Linear(6, 5)

            def forward(self, x):
                return self.fc(torch.relu(self.conv(x)).mean((2, 3)))

            @torch.jit.export
            def own(self, x):
                return self.conv(x).amax((2, 3))

        net = Net(4).eval()
        torch.jit.script(net).save(self.folder / "net.pt")
        torch.jit.script(Net(3)).save(self.folder / "rgb.pt")
        self.embed("head", "--torchscript", "net.pt")
        self.embed("own", "--torchscript", "net.pt", "--features", "own")
        with h5py.File(self.folder / "a.h5") as file:
            mean, std = (file[f"normalization/{k}"][:].reshape(1, 4, 1, 1) for k in ("mean", "std"))
            images = torch.from_numpy((file["train/images"][:].astype(np.float32) - mean) / std)
        with torch.no_grad():
            expected = torch.relu(net.conv(images)).mean((2, 3)).numpy()
            own = net.own(images).numpy()
        np.testing.assert_allclose(self.stored("head"), expected, atol=1e-5)
        np.testing.assert_allclose(self.stored("own"), own, atol=1e-5)
        self.refused("--torchscript", "rgb.pt", holds=["rgb.pt", "4, 16, 16"])
        self.refused("--torchscript", "net.pt", "--features", "none", holds=["net.pt", "none"])

    @unittest.skipIf(torch is None, "no torch")
    def test_bad_weights(self):
        bands, state, n_in = 4, {}, 4
        for i, n_out in enumerate((16, 32, 64), 1):
            state[f"conv{i}.weight"] = torch.randn(n_out, n_in, 3, 3)
            for key, value in (("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)):
                state[f"bn{i}.{key}"] = torch.full((n_out,), value)
            n_in = n_out
        self.assertEqual(bands, 4)
        torch.save({"state_dict": {"module." + k: v for k, v in state.items()}}, self.folder / "good.pt")
        network = ("--network", "small_cnn")
        self.embed("good", "--weights", "good.pt", *network)
        self.assertEqual(self.stored("good").shape, (150, 64))
        whole = (self.folder / "good.pt").read_bytes()
        (self.folder / "cut.pt").write_bytes(whole[: len(whole) // 2])
        self.refused("--weights", "cut.pt", *network, holds=["cut.pt"])
        self.refused("--weights", "missing.pt", *network, holds=["missing.pt"])
        self.refused("--weights", "a.h5", *network, holds=["a.h5"])
        self.refused("--contrastive", "good.pt", holds=["good.pt", "pretrain"])
        state["bn2.weight"][3] = float("nan")
        torch.save(state, self.folder / "nan.pt")
        self.refused("--weights", "nan.pt", *network, holds=["nan.pt", "bn2.weight"])
        del state["bn2.weight"]
        state["conv3.weight"] = torch.zeros(64, 32, 5, 5)
        torch.save(state, self.folder / "other.pt")
        self.refused("--weights", "other.pt", *network, holds=["missing bn2.weight", "misshaped conv3.weight"])


if __name__ == "__main__":
    unittest.main()
