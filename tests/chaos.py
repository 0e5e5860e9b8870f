#!/usr/bin/env python3
"""A seeded killer over short sweeps: children, ranks, rank 0 and mpirun, by SIGKILL, SIGSEGV and SIGSTOP.

Each sweep is started again, with another number of ranks, until it is done, and must then equal an undisturbed
one: every trial once, rounds without a gap, no row ever changed, no process left behind. The engine is a
stand-in (tests/farm/fake_engine.py); the farm, the journal and the results file are real.
"""
import argparse
import collections
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import h5py

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/cli"))
from harness import BUILD, MPI_ENV, SMALL_SWEEP, VOLATILE  # noqa: E402

ENV = {**os.environ, **MPI_ENV, "AL_MPI_ENGINE": str(ROOT / "tests/farm/fake_engine.py"), "AL_MPI_SILENCE": "4",
       "AL_MPI_LOG": "error"}


class Chaos:
    def __init__(self, folder, seed):
        self.folder, self.random = folder, random.Random(seed)
        self.kills = collections.Counter()
        self.recovery = []  # seconds from a kill to the next entry of the journal
        self.rows = {}      # (trial, round) -> the row as first seen in the results file of this sweep
        (folder / "sweep.yaml").write_text(SMALL_SWEEP.format(file="sweep.h5", seeds="1-8"))
        self.start(["--workers", "4"], "whole", "0.01").communicate()
        self.whole = self.read("whole")

    def start(self, how, name, seconds):
        settings = ["sweep.yaml", f"results.file={name}.h5", "farm.max_attempts=1000", "farm.stall_timeout=3"]
        program = str(BUILD / "al_mpi")
        if how[0] == "mpirun":
            command = [*how, program, *settings]
        elif how[0] == "launch":
            command = [program, *how, *settings]
        else:
            command = [program, *settings, *how]
        return subprocess.Popen(command, cwd=self.folder, env={**ENV, "FAKE_ENGINE_SECONDS": seconds},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                text=True)

    def read(self, name):
        with h5py.File(self.folder / f"{name}.h5") as file:
            table = file["rounds"][:]
        columns = [c for c in table.dtype.names if c not in VOLATILE]
        return {(int(row["trial"]), int(row["round"])): tuple(str(row[c]) for c in columns) for row in table}

    def processes(self):
        """kind -> process ids of this run."""
        found = collections.defaultdict(list)
        for proc in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(proc / "cwd") != str(self.folder):
                    continue
                words = (proc / "cmdline").read_bytes().split(b"\0")
                variables = dict(v.split(b"=", 1) for v in (proc / "environ").read_bytes().split(b"\0") if b"=" in v)
            except OSError:
                continue
            if words[0] == b"mpirun":
                found["mpirun"].append(int(proc.name))
            elif len(words) > 2 and words[2].endswith(b"fake_engine.py"):
                found["child"].append(int(proc.name))
            elif words[0].endswith(b"/al_mpi") and b"launch" not in words:
                rank = variables.get(b"OMPI_COMM_WORLD_RANK", b"0")
                found["rank 0" if rank == b"0" else "rank"].append(int(proc.name))
        return found

    def strike(self):
        """Kills something; whether there was something to kill."""
        processes = self.processes()
        kinds = [k for k in ("child", "child", "child", "rank", "rank", "rank 0", "mpirun") if processes[k]]
        if not kinds:
            return False
        kind = self.random.choice(kinds)
        pid = self.random.choice(processes[kind])
        blow = self.random.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
        try:
            os.kill(pid, blow)
            if blow == signal.SIGSTOP:
                time.sleep(self.random.uniform(0.1, 1.0))
                os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return False
        self.kills[f"{kind}, {blow.name}"] += 1
        return True

    def survive(self, name, kills_left):
        """One sweep to its end under at most `kills_left` blows."""
        self.rows = {}
        journal = self.folder / f"{name}.journal"
        ways = [["--workers", "2"], ["--workers", "4"], ["mpirun", "-n", "2"], ["mpirun", "-n", "3"],
                ["launch", "-n", "3"]]
        for _ in range(1000):
            process = self.start(self.random.choice(ways), name, "0.15")
            while process.poll() is None:
                time.sleep(self.random.uniform(0.1, 1.5))
                if kills_left > 0 and self.strike():
                    kills_left -= 1
                    self.wait_for_round(journal, process)
            error = process.communicate()[1]
            self.wait_for_silence()
            self.check_rows(name)
            if process.returncode in (1, 2, 3, 4):
                raise AssertionError(f"exit code {process.returncode}: {error}")
            if process.returncode == 0 and self.done(name):
                break
        if self.read(name) != self.whole:
            raise AssertionError(f"{name}: rounds differ from those of the undisturbed sweep")
        return kills_left

    def done(self, name):
        status = subprocess.run([BUILD / "al_mpi", "status", f"{name}.h5", "--exit-code"], cwd=self.folder,
                                stdout=subprocess.DEVNULL)
        return status.returncode == 0

    def wait_for_round(self, journal, process):
        size, began = journal.stat().st_size if journal.exists() else 0, time.time()
        while process.poll() is None and time.time() - began < 30:
            if journal.exists() and journal.stat().st_size > size:
                self.recovery.append(time.time() - began)
                return
            time.sleep(0.01)

    def wait_for_silence(self):
        end = time.time() + 15
        while any(pids for pids in self.processes().values()):
            if time.time() > end:
                raise AssertionError(f"left behind: {dict(self.processes())}")
            time.sleep(0.05)

    def check_rows(self, name):
        if not (self.folder / f"{name}.h5").exists():
            return
        rows = self.read(name)
        for key, row in self.rows.items():
            if rows.get(key) != row:
                raise AssertionError(f"row {key} was {row}, is {rows.get(key)}")
        for trial, round in rows:
            if round > 0 and (trial, round - 1) not in rows:
                raise AssertionError(f"trial {trial} has round {round} without the one before")
        self.rows = rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="al_mpi_chaos_"))
    try:
        chaos = Chaos(folder, arguments.seed)
        left, n_sweeps = arguments.kills, 0
        while left > 0:
            left = chaos.survive(f"sweep{n_sweeps}", left)
            n_sweeps += 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for kind, n in sorted(chaos.kills.items()):
        print(f"{n:5} x {kind}")
    print(f"{sum(chaos.kills.values())} kills over {n_sweeps} sweeps of {len(chaos.whole)} rounds: 0 rows lost, 0 doubled, 0 changed, "
          f"0 processes left; next journal entry after {statistics.median(chaos.recovery):.2f} s (median), "
          f"{max(chaos.recovery):.1f} s (longest)")


if __name__ == "__main__":
    main()
