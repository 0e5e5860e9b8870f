#!/usr/bin/env python3
"""Milliseconds a training step of the plain Python loop (python_loop.py's network) takes on random tiles of 13 x 64 x 64.

    bench/python_step.py --device cuda --steps 100
"""
import argparse
import json
import time

import torch
from torch import nn

from python_loop import ResNet18


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=16)
    args = parser.parse_args()
    net = ResNet18(13, 10, 0.3).to(args.device)
    x = torch.randn(400, 13, 64, 64)
    y = torch.randint(0, 10, (400,))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.3)

    def steps(n):
        for _ in range(n):
            picked = torch.randint(0, len(x), (args.batch_size,))
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x[picked].to(args.device)), y[picked].to(args.device))
            loss.backward()
            optimizer.step()
        return loss.item()  # waits for the device

    steps(10)
    start = time.perf_counter()
    steps(args.steps)
    print(json.dumps({"ms_a_step": round(1000 * (time.perf_counter() - start) / args.steps, 3)}))


if __name__ == "__main__":
    main()
