#!/usr/bin/env python3
"""The same active-learning loop in plain Python and PyTorch, to compare speed and accuracy against.

Written the usual way: a ResNet18, an SGD loop over a DataLoader, softmax over the pool, T full passes for
MC dropout. Same data file, network, settings and schedule as `al_trial`; one JSON line a round.

    bench/python_loop.py data.h5 --strategy margin_sampling --rounds 2 --threads 1
    bench/python_loop.py data.h5 --loader-workers 1      # DataLoader with a worker process
    bench/python_loop.py data.h5 --channels-last --autocast bf16 --compile      # what the manual advises for speed
"""
import argparse
import contextlib
import json
import time

import h5py
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def block(n_in, n_out, stride):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(n_out)
            self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(n_out)
            self.downsample = None
            if stride != 1 or n_in != n_out:
                self.downsample = nn.Sequential(
                    nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

        def forward(self, x):
            shortcut = x if self.downsample is None else self.downsample(x)
            x = torch.relu(self.bn1(self.conv1(x)))
            return torch.relu(self.bn2(self.conv2(x)) + shortcut)

    return Block()


class ResNet18(nn.Module):
    """torchvision's topology, with dropout before the last layer."""

    def __init__(self, n_bands, n_classes, dropout):
        super().__init__()
        self.conv1 = nn.Conv2d(n_bands, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(block(64, 64, 1), block(64, 64, 1))
        self.layer2 = nn.Sequential(block(64, 128, 2), block(128, 128, 1))
        self.layer3 = nn.Sequential(block(128, 256, 2), block(256, 256, 1))
        self.layer4 = nn.Sequential(block(256, 512, 2), block(512, 512, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = dropout
        self.fc = nn.Linear(512, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(nn.functional.dropout(x, self.dropout, self.training))


def autocast(args):
    """bfloat16 where it was asked for."""
    return torch.autocast("cpu", torch.bfloat16) if args.autocast == "bf16" else contextlib.nullcontext()


def as_asked(images, args):
    return images.contiguous(memory_format=torch.channels_last) if args.channels_last else images


def make_net(n_bands, n_classes, args):
    net = ResNet18(n_bands, n_classes, args.dropout)
    if args.channels_last:
        net = net.to(memory_format=torch.channels_last)
    return net


def train(net, x, y, args):
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr=args.learning_rate, momentum=args.momentum)
    loader = DataLoader(TensorDataset(x, y), batch_size=args.batch_size, shuffle=True,
                        num_workers=args.loader_workers)
    for _ in range(args.epochs):
        for images, labels in loader:
            if len(images) == 1:
                continue  # BatchNorm needs two
            optimizer.zero_grad()
            with autocast(args):
                loss = nn.functional.cross_entropy(net(as_asked(images, args)), labels)
            loss.backward()
            optimizer.step()


def predict(net, x, args, passes=0):
    """Softmax of one pass in evaluation mode, or the mean over `passes` passes with dropout on."""
    net.train() if passes else net.eval()
    loader = DataLoader(TensorDataset(x), batch_size=args.prediction_batch,
                        num_workers=args.loader_workers)
    total = 0
    with torch.no_grad(), autocast(args):
        for _ in range(max(passes, 1)):
            total = total + torch.cat([torch.softmax(net(as_asked(images, args)).float(), 1)
                                       for (images,) in loader])
    return total / max(passes, 1)


def scores(strategy, net, x, args):
    if strategy == "random_sampling":
        return torch.rand(len(x))
    p = predict(net, x, args, passes=args.mc_passes if strategy.endswith("_dropout") else 0)
    if strategy.startswith("least_confidence"):
        return 1 - p.max(1).values
    if strategy.startswith("margin_sampling"):
        top = p.topk(2).values
        return top[:, 1] - top[:, 0]
    if strategy.startswith("entropy_sampling"):
        return -(p * p.clamp_min(1e-12).log()).sum(1)
    raise SystemExit(f"unknown strategy {strategy}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--strategy", default="random_sampling")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--n-init", type=int, default=32)
    parser.add_argument("--n-query", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--prediction-batch", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=0.05)
    parser.add_argument("--momentum", type=float, default=0.3)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--mc-passes", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--loader-workers", type=int, default=0)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--autocast", choices=["none", "bf16"], default="none")
    parser.add_argument("--compile", action="store_true", help="torch.compile; its time is left out")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)

    with h5py.File(args.dataset) as file:
        mean = torch.tensor(file["normalization/mean"][:]).view(1, -1, 1, 1)
        std = torch.tensor(file["normalization/std"][:]).view(1, -1, 1, 1)
        load = lambda split: (torch.from_numpy(file[f"{split}/images"][:].astype(np.float32)) - mean) / std
        x, y = load("train"), torch.from_numpy(file["train/labels"][:])
        x_test, y_test = load("test"), torch.from_numpy(file["test/labels"][:])
        n_classes = len(file["classes"])

    if args.compile:
        # One compiled network, whose weights each round replaces; compiled before anything is timed.
        compiled = make_net(x.shape[1], n_classes, args)
        fast = torch.compile(compiled)
        warm_up = argparse.Namespace(**{**vars(args), "epochs": 1, "loader_workers": 0})
        train(fast, x[:2 * args.batch_size + 1], y[:2 * args.batch_size + 1], warm_up)
        for passes in (0, 1):
            predict(fast, x[:2 * args.prediction_batch + 1], warm_up, passes)
    labeled = torch.zeros(len(x), dtype=torch.bool)
    labeled[torch.randperm(len(x))[:args.n_init]] = True
    for round_number in range(args.rounds + 1):
        start = time.perf_counter()
        if round_number > 0:
            pool = torch.nonzero(~labeled).flatten()
            best = scores(args.strategy, net, x[pool], args).topk(args.n_query).indices
            labeled[pool[best]] = True
        queried = time.perf_counter()
        net = make_net(x.shape[1], n_classes, args)
        if args.compile:
            compiled.load_state_dict(net.state_dict())
            net = fast
        train(net, x[labeled], y[labeled], args)
        trained = time.perf_counter()
        accuracy = (predict(net, x_test, args).argmax(1) == y_test).float().mean().item()
        evaluated = time.perf_counter()
        print(json.dumps({"round": round_number, "n_labeled": int(labeled.sum()), "accuracy": accuracy,
                          "seconds_query": queried - start, "seconds_train": trained - queried,
                          "seconds_evaluate": evaluated - trained}), flush=True)


if __name__ == "__main__":
    main()
