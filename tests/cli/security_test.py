#!/usr/bin/env python3
"""What a configuration from elsewhere cannot do: write outside the results folder, or run anything."""
import os
import stat
import unittest

from harness import BUILD, ProgramTest

FAKE = {"AL_MPI_ENGINE": str(BUILD / "fake_engine")}


class SecurityTest(ProgramTest):
    def files(self):
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}

    def test_a_configuration_writes_below_the_current_folder_only(self):
        (self.folder / "here").mkdir()
        for file in ("../out.h5", f"{self.folder}/out.h5", "a/../../out.h5"):
            config = self.small_sweep(file=file)
            for how in ([], ["--dry-run"]):
                with self.subTest(file=file, how=how):
                    done = self.run_program("al_mpi", config, *how, expect=2)
                    self.assert_one_line_error(done, "results.file", file, "current folder")
            self.assertEqual(self.files(), {"here", "sweep.yaml"})
        networks = self.write("networks.yaml", "results: {networks: ../networks}")
        self.assert_one_line_error(self.run_program("al_trial", networks, expect=2), "results.networks", "current folder")
        networks.unlink()
        self.run_program("al_mpi", config, f"results.file={self.folder}/typed.h5", env=FAKE)  # who types it may
        self.assertIn("typed.h5", self.files())

    def test_keys_of_trials_stay_inside_the_results_folder(self):
        config = self.small_sweep(seeds="1")
        strange = 'sweep.grid={query.embeddings: ["../../../x", "/tmp/y", "$(touch z)"]}'
        self.run_program("al_mpi", config, strange, env={**FAKE, "AL_MPI_CRASH_AT": "checkpoint.renamed"}, expect=4)
        top = {path.split("/")[0] for path in self.files()}
        self.assertEqual(top, {"sweep.yaml", "results"})
        self.assertEqual(len(list((self.folder / "results/sweep.checkpoints").iterdir())), 6)

    def test_no_text_of_a_configuration_reaches_a_shell(self):
        strange = "a;touch evil;$(touch evil)`touch evil`|touch evil.h5"
        config = self.small_sweep(file=f"'{strange}'", seeds="1")
        self.run_program("al_mpi", config, env=FAKE)
        self.run_program("al_mpi", "launch", "-n", 2, config, f"results.file=b{strange}", env=FAKE)
        self.assertTrue((self.folder / strange).exists() and (self.folder / f"b{strange}").exists())
        self.assertFalse({"evil", "evil.h5"} & self.files())

    def test_files_have_the_permissions_of_the_umask(self):
        before = os.umask(0o077)
        try:
            self.run_program("al_mpi", self.small_sweep(seeds="1"), env=FAKE)
        finally:
            os.umask(before)
        made = [path for path in (self.folder / "results").rglob("*")]
        self.assertGreaterEqual(len(made), 5)
        self.assertEqual([path for path in made if stat.S_IMODE(path.stat().st_mode) & 0o077], [])


if __name__ == "__main__":
    unittest.main()
