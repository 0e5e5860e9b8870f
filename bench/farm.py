#!/usr/bin/env python3
"""The farm itself, by running it: tasks a second, the cost of waiting, memory of ranks and of engines that share a
dataset. `bench/farm.py [BUILD]`; needs build/fake_engine (made with the tests), build/al_trial and build/al_prepare."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/cli"))
from harness import MPI_ENV  # noqa: E402

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
N_RANKS = 32
ENV = {**os.environ, **MPI_ENV, "AL_MPI_LOG": "error"}
FAKE = {**ENV, "AL_MPI_ENGINE": str(BUILD / "fake_engine"), "FAKE_ENGINE": "no-op"}
CONFIG = """
dataset: {path: tiles.h5}
model: {name: small_cnn}
training: {epochs: 1}
loop: {n_init: 8, n_query: 8, n_rounds: %d}
sweep: {strategies: [%s], inits: [random], seeds: 1-%d}
results: {file: sweep.h5, snapshot_every: 1000}
"""


def named(name, folder):
    """Processes of this run, by the name of their program."""
    pids = [int(p.name) for p in pathlib.Path("/proc").glob("[0-9]*")]
    return sorted(p for p in pids if command(p) == name and os.readlink(f"/proc/{p}/cwd") == str(folder))


def command(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib(pid):
    """Resident memory that no file is behind, and all of it."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return [int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1024 for name in ("RssAnon", "VmRSS")]


def pss_mib(pid, file):
    """Share of a mapped file: each page divided by the number of processes that map it."""
    total, inside = 0, False
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            inside = line.endswith(file)
        elif inside and line.startswith("Pss:"):
            total += int(line.split()[1])
    return total / 1024


def start(folder, config, how, env):
    for old in folder.glob("sweep.*"):
        if old.is_file():
            old.unlink()
    (folder / "sweep.yaml").write_text(config)
    return subprocess.Popen([*how[0], BUILD / "al_mpi", "sweep.yaml", *how[1]], cwd=folder, env=env,
                            stdout=subprocess.DEVNULL)


def tasks_a_second(folder, n_tasks=20000):
    process = start(folder, CONFIG % (0, "random_sampling, margin_sampling", n_tasks // 2),
                    (["mpirun", "-n", str(N_RANKS)], []), {**FAKE, "FAKE_ENGINE_SECONDS": "0"})
    assert process.wait() == 0
    records = [json.loads(line[17:]) for line in open(folder / "sweep.journal")]
    times = [record["time"] for record in records if record["type"] == "started"]
    print(f"{len(times)} no-op tasks over MPI on {N_RANKS} ranks: {len(times) / (times[-1] - times[0]):.0f} a second")


def waiting(folder, seconds=20):
    process = start(folder, CONFIG % (0, "random_sampling", 8), (["mpirun", "-n", "4"], []),
                    {**FAKE, "FAKE_ENGINE_SECONDS": str(3 * seconds)})
    time.sleep(seconds / 2)
    ranks = named("al_mpi", folder)
    before = [cpu_seconds(p) for p in ranks]
    time.sleep(seconds)
    shares = [(cpu_seconds(p) - b) / seconds for p, b in zip(ranks, before)]
    anonymous, resident = zip(*(rss_mib(p) for p in ranks))
    print(f"waiting ranks: {100 * max(shares):.2f} % of a core at most; memory {max(anonymous):.0f} MiB of their own, "
          f"{max(resident):.0f} MiB resident with shared libraries and MPI's shared memory")
    process.terminate()
    process.wait()


def shared_dataset(folder, n_engines=4):
    size = (folder / "tiles.h5").stat().st_size / 2**20
    process = start(folder, CONFIG % (3, "margin_sampling", n_engines), ([], ["--workers", str(n_engines)]), ENV)
    most = []
    while process.poll() is None:
        try:
            shares = [pss_mib(p, "tiles.h5") for p in named("al_trial", folder)]
        except OSError:
            continue
        if len(shares) == n_engines and sum(shares) > sum(most):
            most = shares
        time.sleep(0.3)
    print(f"{len(most)} engines map a dataset of {size:.0f} MiB: "
          f"{sum(most):.0f} MiB of memory for all of them together ({', '.join(f'{s:.0f}' for s in most)})")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([BUILD / "al_prepare", "synthetic", "--output", "tiles.h5", "--train", "1500", "--test", "100"],
                       cwd=folder, env=ENV, check=True, stdout=subprocess.DEVNULL)
        tasks_a_second(folder)
        waiting(folder)
        shared_dataset(folder)


if __name__ == "__main__":
    main()
