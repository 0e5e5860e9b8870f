#!/usr/bin/env python3
"""Paths as people write them: "~", "$VARIABLE", beside the configuration; in configurations and on the command line."""
import unittest

from harness import ProgramTest

CONFIG = """
dataset:
  path: {path}
model: {{name: small_cnn}}
training: {{epochs: 1, batch_size: 8}}
loop: {{n_init: 6, n_query: 6, n_rounds: 0}}
sweep: {{strategies: [random_sampling], seeds: 1}}
results: {{file: out.h5}}
"""


class PathsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        for name in ("home", "scratch", "configs", "elsewhere"):
            (self.folder / name).mkdir()
        self.env = {"HOME": str(self.folder / "home"), "SCRATCH": str(self.folder / "scratch")}
        self.run_program("al_prepare", "synthetic", "--output", "home/d.h5", "--train", 60, "--test", 30, "--classes", 3,
                         "--tile", 8, "--bands", 3)
        for place in ("scratch", "configs"):
            (self.folder / place / "d.h5").write_bytes((self.folder / "home/d.h5").read_bytes())

    def config(self, path, name="configs/a.yaml"):
        return self.write(name, CONFIG.format(path=path))

    def dry(self, config, *overrides, expect=0):
        return self.run_program("al_mpi", config, "--dry-run", *overrides, env=self.env, expect=expect)

    def test_home_and_variables_in_a_configuration_and_on_the_command_line(self):
        for path in ("~/d.h5", "$SCRATCH/d.h5", "${SCRATCH}/d.h5", "'$HOME/d.h5'"):
            with self.subTest(path=path):
                self.assertIn("/d.h5", self.dry(self.config(path)).stdout)
        config = self.config("nowhere.h5")
        for path in ("~/d.h5", "$SCRATCH/d.h5", "${SCRATCH}/d.h5"):
            with self.subTest(path=path):
                self.assertIn("/d.h5", self.dry(config, f"dataset.path={path}").stdout)

    def test_a_variable_that_is_not_set(self):
        config = self.config("$NOWHERE_AT_ALL/d.h5")
        self.assert_one_line_error(self.dry(config, expect=2), "dataset.path", "NOWHERE_AT_ALL is not set", "a.yaml:3")
        done = self.run_program("al_prepare", "describe", "$NOWHERE_AT_ALL/d.h5", env=self.env, expect=2)
        self.assert_one_line_error(done, "NOWHERE_AT_ALL is not set")

    def test_inputs_beside_the_configuration(self):
        config = self.config("d.h5")
        self.assertIn(str(self.folder / "configs/d.h5"), self.dry(config).stdout)
        done = self.dry(config, "dataset.path=d.h5", expect=3)  # what is typed belongs to the current folder
        self.assert_one_line_error(done, "d.h5")
        (self.folder / "configs/d.h5").rename(self.folder / "d.h5")
        self.assertIn("d.h5", self.dry(config).stdout)  # nothing beside it: the current folder's

    def test_weights_beside_the_configuration(self):
        config = self.config("d.h5")
        config.write_text(config.read_text().replace("name: small_cnn", "name: small_cnn, pretrained: w.pt"))
        (self.folder / "configs/w.pt").write_text("no weights")
        done = self.run_program("al_trial", config, env=self.env, expect=3)
        self.assert_one_line_error(done, str(self.folder / "configs/w.pt"))

    def test_options_that_a_shell_leaves_alone(self):
        for file in ("~/d.h5", "$SCRATCH/d.h5", "${SCRATCH}/d.h5"):
            with self.subTest(file=file):
                self.assertIn("classification", self.run_program("al_prepare", "describe", file, env=self.env).stdout)
        self.run_program("al_prepare", "synthetic", "--output=~/new.h5", "--train", 20, "--test", 10, "--tile", 8,
                         env=self.env)
        self.assertTrue((self.folder / "home/new.h5").exists())

    def test_a_variable_leads_no_configuration_out_of_the_folder(self):
        config = self.config("~/d.h5")
        config.write_text(config.read_text().replace("file: out.h5", "file: ~/out.h5"))
        self.assert_one_line_error(self.dry(config, expect=2), "results.file", "leads out of the current folder")


if __name__ == "__main__":
    unittest.main()
