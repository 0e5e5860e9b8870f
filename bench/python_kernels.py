#!/usr/bin/python3
"""Query kernels the usual way in NumPy, scikit-learn and PyTorch, to compare speed (and inertia) against ours.

Same sizes, and where it matters the same numbers, as bench/query_bench.cpp and bench/model_bench.cpp. One JSON line a kernel: seconds of CPU time, and peak memory.

    bench/python_kernels.py [kcenter] [kmeans] [pixel_reduction] [bim] [deepfool]
"""
import argparse
import json
import os
import resource
import time

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

import numpy as np  # noqa: E402  (reads its number of threads while it is imported)

N, D, N_LABELED, N_PICKS = 20_000, 2048, 320, 32


def noise(stream, indices):
    """Uniform in [-1, 1): splitmix64, as bench/points.hpp."""
    z = np.uint64(stream << 40) + (indices + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)


def clustered_points():
    centers = noise(1, np.arange(40 * D, dtype=np.uint64)).reshape(40, D)
    points = np.empty((N, D), np.float32)
    for first in range(0, N, 1000):
        indices = np.arange(first * D, (first + 1000) * D, dtype=np.uint64)
        points[first:first + 1000] = noise(2, indices).reshape(1000, D)
    points += centers[np.arange(N) % 40]
    return points


def kcenter():
    """Greedy k-center from the whole matrix of distances, rows deleted and columns appended with every pick."""
    points = clustered_points()
    start = time.process_time()
    labeled = np.zeros(N, bool)
    labeled[:N_LABELED] = True
    squares = points @ points.T
    norms = np.diag(squares).copy()
    squares *= -2
    squares += norms[:, None]
    squares += norms[None, :]
    np.maximum(squares, 0, out=squares)
    distances = np.sqrt(squares)
    columns = distances[~labeled][:, labeled]
    for _ in range(N_PICKS):
        row = columns.min(axis=1).argmax()
        index = np.arange(N)[~labeled][row]
        labeled[index] = True
        columns = np.delete(columns, row, 0)
        columns = np.append(columns, distances[~labeled, index][:, None], axis=1)
    return {"seconds": time.process_time() - start}


def kmeans():
    from sklearn.cluster import KMeans
    points = clustered_points()
    start = time.process_time()
    fit = KMeans(n_clusters=32, n_init=10, random_state=1).fit(points)
    return {"seconds": time.process_time() - start, "inertia": float(fit.inertia_)}


def pixel_reduction():
    """Mean plus standard deviation of the pixels between the 5 and 95 % quantiles; 64 images of 256 x 256."""
    scores = np.random.default_rng(1).standard_normal((64, 256, 256))
    start = time.process_time()
    for image in scores:
        low, high = np.percentile(image, [5, 95])
        kept = image[(image >= low) & (image <= high)]
        kept.mean() + kept.std()
    return {"seconds": time.process_time() - start}


def over_images(attack):
    """CPU seconds of attack(network, image) over 32 images of 13 x 64 x 64, one at a time."""
    import torch
    from python_loop import ResNet18
    torch.set_num_threads(1)
    torch.manual_seed(1)
    network = ResNet18(13, 10, 0.3).eval()
    images = torch.randn(33, 1, 13, 64, 64)
    attack(network, images[32])
    start = time.process_time()
    for image in images[:32]:
        attack(network, image)
    return {"seconds": time.process_time() - start}


def bim():
    """Ten steps along the sign of the loss's gradient."""
    import torch

    def attack(network, image):
        change = torch.zeros_like(image, requires_grad=True)
        logits = network(image + change)
        predicted = logits.argmax(1)
        for _ in range(10):
            torch.nn.functional.cross_entropy(logits, predicted).backward()
            change.data += 0 * change.grad.sign()
            change.grad.zero_()
            logits = network(image + change)
    return over_images(attack)


def deepfool():
    """One step to the nearest linearised boundary."""
    import torch

    def attack(network, image):
        moved = image.clone().requires_grad_()
        logits = network(moved)[0]
        predicted = logits.argmax().item()
        gradients = []
        for k in range(len(logits)):
            moved.grad = None
            logits[k].backward(retain_graph=True)
            gradients.append(moved.grad.clone())
        steps = []
        for k in range(len(logits)):
            if k != predicted:
                w = gradients[k] - gradients[predicted]
                steps.append((logits[k] - logits[predicted]).abs().item() / w.norm() ** 2 * w)
        return min(steps, key=lambda step: step.norm())
    return over_images(attack)


def main():
    kernels = {"kcenter": kcenter, "kmeans": kmeans, "pixel_reduction": pixel_reduction, "bim": bim,
               "deepfool": deepfool}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kernels", nargs="*", metavar="kernel")
    for name in parser.parse_args().kernels or kernels:
        result = kernels[name]()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"kernel": name, **result, "peak_mib": round(peak)}), flush=True)


if __name__ == "__main__":
    main()
