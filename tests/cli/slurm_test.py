#!/usr/bin/env python3
"""slurm/*.sbatch on a real, throwaway Slurm: normal end, drain + requeue + resume, time limit, killed rank,
scancel; srun inside an allocation."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import h5py

from harness import BUILD, SOURCE, ProgramTest

if os.geteuid() != 0 or not (shutil.which("slurmctld") and shutil.which("munged")):
    print("skipped: needs root and the packages slurm-wlm, munge")
    sys.exit(77)

LAB = pathlib.Path(tempfile.mkdtemp(prefix="al_mpi_slurm_"))
CLUSTER = SOURCE / "scripts/slurm_test_cluster.sh"


# Speaks as nvidia-cuda-mps-control: `-f` serves in the foreground, else a command comes on standard input.
MPS_CONTROL = """#!/bin/bash
[[ -n "${CUDA_VISIBLE_DEVICES:-}" && "$1" == -f ]] && exit 1
control=$CUDA_MPS_PIPE_DIRECTORY/control-$SLURMD_NODENAME
if [[ "$1" == -f ]]; then
  [[ -n "${MPS_BROKEN:-}" ]] && exit 1
  echo "started $SLURMD_NODENAME" >>"$MPS_EVENTS"
  touch "$control"
  while [[ -e "$control" ]]; do sleep 0.1; done
  echo "stopped $SLURMD_NODENAME" >>"$MPS_EVENTS"
  exit 0
fi
read -r command
[[ -e "$control" ]] || exit 1
[[ "$command" == quit ]] && rm "$control"
exit 0
"""


def setUpModule():
    subprocess.run([CLUSTER, "start", LAB, "2", "8", "2"], check=True)


def tearDownModule():
    subprocess.run([CLUSTER, "stop", LAB], check=True)
    shutil.rmtree(LAB, ignore_errors=True)


class SlurmTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.config = self.small_sweep()
        self.env = {**os.environ, "SLURM_CONF": str(LAB / "etc/slurm.conf"), "OMPI_MCA_btl": "self,tcp",
                    "OMPI_MCA_btl_tcp_if_include": "lo", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "AL_MPI": str(BUILD / "al_mpi"),
                    "AL_MPI_SLURM": str(SOURCE / "slurm"), "AL_MPI_SILENCE": "10",
                    "AL_MPI_ENGINE": str(BUILD / "fake_engine")}
        self.run_program("al_mpi", self.config, "results.file=whole.h5", "--workers", 2, env=self.env)

    def slurm(self, *command):
        return subprocess.run(list(map(str, command)), cwd=self.folder, env=self.env, check=True,
                              capture_output=True, text=True).stdout

    def submit(self, script="sweep_cpu.sbatch", *options, name="sweep", seconds="0.05", more=()):
        self.env["FAKE_ENGINE_SECONDS"] = seconds
        return self.slurm("sbatch", "--parsable", "--ntasks=3", "--time=20", "--output=%j.log", *options,
                          SOURCE / "slurm" / script, self.config, f"results.file={name}.h5", *more).strip()

    def field(self, job, name):
        shown = self.slurm("scontrol", "show", "job", job)
        return dict(word.split("=", 1) for word in shown.split() if "=" in word)[name]

    def log(self, job):
        path = self.folder / f"{job}.log"
        return path.read_text() if path.exists() else ""

    def wait_for(self, job, condition, seconds=90):
        end = time.time() + seconds
        while not condition():
            self.assertLess(time.time(), end, self.log(job) + self.slurm("scontrol", "show", "job", job))
            time.sleep(0.1)

    def wait_for_state(self, job, *states, seconds=90):
        self.wait_for(job, lambda: self.field(job, "JobState") in states, seconds)

    def wait_for_rounds(self, job, name, n):
        journal = self.folder / f"{name}.journal"
        self.wait_for(job, lambda: journal.exists() and journal.read_bytes().count(b'"round"') >= n)

    def ranks(self):
        """Process ids of this test's al_mpi by rank."""
        found = {}
        for proc in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                mine = os.readlink(proc / "cwd") == str(self.folder)
                words = (proc / "cmdline").read_bytes().split(b"\0")
                variables = (proc / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            rank = [v[10:] for v in variables if v.startswith(b"PMIX_RANK=")]
            if mine and rank and words[0].endswith(b"/al_mpi"):
                found[int(rank[0])] = int(proc.name)
        return found

    def test_normal_end(self):
        job = self.submit(name="normal")
        self.wait_for_state(job, "COMPLETED")
        self.assert_same_results("whole.h5", "normal.h5")

    def test_an_installed_program_is_found_by_path(self):
        subprocess.run(["cmake", "--install", BUILD, "--prefix", self.folder / "prefix"], check=True,
                       stdout=subprocess.DEVNULL)
        installed = self.folder / "moved"
        (self.folder / "prefix").rename(installed)
        for variable in ("AL_MPI", "AL_MPI_SLURM"):
            del self.env[variable]
        self.env["PATH"] = f"{installed / 'bin'}:{self.env['PATH']}"
        job = self.slurm("sbatch", "--parsable", "--ntasks=3", "--time=20", "--output=%j.log",
                         installed / "share/al_mpi/slurm/sweep_cpu.sbatch", self.config,
                         "results.file=installed.h5").strip()
        self.wait_for_state(job, "COMPLETED")
        self.assert_same_results("whole.h5", "installed.h5")

    def test_gpu_nodes(self):
        job = self.submit("sweep.sbatch", "--nodes=2", "--ntasks=4", "--ntasks-per-node=2", "--gpus-per-node=2",
                          "--cpus-per-task=1", name="gpu")
        self.wait_for_state(job, "COMPLETED")
        self.assert_same_results("whole.h5", "gpu.h5")

    def mps_job(self, *options, name, seconds="0.05", more=()):
        """A job on two nodes with a stand-in for the control program of NVIDIA's service; the job and the stand-in's log."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        control = folder / "nvidia-cuda-mps-control"
        control.write_text(MPS_CONTROL)
        control.chmod(0o755)
        events = self.folder / "mps.log"
        self.env.update({"AL_MPI_MPS": "1", "PATH": f"{folder}:{os.environ['PATH']}", "MPS_EVENTS": str(events)})
        job = self.submit("sweep.sbatch", "--nodes=2", "--ntasks=4", "--ntasks-per-node=2", "--gpus-per-node=2",
                          "--cpus-per-task=1", *options, name=name, seconds=seconds, more=more)
        return job, lambda: sorted(events.read_text().split("\n")[:-1]) if events.exists() else []

    def mps_processes(self):
        """What runs the stand-in; processes may end while they are looked at."""
        found = []
        for proc in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if str(self.folder / "bin").encode() in (proc / "cmdline").read_bytes():
                    found.append(proc.name)
            except OSError:
                continue
        return found

    def test_mps_starts_once_a_node_and_stops_with_the_job(self):
        job, events = self.mps_job(name="mps", more=["farm.workers_per_gpu=2", "farm.workers_per_rank=2"])
        self.wait_for_state(job, "COMPLETED")
        self.assertEqual(events(), ["started n1", "started n2", "stopped n1", "stopped n2"], self.log(job))
        self.assert_same_results("whole.h5", "mps.h5")
        self.assertEqual(self.mps_processes(), [])

    def test_mps_ends_with_a_cancelled_job(self):
        job, events = self.mps_job(name="mps_cancelled", seconds="30")
        self.wait_for(job, lambda: self.ranks())
        self.assertEqual(events(), ["started n1", "started n2"])
        self.slurm("scancel", job)
        self.wait_for_state(job, "CANCELLED")
        self.wait_for(job, lambda: not self.mps_processes())

    def test_mps_that_does_not_start_ends_the_job_with_a_line(self):
        self.env["MPS_BROKEN"] = "1"
        job, _ = self.mps_job(name="mps_broken")
        self.wait_for_state(job, "FAILED")
        self.assertEqual(self.field(job, "ExitCode"), "2:0")
        self.assertIn("AL_MPI_MPS=1: nvidia-cuda-mps-control does not start on n", self.log(job))
        self.assertFalse((self.folder / "mps_broken.h5").exists())

    def test_drained_requeued_and_resumed(self):
        job = self.submit(name="drained", seconds="0.5")
        self.wait_for_rounds(job, "drained", 2)
        self.slurm("scancel", "--signal=USR1", "--batch", job)
        self.wait_for(job, lambda: self.field(job, "Restarts") == "1")
        self.assertIn("goes back into the queue", self.log(job))
        self.run_program("al_mpi", "status", "drained.h5", "--exit-code", expect=75)
        self.wait_for(job, lambda: self.field(job, "Reason") == "BeginTime" and not self.ranks())
        time.sleep(6)  # KillWait: started before the first run is cleared away, the job fails at once
        self.slurm("scontrol", "update", f"JobId={job}", "StartTime=now")  # Slurm would wait two minutes
        self.wait_for_state(job, "COMPLETED")
        self.assert_same_results("whole.h5", "drained.h5")

    def test_a_killed_rank_ends_the_step_and_the_job_starts_it_again(self):
        job = self.submit(name="killed", seconds="0.5")
        self.wait_for_rounds(job, "killed", 2)
        os.kill(self.ranks()[1], signal.SIGKILL)
        self.wait_for_state(job, "COMPLETED")
        self.assertIn("starting again", self.log(job))
        self.assert_same_results("whole.h5", "killed.h5")

    def test_cancelled_and_submitted_again(self):
        job = self.submit(name="cancelled", seconds="0.5")
        self.wait_for_rounds(job, "cancelled", 2)
        self.slurm("scancel", job)
        self.wait_for_state(job, "CANCELLED")
        self.wait_for(job, lambda: not self.ranks())
        again = self.submit(name="cancelled")
        self.wait_for_state(again, "COMPLETED")
        self.assert_same_results("whole.h5", "cancelled.h5")

    def test_srun_inside_an_allocation_as_the_readme_writes_it(self):
        self.env["FAKE_ENGINE_SECONDS"] = "0.2"
        self.slurm("salloc", "--ntasks=3", "--time=20", "srun", "-n", "3", BUILD / "al_mpi", self.config,
                   "results.file=inside.h5")
        self.assert_same_results("whole.h5", "inside.h5")
        with h5py.File(self.folder / "inside.h5") as file:
            self.assertEqual(set(file["attempts"]["rank"]), {0, 1, 2})

    def test_the_time_limit_ends_a_job_that_did_not_drain(self):
        job = self.submit("sweep_cpu.sbatch", "--time=1", "--signal=B:CONT@1", name="late", seconds="600",
                          more=["farm.drain_margin=0"])
        # Slurm ends it by SIGTERM, at which the farm drains: either Slurm is quicker, or the script that queues it again.
        queued = lambda: self.field(job, "Restarts") == "1"
        self.wait_for(job, lambda: self.field(job, "JobState") == "TIMEOUT" or queued(), seconds=180)
        if queued():
            self.slurm("scancel", job)
        self.wait_for(job, lambda: not self.ranks())
        self.run_program("al_mpi", "status", "late.h5", "--exit-code", expect=75)
        again = self.submit(name="late")
        self.wait_for_state(again, "COMPLETED")
        self.assert_same_results("whole.h5", "late.h5")

    def test_a_farm_that_sees_its_job_end_drains_and_the_job_is_queued_again(self):
        job = self.submit("sweep_cpu.sbatch", "--time=1", "--signal=B:CONT@1", name="near", seconds="2.5",
                          more=["farm.drain_margin=45"])
        self.wait_for(job, lambda: self.field(job, "Restarts") == "1")
        self.assertIn("goes back into the queue", self.log(job))
        self.run_program("al_mpi", "status", "near.h5", "--exit-code", expect=75)
        self.slurm("scancel", job)
        self.wait_for(job, lambda: not self.ranks())
        again = self.submit(name="near")
        self.wait_for_state(again, "COMPLETED")
        self.assert_same_results("whole.h5", "near.h5")

    def test_a_wrong_configuration_fails_once(self):
        job = self.slurm("sbatch", "--parsable", "--ntasks=2", "--output=%j.log", SOURCE / "slurm/sweep_cpu.sbatch",
                         self.config, "training.epoch=3").strip()
        self.wait_for_state(job, "FAILED")
        self.assertEqual(self.field(job, "ExitCode"), "2:0")
        self.assertEqual(self.log(job).count("did you mean"), 1, self.log(job))


if __name__ == "__main__":
    unittest.main()
