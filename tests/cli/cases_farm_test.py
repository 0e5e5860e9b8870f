#!/usr/bin/env python3
"""Bad places and lost readers: what one host, file system, batch system or terminal does wrong costs no trial."""
import os
import pathlib
import pty
import re
import resource
import shutil
import signal
import subprocess
import textwrap
import time
import unittest

import h5py

from harness import BUILD, ProgramTest

FAKE = {"AL_MPI_ENGINE": str(BUILD / "fake_engine")}


class FarmCase(ProgramTest):
    def sweep(self, *args, env=None, seeds="1-2", **options):
        """A sweep of the engine that learns nothing, alone, into s.h5."""
        return self.run_program("al_mpi", self.small_sweep(file="s.h5", seeds=seeds), "--workers", 2, *args,
                                env={**FAKE, **(env or {})}, **options)

    def start_sweep(self, *args, env=None, seeds="1-8", seconds="0.2"):
        return self.start_program("al_mpi", self.small_sweep(file="s.h5", seeds=seeds), "--workers", 2, *args,
                                  env={**FAKE, "FAKE_ENGINE_SECONDS": seconds, **(env or {})})

    def wait_for_rounds(self, n=1, seconds=60):
        path, end = self.folder / "s.journal", time.monotonic() + seconds
        while not (path.exists() and path.read_bytes().count(b'"round"') >= n):
            self.assertLess(time.monotonic(), end, "no round was journaled")
            time.sleep(0.02)

    def assert_done(self, file="s.h5"):
        with h5py.File(self.folder / file) as stored:
            self.assertEqual(stored.attrs["complete"], 1)

    def hidden(self, folder="."):
        return sorted(path.name for path in (self.folder / folder).glob(".*"))


class LostReaderTest(FarmCase):
    """What cannot be shown is dropped: the work is done, and the exit code is true."""

    def run_unread(self, program, *args, expect=0, env=None, output=None):
        read, write = os.pipe()
        os.close(read)  # whoever should read is gone already
        try:
            done = subprocess.run(self.command(program, *args), cwd=self.folder, env=self.environment(env),
                                  stdin=subprocess.DEVNULL, stdout=write if output is None else output, stderr=write,
                                  timeout=120)
        finally:
            os.close(write)
        self.assertEqual(done.returncode, expect, f"{program} {args}")

    def test_a_sweep_goes_on(self):
        self.run_unread("al_mpi", self.small_sweep(file="s.h5"), env=FAKE)
        self.assert_done()

    def test_a_reader_that_goes_away_later_stops_nothing(self):
        process = self.start_sweep(seeds="1-2")
        self.wait_for_rounds()
        process.stdout.close()
        self.assertEqual(process.wait(timeout=60), 0)
        self.assert_done()

    def test_a_lost_terminal_stops_nothing(self):
        master, slave = pty.openpty()
        process = subprocess.Popen(self.command("al_mpi", self.small_sweep(file="s.h5"), "--workers", 2),
                                   cwd=self.folder, env=self.environment({**FAKE, "FAKE_ENGINE_SECONDS": "0.2"}),
                                   stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, start_new_session=True)
        self.addCleanup(self.end_group, process)
        os.close(slave)
        self.wait_for_rounds()
        os.close(master)
        self.assertEqual(process.wait(timeout=60), 0)
        self.assert_done()

    def test_closed_streams_are_no_files_to_write_into(self):
        command = " ".join(self.command("al_mpi", self.small_sweep(file="s.h5"), "--workers", "2"))
        done = subprocess.run(["sh", "-c", f"exec {command} <&- >&- 2>&-"], cwd=self.folder, timeout=120,
                              env=self.environment(FAKE))
        self.assertEqual(done.returncode, 0)
        self.run_program("al_mpi", "verify", "s.h5")

    def test_every_program_ends_with_its_own_exit_code(self):
        self.sweep()
        for args in (["status", "s.h5", "--all"], ["status", "s.h5", "--json"], ["verify", "s.h5"],
                     ["journal", "export", "s.h5"], ["explain", "s.h5", "0"], ["--help"], ["--help-config"],
                     ["--version"], [self.small_sweep(file="s.h5"), "--dry-run"],
                     ["--simulate", "workers=4,trials=50"]):
            with self.subTest(args=args):
                self.run_unread("al_mpi", *args)
        self.run_unread("al_mpi", "nowhere.yaml", expect=2)
        self.run_unread("al_mpi", "status", "nowhere.h5", expect=3)
        self.run_unread("al_prepare", "synthetic", "--output", "d.h5")
        self.run_unread("al_prepare", "describe", "d.h5")
        self.run_unread("al_prepare", "--help")
        self.run_unread("al_aggregate", "s.h5", "--output", "plots", "--format", "none")
        self.run_unread("al_aggregate", "watch", "s.h5", "--once")
        self.run_unread("al_aggregate", "--help")
        self.run_unread("al_trial", "--help")
        self.run_unread("al_trial", self.small_sweep(), "--strategy", "random_sampling", "--save-network", "n.network")
        self.assertTrue((self.folder / "n.network").exists())

    def test_nobody_who_watches_is_the_end_of_watching(self):
        process = self.start_sweep()
        self.wait_for_rounds()
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)  # unfinished: there would be something to watch
        self.run_unread("al_aggregate", "watch", "s.h5")

    def test_results_that_cannot_be_written_are_an_error(self):
        self.sweep()
        with open("/dev/full", "w") as full:
            self.run_unread("al_mpi", "status", "s.h5", output=full, expect=3)
            done = subprocess.run(self.command("al_mpi", "status", "s.h5"), cwd=self.folder, stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assert_one_line_error(done, "standard output", "No space left on device")


class BatchSystemTest(FarmCase):
    def test_an_end_of_the_job_that_makes_no_sense_is_ignored_with_a_line(self):
        for value, why in (("1000000000", "in the past"), ("soon", "no time"), ("-5", "no time"),
                           ("1e300", "no time"), ("nan", "no time")):
            with self.subTest(value=value):
                done = self.sweep(f"results.file={value}.h5", env={"SLURM_JOB_END_TIME": value})
                self.assertRegex(done.stderr, rf"SLURM_JOB_END_TIME={re.escape(value)} .*{why}.*ignored")
        unlimited = {"SLURM_JOB_END_TIME": str(2**32 - 2)}
        self.assertNotIn("SLURM_JOB_END_TIME", self.sweep("results.file=unlimited.h5", env=unlimited).stderr)

    def test_a_job_shorter_than_the_drain_margin_says_which_times_to_change(self):
        now = int(time.time())
        for names in (("SLURM_JOB_START_TIME", "SLURM_JOB_END_TIME"), ("COBALT_STARTTIME", "COBALT_ENDTIME"),
                      ("AL_MPI_JOB_START", "AL_MPI_JOB_END")):
            with self.subTest(names=names):
                done = self.sweep(env=dict(zip(names, (str(now - 10), str(now + 80)))), expect=2)
                self.assert_one_line_error(done, "farm.drain_margin", "90 s", names[1], "more time")
        done = self.sweep(env={"SLURM_JOB_END_TIME": str(now + 80)}, expect=75)
        self.assertRegex(done.stderr, r"the job ends in \d+ s .*farm.drain_margin")
        self.sweep("farm.drain_margin=0", env={"SLURM_JOB_END_TIME": str(now + 600)})

    def test_whatever_a_batch_system_sends_before_it_kills_drains(self):
        for name in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(signal=name.name):
                shutil.rmtree(self.folder / "s.checkpoints", ignore_errors=True)
                for path in self.folder.glob("s.*"):
                    path.unlink() if path.is_file() else shutil.rmtree(path)
                process = self.start_sweep()
                self.wait_for_rounds()
                os.kill(process.pid, name)
                output = process.communicate(timeout=60)[0]
                self.assertEqual(process.returncode, 75, output)
                self.assertIn("the same command goes on", output.splitlines()[-1])

    def test_nohup_holds(self):
        command = self.command("al_mpi", self.small_sweep(file="s.h5"), "--workers", 2)
        process = subprocess.Popen(["nohup", *command], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   env=self.environment({**FAKE, "FAKE_ENGINE_SECONDS": "0.2"}),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(self.end_group, process)
        self.wait_for_rounds()
        os.kill(process.pid, signal.SIGHUP)
        self.assertEqual(process.wait(timeout=60), 0)

    def test_a_second_interrupt_does_not_wait_for_the_rounds(self):
        process = self.start_sweep(seconds="600")
        end = time.monotonic() + 60
        while not (self.folder / "s.journal").exists() or b'"started"' not in (
                self.folder / "s.journal").read_bytes():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGINT)
        time.sleep(2.5)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75)


class LockTest(FarmCase):
    def test_a_farm_in_another_pid_namespace_does_not_take_a_living_lock(self):
        self.assert_second_is_refused(["unshare", "--pid", "--fork", "--mount-proc"])

    def test_nor_one_whose_proc_shows_other_processes(self):
        self.assert_second_is_refused(["unshare", "--pid", "--fork"])

    def assert_second_is_refused(self, elsewhere):
        if subprocess.run([*elsewhere, "true"], capture_output=True).returncode != 0:
            self.skipTest("unshare --pid is not allowed here")
        process = self.start_sweep(seconds="2", seeds="1-20")
        self.wait_for_rounds()
        second = subprocess.run([*elsewhere, *self.command("al_mpi", self.small_sweep(file="s.h5", seeds="1-20"))],
                                cwd=self.folder, env=self.environment(FAKE), stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=120)
        self.assertEqual(second.returncode, 2, second.stderr)
        self.assertIn("another al_mpi writes these results", second.stderr)
        self.assertIn("waiting for", second.stderr)
        os.kill(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75)
        self.run_program("al_mpi", "verify", "s.h5")

    def test_the_lock_of_a_dead_node_is_waited_for_and_taken(self):
        lock = self.write("s.lock", '{"host":"n17","realm":"x","pid":5,"process_start":"1","job":"","job_restarts":0}')
        os.utime(lock, (time.time() - 117, time.time() - 117))
        done = self.sweep()
        self.assertRegex(done.stderr, r"held by process 5 on n17, last heartbeat 1\d\d s ago: waiting for \d+ s")

    def test_whoever_waits_for_a_lock_leaves_when_told_to(self):
        self.write("s.lock", '{"host":"n17","realm":"x","pid":5,"process_start":"1","job":"","job_restarts":0}')
        process = self.start_sweep()
        self.assertIn("waiting for", process.stdout.readline())
        os.kill(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
        self.assertEqual(process.returncode, 75)

    def test_a_file_system_without_hard_links_has_locks_all_the_same(self):
        self.write("nolink.c", """
            #include <errno.h>
            int link(const char* a, const char* b) { (void)a; (void)b; errno = EPERM; return -1; }""")
        compiler = shutil.which("cc") or shutil.which("gcc")
        if not compiler:
            self.skipTest("no C compiler")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", "nolink.so", "nolink.c"], cwd=self.folder, check=True)
        without = {"LD_PRELOAD": str(self.folder / "nolink.so")}
        process = self.start_sweep(env=without)
        self.wait_for_rounds()
        self.assert_one_line_error(self.sweep(env=without, expect=2), "another al_mpi writes these results")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        self.assert_group_ends(process.pid)
        self.sweep("sweep.seeds=1-8", env=without)
        self.assert_done()
        self.assertFalse((self.folder / "s.lock").exists())


class JournalTest(FarmCase):
    def damage(self, how):
        journal = self.folder / "s.journal"
        journal.write_bytes(how(journal.read_bytes()))

    def test_a_damaged_journal_is_repaired_once(self):
        def zeros(bytes):
            middle = len(bytes) // 2
            return bytes[:middle] + bytes_of_zero + bytes[middle + len(bytes_of_zero):]

        bytes_of_zero = b"\0" * 300
        cases = {
            "zeros in the middle": zeros,
            "zeros at the end": lambda b: b + b"\0" * 4096 + b"\n",
            "line ends of another system": lambda b: b.replace(b"\n", b"\r\n"),
            "a byte order mark": lambda b: b"\xef\xbb\xbf" + b,
            "only garbage": lambda b: b"garbage\n" * 100,
            "only zeros and line ends": lambda b: b"\0" * 5000 + b"\n" + b"\0" * 5000,
        }
        for name, how in cases.items():
            with self.subTest(damage=name):
                for path in self.folder.glob("s.*"):
                    path.unlink() if path.is_file() else shutil.rmtree(path)
                self.sweep("sweep.seeds=1-3")
                shutil.copy(self.folder / "s.h5", self.folder / "whole.h5")
                self.damage(how)
                damaged = (self.folder / "s.journal").read_bytes()
                done = self.sweep("sweep.seeds=1-3")
                self.assertIn("written anew", done.stderr)
                self.assertEqual((self.folder / "s.journal.damaged").read_bytes(), damaged)
                self.run_program("al_mpi", "verify", "s.h5")
                self.assert_same_results("whole.h5", "s.h5")
                repaired = (self.folder / "s.journal").read_bytes()
                self.assertNotIn("damaged", self.sweep("sweep.seeds=1-3").stderr)
                self.assertEqual((self.folder / "s.journal").read_bytes(), repaired)

    def test_a_journal_does_not_grow_by_runs_that_do_nothing(self):
        self.sweep()
        before = (self.folder / "s.journal").stat().st_size
        for _ in range(3):
            self.sweep()
        self.assertEqual((self.folder / "s.journal").stat().st_size, before)

    def test_the_journal_alone_brings_the_results_back(self):
        self.sweep()
        shutil.copy(self.folder / "s.h5", self.folder / "whole.h5")
        (self.folder / "s.h5").unlink()
        self.sweep()
        self.assert_same_results("whole.h5", "s.h5")

    def test_the_journal_of_another_sweep_is_refused_and_stays(self):
        self.sweep("loop.n_query=4", "results.file=other.h5")
        shutil.copy(self.folder / "other.journal", self.folder / "s.journal")
        before = (self.folder / "s.journal").read_bytes()
        self.assert_one_line_error(self.sweep(expect=2), "loop.n_query")
        self.assertEqual((self.folder / "s.journal").read_bytes(), before)


class TemporariesTest(FarmCase):
    """What a killed run left behind goes with the next one."""

    def test_those_of_al_prepare(self):
        self.run_program("al_prepare", "synthetic", "--output", "d.h5", env={"AL_MPI_CRASH_AT": "h5.begun"},
                         expect=-signal.SIGKILL)
        self.assertEqual(len(self.hidden()), 1)
        foreign = self.write(".d.h5.notes.tmp", "not ours")
        self.run_program("al_prepare", "synthetic", "--output", "d.h5")
        self.assertEqual(self.hidden(), [foreign.name])

    def test_those_of_the_farm(self):
        for label in ("h5.begun", "h5.written", "lock.begun", "checkpoint.begun", "checkpoint.written"):
            with self.subTest(label=label):
                self.sweep(env={"AL_MPI_CRASH_AT": label, "AL_MPI_LOG": "error"}, expect=None)
                self.sweep("--retry-failed")  # an engine that dies at each checkpoint costs its trial
                self.assertEqual(self.hidden() + self.hidden("s.checkpoints"), [])
                for path in self.folder.glob("s.*"):
                    path.unlink() if path.is_file() else shutil.rmtree(path)

    def test_those_of_al_aggregate(self):
        self.sweep()
        left = self.folder / "al_aggregate.abcdef"
        left.mkdir()
        (left / "plot").write_text("half")
        self.run_program("al_aggregate", "s.h5", "--output", "plots", "--format", "svg",
                         env={"TMPDIR": str(self.folder)})
        self.assertEqual(list(self.folder.glob("al_aggregate.*")), [])


class InputsTest(FarmCase):
    def test_a_file_that_does_not_exist_is_told_at_once(self):
        for setting in ("model.pretrained=nowhere.pt", "model.torchscript=nowhere.pt", "dataset.path=nowhere.h5"):
            with self.subTest(setting=setting):
                key, name = setting.split("=")
                self.assert_one_line_error(self.sweep(setting, expect=3), f"{name}: no such file ({key})")
                trial = self.run_program("al_trial", self.small_sweep(), "--strategy", "random_sampling", setting,
                                         expect=3)
                self.assert_one_line_error(trial, f"{name}: no such file ({key})")
                self.assertFalse((self.folder / "s.journal").exists())
        grid = "sweep.grid={model.pretrained: [nowhere.pt]}"
        self.assert_one_line_error(self.sweep(grid, expect=3), "nowhere.pt: no such file (model.pretrained)")
        (self.folder / "folder.pt").mkdir()
        self.assert_one_line_error(self.sweep("model.pretrained=folder.pt", expect=3), "folder.pt", "directory")


class WhatNextTest(FarmCase):
    def test_the_last_line_always_says_what_to_do_next(self):
        fault = {"AL_MPI_FAULT": "error@1:margin_sampling/random/1", "AL_MPI_FAULT_ATTEMPTS": "99"}
        hint = "1 trials failed (al_mpi explain s.h5 TRIAL tells why): the same command with --retry-failed"
        self.assertIn(hint, self.sweep(env=fault, expect=4).stderr.splitlines()[-1])
        self.assertIn(hint, self.sweep(expect=4).stderr.splitlines()[-1])  # there is nothing to do, and it says so
        self.assertIn(hint, self.run_program("al_mpi", "status", "s.h5").stdout.splitlines()[-1])
        self.assertIn("--retry-failed", self.run_program("al_mpi", "status", "s.h5", "--json").stdout)
        self.assertIn("al_aggregate s.h5", self.sweep("--retry-failed").stderr.splitlines()[-1])
        self.assertIn("al_aggregate s.h5", self.run_program("al_mpi", "status", "s.h5").stdout.splitlines()[-1])


class HostsTest(FarmCase):
    """A rank a host: `good` is rank 0, `bad` the other one."""

    def two_hosts(self, *args, bad="", good="", env=None, expect=0):
        """`bad`, `good`: shell commands that each host runs before al_mpi."""
        config = self.small_sweep(file="s.h5", seeds="1-10")
        script = self.write("host.sh", textwrap.dedent(f"""\
            #!/bin/sh
            if [ "${{OMPI_COMM_WORLD_RANK:-$PMIX_RANK}}" = 0 ]; then
              export AL_MPI_HOST=good
              {good or ":"}
            else
              export AL_MPI_HOST=bad
              {bad or ":"}
            fi
            exec {BUILD / "al_mpi"} {config} --workers 1 {" ".join(args)}
            """))
        script.chmod(0o755)
        done = subprocess.run(["mpirun", "-n", "2", str(script)], cwd=self.folder, env=self.environment(env),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done

    def attempts(self):
        with h5py.File(self.folder / "s.h5") as file:
            return [(row["host"].decode(), row["outcome"].decode()) for row in file["attempts"][:]]

    def assert_only_good_worked(self, done, reason):
        self.assert_done()
        self.assertEqual(set(self.attempts()), {("good", "done")})
        self.assertRegex(done.stderr, rf"on bad does not start: .*{reason}")

    def late(self, engine):
        """For `good`: its workers are there only when those of `bad` have failed."""
        wrapper = self.write("late.sh", f"#!/bin/sh\nsleep 5\nexec {engine} --serve\n")
        wrapper.chmod(0o755)
        return f"export AL_MPI_ENGINE={wrapper}"

    SCENES = ("--train", 120, "--test", 60, "--classes", 4, "--tile", 16)

    def real_data(self):
        self.run_program("al_prepare", "synthetic", "--output", "d.h5", *self.SCENES)
        return ["dataset.path=d.h5", "loop.n_rounds=1", "training.epochs=1"]

    def test_a_host_without_the_dataset_gets_no_work(self):
        done = self.two_hosts(*self.real_data(), bad="mkdir elsewhere; cd elsewhere",
                              good=self.late(BUILD / "al_trial"))
        self.assert_only_good_worked(done, r"d.h5: no such file \(dataset.path\)")

    def test_a_host_with_a_stale_copy_of_the_dataset_gets_no_work(self):
        args = self.real_data()
        (self.folder / "elsewhere").mkdir()
        self.run_program("al_prepare", "synthetic", "--output", "elsewhere/d.h5", *self.SCENES, "--seed", 7)
        done = self.two_hosts(*args, bad="cd elsewhere", good=self.late(BUILD / "al_trial"))
        self.assert_only_good_worked(done, "d.h5: is another dataset than on rank 0")

    def test_a_host_with_another_build_gets_no_work(self):
        wrapper = self.write("old.sh", f"""#!/bin/bash
            exec {BUILD / "al_trial"} --serve < <(exec sed -u 's/"libtorch":"[^"]*"/"libtorch":"0.4.1"/')""")
        wrapper.chmod(0o755)
        done = self.two_hosts(*self.real_data(), bad=f"export AL_MPI_ENGINE={wrapper}",
                              good=self.late(BUILD / "al_trial"))
        self.assert_only_good_worked(done, "LibTorch is .* here, 0.4.1 on rank 0")

    def test_a_host_without_a_library_gets_no_work(self):
        broken = self.write("broken.sh", "#!/bin/sh\necho 'al_trial: error while loading shared libraries: "
                                         "libtorch.so: cannot open shared object file' >&2; exit 127\n")
        broken.chmod(0o755)
        done = self.two_hosts(bad=f"export AL_MPI_ENGINE={broken}", good=self.late(BUILD / "fake_engine"))
        self.assert_only_good_worked(done, "left with exit code 127: .*libtorch.so")

    def test_a_host_that_cannot_write_gets_no_work(self):
        done = self.two_hosts(bad="mkdir elsewhere; touch elsewhere/s.logs; cd elsewhere",
                              good=self.late(BUILD / "fake_engine"), env=FAKE)
        self.assert_only_good_worked(done, "cannot write s.logs/")

    def test_a_host_that_loses_its_files_is_blocked_and_no_trial_is_lost(self):
        for attempts in ("1", "3"):
            with self.subTest(max_attempts=attempts):
                done = self.two_hosts(f"farm.max_attempts={attempts}", bad="export FAKE_ENGINE=unreadable",
                                      env={**FAKE, "FAKE_ENGINE_SECONDS": "0.1"})
                self.assert_done()
                self.assertIn("bad gets no more work: 3 different trials failed there", done.stderr)
                self.assertIn("tiles.h5: Input/output error", done.stderr)
                self.assertEqual({host for host, outcome in self.attempts() if outcome == "done"}, {"good"})
                for path in self.folder.glob("s.*"):
                    path.unlink() if path.is_file() else shutil.rmtree(path)

    def test_a_file_that_no_host_can_read_fails_its_trials(self):
        done = self.two_hosts(good="export FAKE_ENGINE=unreadable", bad="export FAKE_ENGINE=unreadable", env=FAKE,
                              expect=4)
        self.assertRegex(done.stderr, "20 trials failed .*--retry-failed")


class LimitsTest(FarmCase):
    def test_too_few_descriptors_are_one_line(self):
        for limit in (8, 12, 16, 24):
            command = self.command("al_mpi", self.small_sweep(file="s.h5"), "--workers", 8)
            done = subprocess.run(command, cwd=self.folder,
                                  env=self.environment(FAKE), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=120,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
            self.assertGreaterEqual(done.returncode, 0, done.stderr)
            if done.returncode not in (0, 75):
                self.assertIn("Too many open files", done.stderr)
            self.sweep()
            self.run_program("al_mpi", "verify", "s.h5")

    def test_a_results_folder_that_cannot_be_written_is_one_line(self):
        self.write("taken", "a file where the folder should be")
        self.assert_one_line_error(self.sweep("results.file=taken/s.h5", expect=3), "taken")
        if pathlib.Path("/proc/self").exists():
            self.assert_one_line_error(self.sweep("results.file=/proc/self/s.h5", expect=3), "/proc/self")


if __name__ == "__main__":
    unittest.main()
