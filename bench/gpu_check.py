#!/usr/bin/env python3
"""What a machine with a GPU must show, in half an hour: `correct`, `measure` or `sweep`, one JSON file each.

Runs the programs of a build folder, or of a kit that scripts/gpu_kit.sh packed. Needs python3 with PyTorch and nothing else. Exit code
0: every check holds; 1: one does not (the JSON says which); 2: wrong arguments, or no programs.

    scripts/gpu_check.sh correct [--device cuda|cpu] [--quick] [--programs FOLDER] [--out FOLDER]

--device cpu runs everything on the CPU, to try this where there is no GPU. --quick takes small networks and few steps.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
STRATEGIES = ["random_sampling", "margin_sampling", "bald_dropout", "kmeans_sampling", "kcenter_greedy", "badge",
              "typiclust"]


class Check:
    def __init__(self, args):
        self.args = args
        self.programs = args.programs.resolve()
        self.env = dict(os.environ)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gpu_check_"))
        self.report = {"step": args.step, "device": args.device, "checks": {}, "measured": {}}

    def check(self, name, holds, detail=""):
        self.report["checks"][name] = {"holds": bool(holds), "detail": str(detail)[-2000:]}
        print(f"{'ok  ' if holds else 'FAIL'} {name}{'' if holds else ': ' + str(detail)[-300:]}", flush=True)

    def measure(self, name, value):
        self.report["measured"][name] = value
        print(f"     {name}: {value}", flush=True)

    def command(self, program, *words):
        start = [self.programs / "run", program] if (self.programs / "run").exists() else [self.programs / program]
        return [*map(str, start), *map(str, words)]

    def run(self, program, *words, env=None, timeout=500):
        try:
            return subprocess.run(self.command(program, *words), cwd=self.folder, env={**self.env, **(env or {})},
                                  capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(late.cmd, 124, (late.stdout or b"").decode(), f"still running after {timeout} s")

    def settings(self, *more):
        """Tiles and network of the study (13 x 64 x 64, ResNet18), or small ones, on the device."""
        size = ["dataset.synthetic.tile=16", "model.name=small_cnn"] if self.args.quick else [
            "dataset.synthetic.tile=64", "model.name=resnet18"]
        return [f"farm.device={self.args.device}", "training.batch_size=16", "loop.n_init=32", "loop.n_query=32", *size, *more]

    def config(self):
        path = self.folder / "check.yaml"
        path.write_text("dataset: {synthetic: {n_train: 400, n_test: 100, n_bands: 13, n_classes: 10}}\n"
                        "model: {dropout: 0.3}\nsweep: {strategies: [margin_sampling, bald_dropout], seeds: 1-2}\n"
                        "results: {file: check.h5}\n")
        return path

    def rounds(self, *words, env=None, options=()):
        """The rounds of one trial, without times; None and its last words where it fails."""
        done = self.run("al_trial", self.config(), *options, *words, env=env)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        for line in lines:
            line["metrics"] = [metric for metric in line.get("metrics", []) if not metric[0].startswith("seconds_")]
        rounds = [line for line in lines if line.get("type", "round") == "round"]
        return rounds if done.returncode == 0 else None, done.stderr[-500:]

    def metrics(self, *words, options=()):
        """Metrics of the last round of one trial, as a mapping."""
        done = self.run("al_trial", self.config(), *options, *words)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        rounds = [line for line in lines if line.get("metrics")]
        if done.returncode != 0 or not rounds:
            self.check(f"al_trial {' '.join(map(str, options))}", False, done.stderr)
            return {}
        return dict(map(tuple, rounds[-1]["metrics"]))

    # --- the three steps ---

    def correct(self):
        few = self.settings("training.steps=20", "loop.n_rounds=3")
        if (self.programs / "test_gpu").exists():
            done = self.run("test_gpu", env={"AL_TEST_DEVICE": self.args.device})
            self.check("tests labelled gpu", done.returncode == 0, done.stdout[-1500:])
            self.report["tests"] = done.stdout.strip().splitlines()[-2:]
        else:
            self.check("tests labelled gpu", False, "test_gpu is not among the programs")
        trial = ["--strategy", "bald_dropout"]
        whole, why = self.rounds(*few, options=trial)
        self.check("a trial runs", whole is not None and len(whole) == 4, why)
        again, why = self.rounds(*few, options=trial)
        self.check("the same trial twice: equal bits", whole is not None and whole == again, why)
        kept = [*trial, "--checkpoint", self.folder / "trial.checkpoint"]
        killed, _ = self.rounds(*few, options=kept, env={"AL_MPI_FAULT": "kill@2"})
        resumed, why = self.rounds(*few, options=kept)
        self.check("a killed trial, resumed: equal bits", killed is None and whole is not None and resumed == whole, why)
        hidden = self.run("al_trial", self.config(), *self.settings("training.steps=1", "loop.n_rounds=0"), "farm.device=cuda",
                          env={"CUDA_VISIBLE_DEVICES": ""})
        self.check("farm.device=cuda without a GPU: one line, exit code 2",
                   hidden.returncode == 2 and hidden.stderr.strip().count("\n") == 0, hidden.stderr)
        if self.args.device == "cuda" and shutil.which("compute-sanitizer"):
            done = subprocess.run(["compute-sanitizer", "--error-exitcode", "9",
                                   *self.command("al_trial", self.config(), *self.settings("training.steps=1", "loop.n_rounds=0"))],
                                  cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=500)
            self.check("compute-sanitizer on one step", done.returncode == 0, done.stdout)

    def measure_all(self):
        steps = 20 if self.args.quick else 300
        precisions = ["fp32", "bf16"] + (["tf32"] if self.args.device == "cuda" else [])
        for precision in precisions:
            one = self.metrics(*self.settings(f"training.steps={steps}", "loop.n_rounds=0", f"training.precision={precision}"))
            if one:
                self.measure(f"ms a step, {precision}", round(1000 * one["seconds_train"] / steps, 3))
                self.measure(f"test pass, images/s, {precision}", round(100 / max(one["seconds_evaluate"], 1e-9)))
        if not self.args.quick:
            done = subprocess.run([sys.executable, HERE / "python_step.py", "--device", self.args.device, "--steps", "100"],
                                  capture_output=True, text=True, timeout=300)
            self.check("plain Python's loop runs", done.returncode == 0, done.stderr)
            if done.returncode == 0:
                peer = json.loads(done.stdout)["ms_a_step"]
                self.measure("ms a step, plain Python's loop, fp32", peer)
                ours = self.report["measured"].get("ms a step, fp32")
                self.check("an eager step takes at most 1.2 times Python's", ours is not None and ours <= 1.2 * peer, f"{ours} ms, {peer} ms")
        for pool in [200] if self.args.quick else [2000, 20000]:
            for strategy in STRATEGIES:
                one = self.metrics(*self.settings("training.steps=5", "loop.n_rounds=1", f"dataset.synthetic.n_train={pool}"),
                                   options=["--strategy", strategy])
                if one:
                    self.measure(f"seconds a query, pool of {pool}, {strategy}", round(one["seconds_query"], 4))
        self.measure_workers()

    def measure_workers(self):
        """Rounds a minute by trials at once, without and with MPS."""
        mps = shutil.which("nvidia-cuda-mps-control") if self.args.device == "cuda" else None
        for with_mps in [False, True] if mps else [False]:
            env = {}
            if with_mps:
                env = {"CUDA_MPS_PIPE_DIRECTORY": str(self.folder / "mps"), "CUDA_MPS_LOG_DIRECTORY": str(self.folder / "mps_log")}
                subprocess.run([mps, "-d"], env={**os.environ, **env}, check=False)
            for workers in [1, 2] if self.args.quick else [1, 2, 4, 8, 16]:
                file = f"workers_{workers}_{with_mps}.h5"
                start = time.time()
                done = self.run("al_mpi", self.config(), *self.settings(
                    f"training.steps={10 if self.args.quick else 300}", "loop.n_rounds=2", f"sweep.seeds=1-{max(1, workers // 2)}",
                    f"farm.workers_per_gpu={workers}", f"results.file={file}"), "--workers", workers, env=env)
                rounds = self.status(file)["rounds"] if done.returncode == 0 else 0
                name = f"{workers} workers{' with MPS' if with_mps else ''}"
                self.check(name, done.returncode == 0, done.stderr)
                self.measure(f"rounds a minute, {name}", round(60 * rounds / (time.time() - start), 2))
            if with_mps:
                subprocess.run([mps], input="quit\n", text=True, env={**os.environ, **env}, check=False)
        if self.args.device == "cuda" and not self.args.quick:
            rate = self.report["measured"].get
            self.check("eight workers give at least three times the rounds of one",
                       max(rate("rounds a minute, 8 workers", 0), rate("rounds a minute, 8 workers with MPS", 0))
                       >= 3 * rate("rounds a minute, 1 workers", 1e9))

    def status(self, file):
        return json.loads(self.run("al_mpi", "status", file, "--json").stdout)

    def sweep(self):
        """24 trials; an engine and then the farm are killed; the same command again completes them."""
        workers = 2 if self.args.quick else 8
        command = self.command("al_mpi", self.config(), *self.settings(
            f"training.steps={20 if self.args.quick else 300}", "loop.n_rounds=3", "sweep.seeds=1-12", f"farm.workers_per_gpu={workers}"),
            "--workers", workers)
        start = time.time()
        farm = subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                stdin=subprocess.DEVNULL)
        journal = self.folder / "check.journal"

        def wait_for_rounds(n):
            while farm.poll() is None and time.time() < start + 300:
                if journal.exists() and journal.read_bytes().count(b'"round"') >= n:
                    return True
                time.sleep(0.05)
            return False

        self.check("rounds arrive", wait_for_rounds(2))
        engines = subprocess.run(["pgrep", "-P", str(farm.pid)], capture_output=True, text=True).stdout.split()
        if engines:
            os.kill(int(engines[0]), signal.SIGKILL)
        self.check("an engine was killed", engines)
        self.check("rounds arrive after it", wait_for_rounds(8))
        farm.kill()
        farm.wait()
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=500, stdin=subprocess.DEVNULL)
        self.check("the same command again completes the sweep", done.returncode == 0, done.stderr)
        status = self.status("check.h5")
        self.check("24 trials of 4 rounds each are done", status["done"] == 24 and status["rounds"] == 96, status)
        verified = self.run("al_mpi", "verify", "check.h5")
        self.check("the files are sound, without contradictions", verified.returncode == 0 and not re.search(
            r"[1-9]\d* contradiction", verified.stdout), verified.stdout + verified.stderr)
        devices = set()
        for trial in range(24):
            devices.update(re.findall(r"attempt \d+: done after .*? on \S+ \((.*), rank", self.run("al_mpi", "explain", "check.h5", trial).stdout))
        self.check(f"every trial ran on {self.args.device}", devices and all(d.startswith(self.args.device) for d in devices), devices)
        self.report["devices"] = sorted(devices)
        self.measure("rounds a minute, kills included", round(60 * 96 / (time.time() - start), 2))

    def finish(self):
        report = self.report
        report["versions"] = self.run("al_trial", "--version").stdout.strip()
        card = subprocess.run(["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"],
                              capture_output=True, text=True) if shutil.which("nvidia-smi") else None
        report["card"] = card.stdout.strip() if card else "none"
        report["finished"] = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        report["passed"] = all(check["holds"] for check in report["checks"].values())
        self.args.out.mkdir(parents=True, exist_ok=True)
        path = self.args.out / f"{self.args.step}-{self.args.device}.json"
        path.write_text(json.dumps(report, indent=1) + "\n")
        shutil.rmtree(self.folder, ignore_errors=True)
        print(f"{path}: {'passed' if report['passed'] else 'FAILED'}")
        return 0 if report["passed"] else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["correct", "measure", "sweep"])
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--quick", action="store_true", help="small networks, few steps")
    root = HERE.parent
    parser.add_argument("--programs", type=pathlib.Path, default=root / "build", help="the folder that holds them (build/)",
                        metavar="FOLDER")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(os.environ.get("OUT", root / "bench/results/gpu")))
    args = parser.parse_args()
    if not (args.programs / "al_trial").exists():
        print(f"no al_trial in {args.programs}: scripts/build.sh makes it", file=sys.stderr)
        return 2
    check = Check(args)
    try:
        {"correct": check.correct, "measure": check.measure_all, "sweep": check.sweep}[args.step]()
    except Exception as error:  # what was measured so far is kept
        check.check("the step came to its end", False, repr(error))
    return check.finish()


if __name__ == "__main__":
    sys.exit(main())
