#!/usr/bin/env python3
"""Bad input: one line, the documented exit code, nothing written over, no MPI noise."""
import os
import unittest

from harness import BUILD, SOURCE, ProgramTest


class BadInputTest(ProgramTest):
    def refused(self, *overrides, expect=2, holds=(), ranks=None):
        done = self.run_program("al_mpi", self.small_sweep(), *overrides, expect=expect if not ranks else None,
                                ranks=ranks)
        if ranks:
            self.assertNotEqual(done.returncode, 0)
        else:
            self.assert_one_line_error(done, *holds)
        self.assertFalse((self.folder / "results").exists(), "something was written")
        return done

    def test_settings(self):
        for override, *holds in [
            ("training.epoch=3", "training.epoch", "epochs"),
            ("trainin.epochs=3", "trainin", "training"),
            ("training.epochs=many", "training.epochs", "many"),
            ("training.epochs=0", "training.epochs"),
            ("training.steps=-2", "training.steps", ">= -1"),
            ("oracle.imbalance=1.5", "oracle.imbalance", "0 .. 1"),
            ("oracle.imbalance=rare", "oracle.imbalance", "rare"),
            ("query.bait_ridge=0", "query.bait_ridge"),
            ("query.bait_dimensions=-1", "query.bait_dimensions"),
            ("training.pseudo_labels.threshold=1.5", "training.pseudo_labels.threshold"),
            ("training.pseudo_labels.weight=-1", "training.pseudo_labels.weight"),
            ("sweep.strategies=margn_sampling", "margn_sampling", "margin_sampling"),
            ("sweep.inits=randm", "randm", "random"),
            ("model.name=resnet19", "resnet19", "resnet18"),
            ("sweep.seeds=1-", "sweep.seeds", "1-"),
            ("sweep.seeds=3-1", "sweep.seeds", "3-1"),
            ("loop.n_rounds=20", "168", "120"),
            ("dataset.path=nothing.h5", "nothing.h5"),
        ]:
            with self.subTest(override):
                self.refused(override, holds=holds, expect=3 if "dataset" in override else 2)

    def test_settings_under_mpirun_are_told_once(self):
        done = self.refused("training.epoch=3", ranks=3)
        self.assertEqual(done.stderr.count("did you mean"), 1, done.stderr)

    def test_settings_are_told_though_the_rank_that_tells_is_the_last(self):
        al_mpi = [BUILD / "al_mpi", self.small_sweep(), "training.epoch=3"]
        done = self.mpirun_by_rank(["sh", "-c", 'sleep 1.5; exec "$0" "$@"', *al_mpi], al_mpi, al_mpi)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("did you mean"), 1, done.stderr)

    def test_foreign_and_truncated_datasets(self):
        self.write("text.h5", "not HDF5 at all")
        self.refused("dataset.path=text.h5", expect=3, holds=["text.h5"])
        self.run_program("al_prepare", "synthetic", "--output", "whole.h5", "--train", 60, "--test", 20)
        whole = (self.folder / "whole.h5").read_bytes()
        (self.folder / "cut.h5").write_bytes(whole[: len(whole) // 2])
        self.refused("dataset.path=cut.h5", expect=3, holds=["cut.h5"])

    def test_a_dataset_that_crashes_the_library(self):
        self.run_program("al_prepare", "synthetic", "--output", "whole.h5", "--train", 60, "--test", 20)
        whole = (self.folder / "whole.h5").read_bytes()
        # A fill value that claims to be shared: HDF5 1.10.8 follows an address that is not there.
        flags = whole.rindex(b"\x05\x00\x08\x00\x01") + 4
        (self.folder / "damaged.h5").write_bytes(whole[:flags] + b"\x03" + whole[flags + 1:])
        self.refused("dataset.path=damaged.h5", expect=3, holds=["damaged.h5"])
        self.assert_one_line_error(self.run_program("al_prepare", "describe", "damaged.h5", expect=3), "damaged.h5")
        done = self.run_program("al_trial", self.small_sweep(), "--strategy", "random_sampling", "--seed", 1,
                                "dataset.path=damaged.h5", expect=3)
        self.assert_one_line_error(done, "damaged.h5")
        done = self.refused("dataset.path=damaged.h5", ranks=2)
        self.assertEqual(done.stderr.count("damaged.h5"), 1, done.stderr)
        self.assertNotIn("signal", done.stderr)

    def test_a_configuration_that_is_not_there_or_no_yaml(self):
        done = self.run_program("al_mpi", "missing.yaml", expect=2)
        self.assert_one_line_error(done, "missing.yaml")
        for text in ("training: [", "\x00\x01", "- a list", "a: {b: {c: &x [*x]}}", "training:\n\t- x"):
            with self.subTest(text):
                done = self.run_program("al_mpi", self.write("bad.yaml", text), expect=2)
                self.assert_one_line_error(done, "bad.yaml")

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_unwritable_results_folder(self):
        (self.folder / "closed").mkdir(mode=0o555)
        done = self.run_program("al_mpi", self.small_sweep(), "results.file=closed/sweep.h5", expect=3)
        self.assert_one_line_error(done, "closed")

    def test_results_folder_that_is_a_file(self):
        self.write("plain", "a file")
        done = self.run_program("al_mpi", self.small_sweep(), "results.file=plain/sweep.h5", expect=3)
        self.assert_one_line_error(done, "plain")

    def test_a_second_farm_on_the_same_file(self):
        first = self.start_program("al_mpi", self.small_sweep(seeds="1-20"), "--workers", 1)
        journal = self.folder / "results/sweep.journal"
        while not journal.exists():
            self.assertIsNone(first.poll())
        second = self.run_program("al_mpi", self.small_sweep(seeds="1-20"), "--workers", 1, expect=2)
        self.assert_one_line_error(second, "sweep")

    def test_every_configuration_passes_a_dry_run(self):
        self.run_program("al_prepare", "synthetic", "--output", "data.h5", "--train", 2200, "--test", 100,
                         "--tile", 8)
        self.run_program("al_prepare", "synthetic", "--task", "segmentation", "--output", "pixels.h5", "--train", 400,
                         "--test", 10, "--tile", 8)
        for config in sorted((SOURCE / "configs").glob("*.yaml")):
            with self.subTest(config.name):
                text = config.read_text()
                file = "pixels.h5" if "unet" in text else "data.h5"
                data = [] if "synthetic" in text else [f"dataset.path={file}"]
                done = self.run_program("al_mpi", config, "--dry-run", *data)
                self.assertIn("trials", done.stdout)
                self.assertFalse((self.folder / "results").exists())

    def test_the_configuration_page_is_what_the_program_prints(self):
        page = (SOURCE / "docs/configuration.md").read_text()
        self.assertIn(self.run_program("al_mpi", "--help-config").stdout.strip(), page)

    def test_usage(self):
        for program in ("al_mpi", "al_trial", "al_prepare", "al_aggregate"):
            with self.subTest(program):
                self.assertIn(program, self.run_program(program, "--version").stdout)
                self.assertIn("Usage", self.run_program(program, "--help").stdout)
                verb = ["describe", "x.h5"] if program == "al_prepare" else []
                done = self.run_program(program, *verb, "--no-such-option", expect=2)
                self.assert_one_line_error(done, "--no-such-option")


if __name__ == "__main__":
    unittest.main()
