#!/usr/bin/env python3
"""al_mpi verify, journal export and explain on a real sweep's files, sound and damaged."""
import json
import unittest

from harness import ProgramTest

FILE = "results/sweep.h5"


class InspectTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("al_mpi", self.small_sweep(seeds="1"), "--workers", 2)

    def test_sound_files_verify(self):
        self.assertIn("all is well", self.run_program("al_mpi", "verify", FILE).stdout)

    def test_a_damaged_journal_is_told_and_mended_by_the_same_command(self):
        journal = self.folder / "results/sweep.journal"
        damaged = bytearray(journal.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        journal.write_bytes(damaged)
        done = self.run_program("al_mpi", "verify", FILE, expect=3)
        self.assertIn("damaged", done.stdout)
        self.run_program("al_mpi", self.small_sweep(seeds="1"), "--workers", 2)
        self.run_program("al_mpi", self.small_sweep(seeds="1"), "--workers", 2, "results.file=whole.h5")
        self.assert_same_results("whole.h5", FILE)

    def test_the_journal_as_json_lines(self):
        lines = [json.loads(line) for line in
                 self.run_program("al_mpi", "journal", "export", FILE).stdout.splitlines()]
        self.assertEqual(sum(line["type"] == "round" for line in lines), 8)

    def test_a_trial_is_explained(self):
        done = self.run_program("al_mpi", "explain", FILE, "margin_sampling/random/1")
        self.assertIn("done", done.stdout)
        self.assertNotIn("picks by", done.stdout)
        self.assert_one_line_error(self.run_program("al_mpi", "explain", FILE, "99", expect=2), "99")

    def test_a_schedule_is_told_before_and_after(self):
        sweep = ["al_mpi", self.small_sweep(seeds="1"), "sweep.strategies=[schedule]", "results.file=when.h5"]
        first, second = "[{margin_sampling: 2}, random_sampling]", "[{typiclust: 1}, badge]"
        text = "margin_sampling in rounds 1 to 2, random_sampling from round 3 on"
        grid = f"sweep.grid={{query.schedule: [{first}, {second}]}}"
        planned = self.run_program(*sweep, grid, "--dry-run").stdout
        self.assertEqual(planned.count("schedule: "), 2, planned)
        self.assertIn("schedule: " + text, planned)
        self.run_program(*sweep, grid, "--workers", 2)
        told = self.run_program("al_mpi", "explain", "when.h5", f"query.schedule={first};/schedule/random/1").stdout
        self.assertIn("picks by " + text, told)
        told = self.run_program("al_mpi", "explain", "when.h5", "1").stdout
        self.assertIn("picks by typiclust in round 1, badge from round 2 on", told)
        done = self.run_program("al_aggregate", "when.h5", "--output", "plots", "--format", "none")
        self.assertEqual(done.returncode, 0)
        for table in ("tables.md", "summary.tex"):
            self.assertIn("query.schedule", (self.folder / "plots/tables" / table).read_text().replace("\\_", "_"), table)

    def test_files_that_are_not_there(self):
        for verb in (["verify"], ["journal", "export"], ["status"]):
            with self.subTest(verb[0]):
                done = self.run_program("al_mpi", *verb, "missing.h5", expect=None)
                self.assertIn(done.returncode, (2, 3))
                self.assert_one_line_error(done, "missing.")


if __name__ == "__main__":
    unittest.main()
