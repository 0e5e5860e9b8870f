#!/usr/bin/python3
"""A query over pixels (BALD, ten dropout passes) against the published study's formula in plain PyTorch and NumPy.

Both look at the same pool of synthetic tiles with a U-Net (ResNet18 encoder) of random weights, one thread each, in turn.
The study's way: ten whole passes in training mode, all class maps of all passes kept, entropies of the whole pool, then the
percentiles of one image after the other. Ours is the difference of two trials of al_trial, one with BALD and one with random
picks. Prints seconds of CPU time, and memory beside network and data [MiB]; tiles are mapped files on our side.

    bench/segmentation.py --tiles 24
    bench/segmentation.py --tiles 2500 --ours-only     # memory of a large pool; the study's way would need 18 GB
    bench/segmentation.py --tiles 2000 --tile 256 --region 64     # regions of tiles beside whole tiles, in turn
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
ENV = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PASSES, N_PICKS = 10, 8


def anonymous_memory(pid="self"):
    """What the process holds of its own [MiB]: mapped files do not count, the system takes them back at will."""
    try:
        for line in open(f"/proc/{pid}/status"):
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def watch(*command):
    """CPU seconds and peak memory of a program, and its last line."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen([str(word) for word in command], env=ENV, stdout=subprocess.PIPE, text=True)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, anonymous_memory(process.pid))
        time.sleep(0.02)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": used, "peak": peak, "line": process.stdout.read().splitlines()[-1]}


def ours(data, precision, region=0):
    settings = [f"query.region={region}", f"dataset.path={data}", "model.name=unet_resnet18", f"training.precision={precision}",
                "training.epochs=1", "training.batch_size=2", "training.prediction_batch=4",
                "loop.n_init=2", f"loop.n_query={N_PICKS}", "loop.n_rounds=1"]
    runs = {name: watch(BUILD / "al_trial", ROOT / "configs/demo_segmentation.yaml", *settings, "--strategy", name)
            for name in ("random_sampling", "bald_dropout")}
    return {"seconds": runs["bald_dropout"]["seconds"] - runs["random_sampling"]["seconds"],
            "memory": runs["bald_dropout"]["peak"] - runs["random_sampling"]["peak"], "peak": runs["bald_dropout"]["peak"]}


def study(data):
    """Runs in a process of its own: network and data first, then the query alone is measured."""
    import h5py
    import numpy as np
    import torch
    from torch import nn
    from python_loop import ResNet18

    class UNet(nn.Module):
        def __init__(self, n_bands, n_classes):
            super().__init__()
            self.encoder = ResNet18(n_bands, 1, 0)
            sizes, width = ((512 + 256, 256), (256 + 128, 128), (128 + 64, 64), (64 + 64, 32), (32, 16)), 16
            self.blocks = nn.ModuleList(nn.Sequential(
                nn.Conv2d(n_in, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU(),
                nn.Conv2d(n_out, n_out, 3, padding=1, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())
                for n_in, n_out in sizes)
            self.head = nn.Conv2d(width, n_classes, 3, padding=1)

        def forward(self, x):
            e = self.encoder
            stem = torch.relu(e.bn1(e.conv1(x)))
            a = e.layer1(e.maxpool(stem))
            b = e.layer2(a)
            c = e.layer3(b)
            x = nn.functional.dropout(e.layer4(c), 0.5, self.training)
            for block, skip in zip(self.blocks, (c, b, a, stem, None)):
                x = nn.functional.interpolate(x, scale_factor=2)
                x = block(x if skip is None else torch.cat([x, skip], 1))
            return self.head(x)

    torch.set_num_threads(1)
    torch.manual_seed(1)
    with h5py.File(data) as file:
        mean = torch.tensor(file["normalization/mean"][:]).view(1, -1, 1, 1)
        std = torch.tensor(file["normalization/std"][:]).view(1, -1, 1, 1)
        x = (torch.from_numpy(file["train/images"][:].astype(np.float32)) - mean) / std
        net = UNet(x.shape[1], len(file["classes"]))
    net.train()
    before, start = anonymous_memory(), time.process_time()
    with torch.no_grad():
        probabilities = torch.zeros(PASSES, len(x), 11, *x.shape[2:])
        for t in range(PASSES):
            for first in range(0, len(x), 16):
                probabilities[t, first:first + 16] = torch.softmax(net(x[first:first + 16]), 1)
        p = probabilities[:, :, 1:]
        average = p.mean(0)
        total = -(average * torch.log(average)).sum(1)
        expected = -(p * torch.log(p)).sum(2).mean(0)
        scores = []
        for image in (expected - total).numpy().reshape(len(x), -1):
            low, high = np.percentile(image, [5, 95])
            kept = image[(image >= low) & (image <= high)]
            scores.append(kept.mean() - kept.std())
    picks = np.argsort(scores)[:N_PICKS]
    print(json.dumps({"seconds": time.process_time() - start, "before": before, "picks": picks.tolist()}))


def beside_regions(data, args):
    """Whole tiles and regions in turn, with the load of the machine, which decides how much the numbers mean."""
    turns = [{region: ours(data, args.precision, region) for region in (0, args.region)} for _ in range(args.repeats)]
    best = {region: min((turn[region] for turn in turns), key=lambda run: run["seconds"]) for region in turns[0]}
    for region, name in ((0, "tiles"), (args.region, "regions")):
        run = best[region]
        print(f"{name + ':':8} {run['seconds']:8.1f} s   {run['memory']:8.0f} MiB for the query, {run['peak']:8.0f} MiB for the whole process")
    print(f"ratio:   {best[args.region]['seconds'] / best[0]['seconds']:8.3f}     load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tiles", type=int, default=24)
    parser.add_argument("--tile", type=int, default=128)
    parser.add_argument("--precision", default="fp32", help="of our side: fp32 or bf16")
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--region", type=int, default=0, help="side [pixels]: ours on regions of tiles, too, instead of the study's way")
    parser.add_argument("--repeats", type=int, default=1, help="turns of tiles and regions; the least of each counts")
    parser.add_argument("--study", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.study:
        return study(args.study)
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/tiles.h5"
        subprocess.run([BUILD / "al_prepare", "synthetic", "--task", "segmentation", "--train", str(args.tiles), "--test", "10",
                        "--tile", str(args.tile), "--output", data], check=True, stdout=subprocess.DEVNULL)
        if args.region:
            return beside_regions(data, args)
        mine = ours(data, args.precision)
        print(f"ours:  {mine['seconds']:8.1f} s   {mine['memory']:8.0f} MiB", flush=True)
        if args.ours_only:
            return
        run = watch(sys.executable, __file__, "--study", data)
        other = json.loads(run["line"])
        other["memory"] = run["peak"] - other["before"]
        print(f"study: {other['seconds']:8.1f} s   {other['memory']:8.0f} MiB")
        print(f"ratio: {other['seconds'] / mine['seconds']:8.1f}     {other['memory'] / max(mine['memory'], 1):8.1f}")


if __name__ == "__main__":
    main()
