#!/usr/bin/env python3
"""Two hosts, played on one machine: one on which everything fails, and a trial that fails on both."""
import unittest

import h5py

from harness import BUILD, ProgramTest


class HostsTest(ProgramTest):
    def sweep(self, name, hosts, *args, seeds, expect):
        """A rank a host; `hosts`: name -> variables that its rank and engines see."""
        config = self.small_sweep(seeds=seeds)
        done = self.mpirun_by_rank(*(
            ["env", f"AL_MPI_HOST={host}", f"AL_MPI_ENGINE={BUILD / 'fake_engine'}",
             *(f"{key}={value}" for key, value in variables.items()),
             BUILD / "al_mpi", config, f"results.file={name}.h5", *args]
            for host, variables in hosts.items()))
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def attempts(self, name):
        """(host, outcome, trial) of every attempt."""
        with h5py.File(self.folder / f"{name}.h5") as file:
            return [(row["host"].decode(), row["outcome"].decode(), int(row["trial"])) for row in file["attempts"][:]]

    def test_a_host_on_which_everything_fails_gets_no_more_work(self):
        broken = {"AL_MPI_FAULT": "crash@0", "AL_MPI_FAULT_ATTEMPTS": "99"}
        self.sweep("whole", {"good": {}}, seeds="1-8", expect=0)
        for workers in (1, 4):
            with self.subTest(workers=workers):
                name = f"hole{workers}"
                slow = {"FAKE_ENGINE_SECONDS": str(0.05 * workers)}  # so that `bad` finds work, too
                done = self.sweep(name, {"good": slow, "bad": broken}, "--workers", str(workers), seeds="1-8", expect=0)
                self.assertEqual(done.stderr.count("bad gets no more work"), 1, done.stderr)
                self.assert_same_results("whole.h5", f"{name}.h5")
                attempts = self.attempts(name)
                self.assertEqual({host for host, outcome, _ in attempts if outcome == "done"}, {"good"})
                victims = [trial for host, _, trial in attempts if host == "bad"]
                self.assertEqual(len(set(victims)), len(victims), attempts)
                self.assertTrue(3 <= len(victims) <= 2 + workers, attempts)  # those that ran when it was given up

    def test_a_host_that_falls_back_to_the_cpu_gets_no_trial(self):
        gpu = {"CUDA_VISIBLE_DEVICES": "0", "FAKE_ENGINE_SECONDS": "0.1"}
        done = self.sweep("fallen", {"good": gpu, "bad": {**gpu, "FAKE_ENGINE_DEVICE": "cpu"}}, seeds="1-2", expect=0)
        self.assertEqual({host for host, _, _ in self.attempts("fallen")}, {"good"})
        self.assertIn("rank 1 on bad does not start: the engine runs on cpu", done.stderr)

    def test_a_trial_that_fails_on_two_hosts_is_quarantined(self):
        fault = {"AL_MPI_FAULT": "crash@1:margin_sampling/random/1", "AL_MPI_FAULT_ATTEMPTS": "99",
                 "FAKE_ENGINE_SECONDS": "0.05"}
        self.sweep("two", {"first": fault, "second": fault}, "--workers", "1", "farm.max_attempts=9",
                   seeds="1-4", expect=4)
        attempts = self.attempts("two")
        failed = [(host, trial) for host, outcome, trial in attempts if outcome == "failed"]
        self.assertEqual({host for host, _ in failed}, {"first", "second"})
        self.assertEqual(len({trial for _, trial in failed}), 1)
        self.assertEqual(sum(outcome == "done" for _, outcome, _ in attempts), 7)
        status = self.run_program("al_mpi", "status", "two.h5").stdout
        self.assertIn("7 done, 1 quarantined", status)
        explained = self.run_program("al_mpi", "explain", "two.h5", "margin_sampling/random/1").stdout
        for host in ("first", "second"):
            self.assertRegex(explained, rf"attempt \d: failed after .* on {host} ")


if __name__ == "__main__":
    unittest.main()
