#!/usr/bin/env python3
"""Hits the processes of short sweeps at random, by a seed: engines, ranks, rank 0 and mpirun get SIGKILL, SIGSEGV or
SIGSTOP; some runs meet a full disk.

Each sweep is started again, with another number of ranks and over shared memory or TCP, until it is done, and must
then equal an undisturbed one: every trial once, rounds without a gap, no row ever changed, no process left behind.
The engine is a stand-in (tests/farm/fake_engine.cpp); the farm, the journal, the checkpoints and the results file
are real.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import resource
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

ENV = {**os.environ, **MPI_ENV, "AL_MPI_ENGINE": str(BUILD / "fake_engine"), "AL_MPI_SILENCE": "3",
       "AL_MPI_LOG": "error"}
WAYS = (["--workers", "2"], ["--workers", "4"], ["mpirun", "-n", "2"], ["mpirun", "-n", "3"], ["mpirun", "-n", "4"],
        ["launch", "-n", "3"])
TRANSPORTS = ("self,vader", "self,tcp")
TARGETS = ("engine", "engine", "engine", "rank", "rank", "rank 0", "mpirun")
FATAL = (signal.SIGKILL, signal.SIGSEGV)


class Chaos:
    def __init__(self, folder, seed, kills):
        self.folder, self.random, self.kills_left = folder, random.Random(seed), kills
        self.blows = collections.Counter()
        self.starts = collections.Counter()
        self.recovery = collections.defaultdict(list)  # kind -> seconds until work went on
        (folder / "sweep.yaml").write_text(SMALL_SWEEP.format(file="sweep.h5", seeds="1-40"))
        self.start(["--workers", "4"], "whole", {"FAKE_ENGINE_SECONDS": "0.001"}).communicate()
        self.whole = self.read("whole")

    def start(self, how, name, env, **options):
        settings = ["sweep.yaml", f"results.file={name}.h5", "farm.max_attempts=1000", "farm.stall_timeout=3"]
        program = str(BUILD / "al_mpi")
        if how[0] == "mpirun":
            command = [*how, program, *settings]
        elif how[0] == "launch":
            command = [program, *how, *settings]
        else:
            command = [program, *settings, *how]
        return subprocess.Popen(command, cwd=self.folder, env={**ENV, **env}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)

    def read(self, name):
        with h5py.File(self.folder / f"{name}.h5") as file:
            table = file["rounds"][:]
        columns = [c for c in table.dtype.names if c not in VOLATILE]
        return {(int(row["trial"]), int(row["round"])): tuple(row[c] for c in columns) for row in table}

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
            if words[0] in (b"mpirun", b"prterun"):  # what mpirun becomes in Open MPI 5
                found["mpirun"].append(int(proc.name))
            elif words[0].endswith(b"/fake_engine"):
                found["engine"].append(int(proc.name))
            elif words[0].endswith(b"/al_mpi") and b"launch" not in words:
                rank = variables.get(b"OMPI_COMM_WORLD_RANK", b"0")
                found["rank 0" if rank == b"0" else "rank"].append(int(proc.name))
        return found

    def strike(self):
        """Hits a process and returns its kind; None if there was no process to hit."""
        processes = self.processes()
        kinds = [kind for kind in TARGETS if processes[kind]]
        if not kinds:
            return None
        kind = self.random.choice(kinds)
        pid = self.random.choice(processes[kind])
        blow = self.random.choice((*FATAL, signal.SIGSTOP))
        try:
            os.kill(pid, blow)
            if blow == signal.SIGSTOP:
                time.sleep(self.random.uniform(0.05, 0.6))
                os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            return None
        self.blows[kind, blow.name] += 1
        self.kills_left -= 1
        return kind if blow in FATAL else None

    def survive(self, name):
        """One sweep to its end, under blows as long as any are left."""
        rows, struck = {}, None  # struck: kind of a fatal blow, its time, the journal's size then
        for _ in range(1000):
            if self.kills_left > 0 and self.random.random() < 0.1:
                self.fill_the_disk(name)
            transport = self.random.choice(TRANSPORTS)
            how = self.random.choice(WAYS)
            self.starts[how[0].strip("-"), transport] += 1
            process = self.start(how, name, {"FAKE_ENGINE_SECONDS": "0.05", "OMPI_MCA_btl": transport,
                                             "OMPI_MCA_btl_tcp_if_include": "lo"})
            pause = time.time() + self.random.uniform(0.1, 0.8)
            while process.poll() is None:
                time.sleep(0.01)
                if struck:
                    struck = self.recovered(name, struck)
                elif time.time() > pause and self.kills_left > 0:
                    size = self.journal_size(name)
                    kind = self.strike()
                    struck = kind and (kind, time.time(), size)
                    pause = time.time() + self.random.uniform(0.05, 0.3)
            error = process.communicate()[1]
            self.wait_for_silence()
            rows = self.check_rows(name, rows)
            if process.returncode in (1, 2, 3, 4) and "before anything was computed" not in error:  # launch: hit early
                raise AssertionError(f"exit code {process.returncode}: {error}")
            if process.returncode == 0 and self.done(name):
                break
        if self.read(name) != self.whole:
            raise AssertionError(f"{name}: rounds differ from those of the undisturbed sweep")

    def fill_the_disk(self, name):
        """Runs the sweep with files that may not grow: it says so, leaves, and does no other harm."""
        size = self.journal_size(name) + self.random.randrange(100, 20000)
        process = self.start(["--workers", "2"], name, {"FAKE_ENGINE_SECONDS": "0.001"},
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
        error = process.communicate()[1]
        if process.returncode not in (0, 3):
            raise AssertionError(f"on a full disk: exit code {process.returncode}: {error}")
        if process.returncode == 3:
            self.blows["disk", "full"] += 1
            self.kills_left -= 1

    def done(self, name):
        status = subprocess.run([BUILD / "al_mpi", "status", f"{name}.h5", "--exit-code"], cwd=self.folder,
                                stdout=subprocess.DEVNULL)
        return status.returncode == 0

    def journal_size(self, name):
        path = self.folder / f"{name}.journal"
        return path.stat().st_size if path.exists() else 0

    def recovered(self, name, struck):
        """Notes how long the recovery took. Returns None when it is over (or is not waited for any longer), else
        `struck`. After a killed engine it is over when the engine's rank starts a trial again, after any other kill
        when an interrupted trial is started again."""
        kind, when, size = struck
        if self.journal_size(name) > size:
            records = (self.folder / f"{name}.journal").read_bytes()
            old, new = self.events(records[:size]), self.events(records[size:])
            rank_of = {record["key"]: record["rank"] for record in old if record["type"] == "started"}
            failed_on = {rank_of.get(record["key"]) for record in new if record.get("outcome") == "failed"}
            for record in new:
                again = record.get("rank") in failed_on if kind == "engine" else record["attempt"] > 1
                if record["type"] == "started" and again:
                    self.recovery[kind].append(time.time() - when)
                    return None
        idle = time.time() - when > (1 if kind == "engine" else 15)
        return None if idle else struck

    @staticmethod
    def events(records):
        """Starts and ends of trials; the last line may be half written."""
        lines = [line[17:] for line in records.split(b"\n")[:-1] if b'"attempt"' in line and b'"picks"' not in line]
        return [json.loads(line) for line in lines if line.endswith(b"}")]

    def wait_for_silence(self):
        end = time.time() + 15
        while any(pids for pids in self.processes().values()):
            if time.time() > end:
                raise AssertionError(f"left behind: {dict(self.processes())}")
            time.sleep(0.02)

    def check_rows(self, name, before):
        if not (self.folder / f"{name}.h5").exists():
            return before
        rows = self.read(name)
        for key, row in before.items():
            if rows.get(key) != row:
                raise AssertionError(f"row {key} was {row}, is {rows.get(key)}")
        for trial, round in rows:
            if round > 0 and (trial, round - 1) not in rows:
                raise AssertionError(f"trial {trial} has round {round} without the one before")
        return rows

    def show(self, n_sweeps):
        print("| target | blow | times |\n|---|---|---|")
        for (kind, blow), n in sorted(self.blows.items()):
            print(f"| {kind} | {blow} | {n} |")
        print("\n| killed | runs again after [s]: median | 90 % | longest | measured |\n|---|---|---|---|---|")
        for kind, seconds in sorted(self.recovery.items()):
            seconds.sort()
            print(f"| {kind} | {statistics.median(seconds):.2f} | {seconds[int(0.9 * len(seconds))]:.2f} "
                  f"| {seconds[-1]:.2f} | {len(seconds)} |")
        starts = ", ".join(f"{how} {transport} {n}" for (how, transport), n in sorted(self.starts.items()))
        print(f"\nstarts: {starts}")
        print(f"{sum(self.blows.values())} blows over {n_sweeps} sweeps of {len(self.whole)} rounds: 0 rows lost, "
              "0 doubled, 0 changed, 0 processes left; every sweep equals the undisturbed one")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="al_mpi_chaos_"))
    chaos = Chaos(folder, arguments.seed, arguments.kills)
    n_sweeps = 0
    while chaos.kills_left > 0:
        chaos.survive(f"sweep{n_sweeps}")
        n_sweeps += 1
        print(f"sweep {n_sweeps}: {chaos.kills_left} blows left", file=sys.stderr, flush=True)
    chaos.show(n_sweeps)
    shutil.rmtree(folder)  # kept where something failed


if __name__ == "__main__":
    main()
