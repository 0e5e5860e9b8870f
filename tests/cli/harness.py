"""What the command-line tests share: running the programs, comparing results files, temporary folders."""
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import h5py
import numpy as np

BUILD = pathlib.Path(os.environ.get("AL_BUILD_DIR", "build")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
# What is allowed to differ between two runs of the same sweep: times, and who computed it.
VOLATILE = {"seconds_query", "seconds_train", "seconds_evaluate", "attempt"}

# Open MPI refuses root and more ranks than cores unless told; PRTE: its launcher's variables from version 5 on.
MPI_ENV = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe", "PRTE_MCA_hwloc_default_binding_policy": "none",
    "OMPI_MCA_btl_base_warn_component_unused": "0", "OMPI_MCA_btl_tcp_if_include": "lo",
}

SMALL_SWEEP = """
dataset: {{synthetic: {{n_train: 120, n_test: 60, n_classes: 4, tile: 16}}}}
model: {{name: small_cnn}}
training: {{epochs: 2, batch_size: 8}}
loop: {{n_init: 8, n_query: 8, n_rounds: 3}}
sweep: {{strategies: [random_sampling, margin_sampling], inits: [random], seeds: {seeds}}}
results: {{file: {file}, snapshot_every: 0}}
"""


class ProgramTest(unittest.TestCase):
    """A fresh folder per test; run() calls a program of the build in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="al_mpi_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_program(self, program, *args, ranks=None, env=None, expect=0, timeout=120):
        """Runs to the end; checks the exit code (None: any). Returns the CompletedProcess."""
        command = self.command(program, *args, ranks=ranks)
        done = subprocess.run(command, cwd=self.folder, env=self.environment(env), timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if expect is not None:
            self.assertEqual(done.returncode, expect,
                             f"{' '.join(map(str, command))}\n{done.stdout}\n{done.stderr}")
        return done

    def start_program(self, program, *args, ranks=None, env=None):
        process = subprocess.Popen(self.command(program, *args, ranks=ranks), cwd=self.folder,
                                   env=self.environment(env), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(self.end_group, process)
        return process

    @staticmethod
    def command(program, *args, ranks=None):
        launcher = ["mpirun", "-n", str(ranks)] if ranks else []
        return [*launcher, str(BUILD / program), *map(str, args)]

    def mpirun_by_rank(self, *commands):
        """Runs one command a rank (`mpirun A : B` crashes in Open MPI 5.0.7). Returns the CompletedProcess."""
        for rank, command in enumerate(commands):
            self.write(f"rank{rank}.sh", f"exec {shlex.join(map(str, command))}\n")
        return subprocess.run(["mpirun", "-n", str(len(commands)), "sh", "-c", "exec sh rank$OMPI_COMM_WORLD_RANK.sh"],
                              cwd=self.folder, env=self.environment({}), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60)

    @staticmethod
    def environment(extra):
        return {**os.environ, **MPI_ENV, **(extra or {})}

    @staticmethod
    def end_group(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()

    def assert_group_ends(self, group, seconds=10):
        """No living process is left in the process group (zombies wait for init only)."""
        deadline = time.monotonic() + seconds
        while True:
            listed = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True).stdout
            alive = [line for line in listed.splitlines()
                     if int(line.split()[0]) == group and not line.split()[1].startswith("Z")]
            if not alive:
                return
            self.assertLess(time.monotonic(), deadline, f"outlived their rank: {alive}")
            time.sleep(0.1)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def small_sweep(self, name="sweep.yaml", file="results/sweep.h5", seeds="1-2"):
        return self.write(name, SMALL_SWEEP.format(file=file, seeds=seeds))

    def assert_one_line_error(self, done, *fragments):
        """The whole of standard error is one line that holds every fragment."""
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        self.assertEqual(len(lines), 1, done.stderr)
        for fragment in fragments:
            self.assertIn(fragment, lines[0])

    def assert_same_results(self, first, second):
        """Equal rounds, picks, confusion matrices and calibrations; times, hosts and attempts aside."""
        with h5py.File(self.folder / first) as a, h5py.File(self.folder / second) as b:
            for table in ("rounds", "picks"):
                self.assertEqual(len(a[table]), len(b[table]), table)
                for column in a[table].dtype.names:
                    if column not in VOLATILE:
                        np.testing.assert_array_equal(a[table][column], b[table][column],
                                                      err_msg=f"{table}.{column}")
            for array in ("confusion", "calibration"):  # own engines may record none
                self.assertEqual(array in a, array in b, array)
                if array in a:
                    np.testing.assert_array_equal(a[array][:], b[array][:])
