#!/usr/bin/python3
"""Our programs and Python in turn, one thread each; prints a Markdown table of ratios. See scripts/bench.sh.

Python is measured as it is usually written and by best practice (channels_last, bfloat16 autocast, torch.compile, and
all together): the fastest of these, by part, is the peer of the rows 'best practice in Python'."""
import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PARTS = ("query", "train", "evaluate")
PRACTICES = {"channels_last": ["--channels-last"], "bf16": ["--autocast", "bf16"], "compile": ["--compile"],
             "channels_last, bf16": ["--channels-last", "--autocast", "bf16"],
             "channels_last, compile": ["--channels-last", "--compile"],
             "all": ["--channels-last", "--autocast", "bf16", "--compile"]}


def lines_of(*command):
    out = subprocess.run([str(word) for word in command], env=ENV, check=True, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def seconds(rounds):
    """Seconds of a trial by part; reading the file and starting the program are left out on both sides."""
    flat = [{**r, **dict(r.get("metrics", []))} for r in rounds]
    found = {part: sum(r[f"seconds_{part}"] for r in flat) for part in PARTS}
    return {**found, "trial": sum(found.values())}


def ours(data, strategy, rounds, precision="fp32"):
    return seconds(lines_of(
        BUILD / "al_trial", ROOT / "configs/eurosat_balanced.yaml", f"dataset.path={data}", f"loop.n_rounds={rounds}",
        "training.steps=0", f"training.precision={precision}", "--strategy", strategy, "--init", "random", "--seed", "1"))


def python(args, data, strategy, loader_workers=0, practice=()):
    return seconds(lines_of(args.python, ROOT / "bench/python_loop.py", data, "--strategy", strategy, "--rounds", args.rounds,
                            "--threads", "1", "--loader-workers", loader_workers, *practice))


def working_practices(args, data):
    """Best practice as far as this Python can do it: torch.compile, for one, wants a compiler and PyTorch 2."""
    found = {}
    for name, flags in PRACTICES.items():
        command = [args.python, ROOT / "bench/python_loop.py", data, "--rounds", 0, "--epochs", 1, *flags]
        tried = subprocess.run([str(word) for word in command], env=ENV, text=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
        if tried.returncode == 0:
            found[name] = flags
        else:
            print(f"left out, {name}: {(tried.stderr.strip().splitlines() or ['?'])[-1]}", flush=True)
    return found


def benchmark(program, pattern):
    """Google Benchmark's results by name; its cpu_time in seconds."""
    out = subprocess.run([BUILD / program, f"--benchmark_filter={pattern}", "--benchmark_format=json"], env=ENV,
                         check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
    return {b["name"]: {**b, "seconds": b["cpu_time"] * units[b["time_unit"]]}
            for b in json.loads(out[out.index("{"):])["benchmarks"]}


def trials(args, data, practices):
    """Runs in turn, A B C A B C, so that a slow spell of the machine hits all."""
    rounds = args.rounds
    kinds = {
        "random": lambda: ours(data, "random_sampling", rounds),
        "random py": lambda: python(args, data, "random_sampling"),
        "random py, loader": lambda: python(args, data, "random_sampling", loader_workers=1),
        "random bf16": lambda: ours(data, "random_sampling", rounds, "bf16"),
        "dropout": lambda: ours(data, "entropy_sampling_dropout", rounds),
        "dropout py": lambda: python(args, data, "entropy_sampling_dropout"),
        "dropout py, loader": lambda: python(args, data, "entropy_sampling_dropout", loader_workers=1),
        "dropout bf16": lambda: ours(data, "entropy_sampling_dropout", rounds, "bf16"),
    }
    for strategy, short in (("random_sampling", "random"), ("entropy_sampling_dropout", "dropout")):
        for name, flags in practices.items():
            kinds[f"{short} py, {name}"] = lambda s=strategy, f=flags: python(args, data, s, practice=f)
    runs = {name: [] for name in kinds}
    for _ in range(args.repeats):
        for name, run in kinds.items():
            runs[name].append(run())
    return {name: {part: statistics.median(run[part] for run in found) for part in (*PARTS, "trial")}
            for name, found in runs.items()}


def best_rows(runs, practices):
    """Our faster precision against the fastest way in Python, part by part."""
    rows = []
    for short, part in (("random", "train"), ("random", "evaluate"), ("dropout", "query"), ("random", "trial"),
                        ("dropout", "trial")):
        mine = min(("fp32", short), ("bf16", f"{short} bf16"), key=lambda way: runs[way[1]][part])
        peers = {"as usual": f"{short} py", **{name: f"{short} py, {name}" for name in practices}}
        best = min(peers, key=lambda name: runs[peers[name]][part])
        what = {"train": "training", "evaluate": "test pass", "query": "dropout query", "trial": f"trial, {short}"}[part]
        rows.append((f"{what}, {mine[0]}, against best practice in Python ({best})", runs[mine[1]][part],
                     runs[peers[best]][part], None))
    return rows


def measure(args, data):
    """Rows (what, ours in seconds, Python's in seconds, ratio wanted), and everything that was measured."""
    practices = working_practices(args, data)
    runs = trials(args, data, practices)
    rows = [(what, runs[name][part], runs[base][part], target) for what, name, base, part, target in (
        ("training, fp32", "random", "random py", "train", 2.5),
        ("training, bf16", "random bf16", "random py", "train", 3.8),
        ("test pass, fp32", "random", "random py", "evaluate", 1.5),
        ("test pass, bf16", "random bf16", "random py", "evaluate", 2.6),
        ("query of entropy_sampling_dropout, 10 passes, fp32", "dropout", "dropout py", "query", None),
        ("trial, random_sampling, fp32", "random", "random py", "trial", 2.7),
        ("trial, entropy_sampling_dropout, fp32", "dropout", "dropout py", "trial", 4.0),
        ("trial, random_sampling, fp32, Python with a loader process", "random", "random py, loader", "trial", 4.0),
        ("trial, entropy_sampling_dropout, fp32, the same", "dropout", "dropout py, loader", "trial", 10.0),
        ("trial, random_sampling, bf16, the same", "random bf16", "random py, loader", "trial", 6.0),
        ("trial, entropy_sampling_dropout, bf16, the same", "dropout bf16", "dropout py, loader", "trial", 14.0))]
    rows += best_rows(runs, practices)
    if args.loops:
        return rows, {"bf16 / fp32, training (ours)": runs["random bf16"]["train"] / runs["random"]["train"],
                      "bf16 / fp32, test pass (ours)": runs["random bf16"]["evaluate"] / runs["random"]["evaluate"]}, {"trials": runs}
    kernels = {k["kernel"]: k for k in lines_of(args.python, ROOT / "bench/python_kernels.py")}
    query = benchmark("bench_query", "kcenter|kmeans|trimmed_mean_minus_std")
    names = {"kcenter": ("kcenter", 14.0), "kmeans": ("kmeans_32/iterations:1", 3.0),
             "pixel_reduction": ("pixel_reduction/trimmed_mean_minus_std", None)}
    rows += [(kernel, query[name]["seconds"], kernels[kernel]["seconds"], target)
             for kernel, (name, target) in names.items()]
    model = benchmark("bench_model", "." if args.full else "query|adversarial")
    farm = benchmark("bench_farm", "." if args.full else "300|100000$")
    for name, what in (("bim", "BIM, 10 steps, 32 images"), ("deepfool", "DeepFool, 1 step, 32 images")):
        batched = model[f"adversarial/{name}/batch:32"]["seconds"]
        rows += [(f"{what} at once, against Python's loop over images", batched, kernels[name]["seconds"], 5.0),
                 (f"{what} at once, against ourselves one at a time", batched,
                  model[f"adversarial/{name}/batch:1"]["seconds"], None)]
    extra = {
        "query, 10 dropout passes / 1 pass (wanted <= 1.15)":
            model["query/entropy_sampling_dropout"]["seconds"] / model["query/entropy_sampling"]["seconds"],
        "k-means inertia / scikit-learn's (wanted <= 1.01)":
            query["kmeans_32/iterations:1"]["inertia"] / kernels["kmeans"]["inertia"],
        "makespan / lower bound, 300 trials on 32 workers (wanted <= 1.03)":
            farm["schedule/workers:32/trials:300"]["makespan_over_bound"],
    }
    return rows, extra, {"trials": runs, "python_kernels": kernels, "query": query, "model": model, "farm": farm}


def table(rows, extra, args, data):
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    torch = subprocess.run([args.python, "-c", "import torch; print(torch.__version__)"], text=True, check=True,
                           stdout=subprocess.PIPE).stdout.strip()
    git = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], text=True, stdout=subprocess.PIPE).stdout
    text = [f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; {platform.platform()}; "
            f"Python's torch {torch}; {git.strip()}.",
            f"`scripts/bench.sh{' --full' if args.full else ''}{' --loops' if args.loops else ''}`: trials of {args.rounds} queries on {data}, "
            f"median of {args.repeats}, wall time; kernels: CPU time.", "",
            "| what | ours [s] | Python [s] | ratio | wanted |", "|---|---|---|---|---|"]
    for what, mine, other, target in rows:
        text.append(f"| {what} | {mine:.3g} | {other:.3g} | {other / mine:.1f} | {'' if target is None else f'>= {target:g}'} |")
    return "\n".join([*text, "", *(f"- {name}: {value:.3f}" for name, value in extra.items())]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", nargs="?", help="without one: synthetic tiles")
    parser.add_argument("--full", action="store_true", help="all benchmarks, trials of ten queries")
    parser.add_argument("--loops", action="store_true", help="trials only, no single kernels")
    parser.add_argument("--python", default="/usr/bin/python3", metavar="PATH",
                        help="the peer: a Python with torch, h5py and NumPy (default: %(default)s)")
    parser.add_argument("--tag", help="with --python: ends the names of the files in bench/results")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    args.rounds = args.rounds or (10 if args.full else 1)
    with tempfile.TemporaryDirectory() as folder:
        data = args.dataset or f"{folder}/synthetic.h5"
        if not args.dataset:
            subprocess.run([BUILD / "al_prepare", "synthetic", "--train", "577", "--test", "289", "--tile", "64",
                            "--output", data], check=True)
        rows, extra, raw = measure(args, data)
    text = table(rows, extra, args, "a dataset file" if args.dataset else "synthetic tiles")
    print(text)
    target = ROOT / "bench/results"
    target.mkdir(exist_ok=True)
    date = datetime.date.today().isoformat()
    name = date if args.python == parser.get_default("python") else f"{date}-{args.tag or 'python'}"
    (target / f"{name}.md").write_text(text)
    (target / f"{name}.json").write_text(json.dumps(raw, indent=1) + "\n")


if __name__ == "__main__":
    main()
