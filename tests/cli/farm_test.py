#!/usr/bin/env python3
"""The farm under mpirun with a stand-in for the engine: the same numbers whatever is killed, hangs or drains."""
import os
import pathlib
import signal
import subprocess
import time
import unittest

import h5py

from harness import BUILD, ProgramTest

FAKE = {"AL_MPI_ENGINE": str(BUILD / "fake_engine"), "AL_MPI_SILENCE": "4"}


class FarmTest(ProgramTest):
    def sweep(self, name, *args, env=None, **kwargs):
        return self.run_program("al_mpi", self.small_sweep(), f"results.file={name}.h5", *args,
                                env={**FAKE, **(env or {})}, **kwargs)

    def start_sweep(self, name, *args, seconds, env=None, ranks=None, launch=()):
        return self.start_program("al_mpi", *launch, self.small_sweep(), f"results.file={name}.h5", *args,
                                  env={**FAKE, "FAKE_ENGINE_SECONDS": str(seconds), **(env or {})}, ranks=ranks)

    def status(self, name, expect):
        self.run_program("al_mpi", "status", f"{name}.h5", "--exit-code", expect=expect)

    def processes(self, program):
        """rank -> pid of the processes of this test that run `program`."""
        found = {}
        for proc in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                here = os.readlink(proc / "cwd") == str(self.folder)
                words = (proc / "cmdline").read_bytes().split(b"\0")
                variables = dict(v.split(b"=", 1) for v in (proc / "environ").read_bytes().split(b"\0") if b"=" in v)
            except OSError:
                continue
            if here and any(word.endswith(program.encode()) for word in words[:1]):
                found[int(variables.get(b"OMPI_COMM_WORLD_RANK", b"-1"))] = int(proc.name)
        return found

    def wait_for(self, condition, seconds=30):
        end = time.time() + seconds
        while not condition():
            self.assertLess(time.time(), end, "waited too long")
            time.sleep(0.05)

    def wait_for_rounds(self, name, n):
        journal = self.folder / f"{name}.journal"
        self.wait_for(lambda: journal.exists() and journal.read_bytes().count(b'"round"') >= n)

    def test_any_number_of_ranks_and_children(self):
        self.sweep("alone", "--workers", 1)
        for ranks, workers in ((1, 2), (2, 1), (4, 1), (2, 3)):
            with self.subTest(ranks=ranks, workers=workers):
                self.sweep(f"r{ranks}w{workers}", "--workers", workers, ranks=ranks)
                self.assert_same_results("alone.h5", f"r{ranks}w{workers}.h5")
        with h5py.File(self.folder / "alone.h5") as file:
            self.assertRegex(file.attrs["version_mpi"], r"^[A-Z][A-Za-z :]+v?\d+\.[\w.]+$")  # a name and a number, one line

    def test_children_that_die_or_hang_are_replaced(self):
        self.sweep("whole", "--workers", 2)
        for kind, why in (("kill", "Killed"), ("crash", "Segmentation fault"), ("error", "injected error"),
                          ("hang", "farm.stall_timeout"), ("leak", "farm.memory_limit")):
            with self.subTest(kind):
                self.sweep(kind, "farm.stall_timeout=6", "farm.memory_limit=300", ranks=2,
                           env={"AL_MPI_FAULT": f"{kind}@2"})
                self.assert_same_results("whole.h5", f"{kind}.h5")
                with h5py.File(self.folder / f"{kind}.h5") as file:
                    failed = [str(row["message"]) for row in file["attempts"][:] if row["outcome"] == b"failed"]
                self.assertEqual(len(failed), 4)  # each trial once
                self.assertTrue(all(why in message for message in failed), failed)

    def test_a_trial_that_always_fails_is_data(self):
        fault = {"AL_MPI_FAULT": "crash@1:margin_sampling/random/1", "AL_MPI_FAULT_ATTEMPTS": "99"}
        self.sweep("failed", "--workers", 2, env=fault, expect=4)
        self.status("failed", 4)
        explained = self.run_program("al_mpi", "explain", "failed.h5", "margin_sampling/random/1").stdout
        self.assertEqual(explained.count("Segmentation fault"), 4, explained)  # the verdict and three attempts
        self.sweep("failed", "--workers", 2, expect=4)  # it is given up
        self.sweep("failed", "--workers", 2, "--retry-failed")
        self.status("failed", 0)

    def test_data_errors_are_not_tried_again(self):
        self.sweep("data", "--workers", 2, env={"AL_MPI_FAULT": "nan@1", "AL_MPI_FAULT_ATTEMPTS": "99"}, expect=4)
        with h5py.File(self.folder / "data.h5") as file:
            self.assertEqual(set(file["trials"]["attempts"]), {1})

    def test_drained_under_mpirun_and_resumed_with_more_ranks(self):
        self.sweep("whole", "--workers", 2)
        process = self.start_sweep("drained", seconds=0.4, ranks=2)
        self.wait_for_rounds("drained", 2)
        os.kill(process.pid, signal.SIGUSR1)
        output = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 75, output)
        self.status("drained", 75)
        self.sweep("drained", ranks=3)
        self.status("drained", 0)
        self.assert_same_results("whole.h5", "drained.h5")

    def test_a_killed_rank_is_survived_under_launch_and_leaves_no_orphan(self):
        self.sweep("whole", "--workers", 2)
        for rank in (1, 0):
            with self.subTest(rank=rank):
                process = self.start_sweep(f"lost{rank}", seconds=0.5, launch=("launch", "-n", 3))
                self.wait_for_rounds(f"lost{rank}", 2)
                os.kill(self.processes("al_mpi")[rank], signal.SIGKILL)
                output = process.communicate(timeout=90)[0]
                self.assertEqual(process.returncode, 0, output)
                self.assert_same_results("whole.h5", f"lost{rank}.h5")
                self.wait_for(lambda: not self.processes("fake_engine"))

    def test_a_stopped_rank_is_given_up_and_welcome_when_it_speaks_again(self):
        self.sweep("whole", "--workers", 2)
        process = self.start_sweep("stopped", seconds=0.5, launch=("launch", "-n", 3), env={"AL_MPI_SILENCE": "1"})
        self.wait_for_rounds("stopped", 2)
        rank = self.processes("al_mpi")[1]
        os.kill(rank, signal.SIGSTOP)
        time.sleep(2.5)
        os.kill(rank, signal.SIGCONT)
        output = process.communicate(timeout=60)[0]
        self.assertEqual(process.returncode, 0, output)
        self.assertIn("rank 1 on", output)
        self.assertIn("is lost", output)
        self.assertIn("speaks again", output)
        self.assert_same_results("whole.h5", "stopped.h5")

    def test_a_full_disk_is_one_line_and_the_same_command_goes_on(self):
        self.sweep("whole", "--workers", 2)
        command = ["bash", "-c", 'ulimit -f 4; exec "$@"', "bash", *self.command("al_mpi", self.small_sweep(),
                   "results.file=full.h5", "--workers", "2")]
        done = subprocess.run(command, cwd=self.folder, env=self.environment({**FAKE, "AL_MPI_LOG": "error"}),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("full.journal: could not be written (File too large)", done.stderr.splitlines()[-1])
        self.sweep("full", "--workers", 2)
        self.assert_same_results("whole.h5", "full.h5")

    def test_children_end_with_a_killed_farm(self):
        process = self.start_sweep("orphans", "--workers", 3, seconds=30)
        self.wait_for(lambda: self.processes("fake_engine"))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        self.wait_for(lambda: not self.processes("fake_engine"))

    def test_a_second_farm_is_refused_in_one_line(self):
        first = self.start_sweep("one", "--workers", 1, seconds=5)
        self.wait_for(lambda: (self.folder / "one.journal").exists())
        self.assert_one_line_error(self.sweep("one", "--workers", 1, expect=2), "one")
        self.end_group(first)
        first.stdout.close()

    def test_engines_that_do_not_start(self):
        for mood, code, words in (("die", 1, "no GPU here"), ("refuse", 3, "tiles.h5: no such file"),
                                  ("babble", 1, "JSON")):
            with self.subTest(mood):
                done = self.sweep(mood, "--workers", 2, env={"FAKE_ENGINE": mood}, expect=code)
                self.assertIn(words, done.stderr.splitlines()[-1])
        done = self.sweep("none", "--workers", 1, env={"AL_MPI_ENGINE": "/no/such/engine"}, expect=1)
        self.assertIn("/no/such/engine", done.stderr.splitlines()[-1])

    def devices(self, name):
        with h5py.File(self.folder / f"{name}.h5") as file:
            return sorted({device.decode() for device in file["attempts"]["device"]})

    def test_all_gpus_of_a_node_are_used_before_any_is_shared(self):
        gpus = [f"cuda:Fake GPU {n}, CUDA 1.2" for n in range(4)]
        self.sweep("four", "farm.workers_per_gpu=2", ranks=4,
                   env={"CUDA_VISIBLE_DEVICES": "0,1,2,3", "FAKE_ENGINE_SECONDS": "0.2"})
        self.assertEqual(self.devices("four"), gpus)
        done = self.sweep("alone", env={"CUDA_VISIBLE_DEVICES": "0,1,2,3", "FAKE_ENGINE_SECONDS": "0.2"})
        self.assertEqual(self.devices("alone"), gpus)
        self.assertNotIn("cores", done.stderr)
        done = self.sweep("crowd", "--workers", 3, env={"CUDA_VISIBLE_DEVICES": "0"})
        self.assertIn("set farm.workers_per_gpu=3", done.stderr)

    def test_gpus_that_libtorch_does_not_see_do_not_count(self):
        done = self.sweep("blind", env={"CUDA_VISIBLE_DEVICES": "0,1", "FAKE_ENGINE_GPUS": "0"})
        self.assertIn("CUDA_VISIBLE_DEVICES=0,1, but LibTorch sees no GPU (it is a fake): the sweep runs on the CPU",
                      done.stderr)
        self.assertEqual(self.devices("blind"), ["cpu"])
        shown = self.run_program("al_mpi", self.small_sweep(), "--dry-run",
                                 env={**FAKE, "CUDA_VISIBLE_DEVICES": "0,1", "FAKE_ENGINE_GPUS": "1"}).stdout
        self.assertIn("here: 1 GPUs", shown)

    def test_kinds_of_devices_are_not_mixed_in_a_file(self):
        gpu = {"CUDA_VISIBLE_DEVICES": "0"}
        self.sweep("cuda", "sweep.seeds=1", env=gpu)
        self.assertEqual(self.devices("cuda"), ["cuda:Fake GPU 0, CUDA 1.2"])
        done = self.sweep("cuda", env={"CUDA_VISIBLE_DEVICES": ""}, expect=2)
        self.assert_one_line_error(done, "cuda.h5", "farm.device: cuda in the results file, cpu now")
        self.sweep("cuda", env=gpu)
        self.sweep("cpu", "sweep.seeds=1", env={"CUDA_VISIBLE_DEVICES": ""})
        self.assert_one_line_error(self.sweep("cpu", env=gpu, expect=2), "farm.device: cpu in the results file, cuda now")
        self.sweep("cpu", "farm.device=cpu", env=gpu)
        self.assertEqual(self.devices("cpu"), ["cpu"])

    def test_an_engine_on_the_cpu_where_a_gpu_was_promised_is_refused(self):
        done = self.sweep("fallen", env={"CUDA_VISIBLE_DEVICES": "0", "FAKE_ENGINE_DEVICE": "cpu"}, expect=2)
        self.assertIn("the engine runs on cpu, farm.device is cuda and it was given GPU 0", done.stderr)
        with h5py.File(self.folder / "fallen.h5") as file:
            self.assertEqual(len(file["attempts"]), 0)

    def test_srun_without_mpi_is_refused(self):
        done = self.sweep("srun", env={"SLURM_STEP_NUM_TASKS": "4", "SLURM_PROCID": "0"}, expect=2)
        self.assert_one_line_error(done, "--mpi=pmix")


if __name__ == "__main__":
    unittest.main()
