#!/usr/bin/python3
"""Writes networks as PyTorch stores them, and their logits, into a folder: the oracle of pretrained_test.cpp."""
import sys

import torch
from torch import nn

from say_cuda import say_cuda


class Block(nn.Module):
    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.downsample = None
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        shortcut = x if self.downsample is None else self.downsample(x)
        return torch.relu(y + shortcut)


class ResNet18(nn.Module):
    """Topology and names of torchvision's resnet18."""

    def __init__(self, n_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        for i, width in enumerate([64, 128, 256, 512]):
            n_in = max(64, width // 2)
            blocks = nn.Sequential(Block(n_in, width, 1 if i == 0 else 2), Block(width, width, 1))
            setattr(self, f"layer{i + 1}", blocks)
        self.fc = nn.Linear(512, n_classes)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


class Small(nn.Module):
    """Someone's own network, with dropout inside."""

    def __init__(self, n_classes):
        super().__init__()
        self.trunk = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU())
        self.dropout = nn.Dropout(0.5)
        self.classifier = nn.Linear(8, n_classes)

    def forward(self, x):
        return self.classifier(self.dropout(self.trunk(x).mean((2, 3))))


class Pair(Small):
    """The same, returning features and logits."""

    def forward(self, x):
        features = self.dropout(self.trunk(x).mean((2, 3)))
        return features, self.classifier(features)


class Placed(Small):
    """The same, with a tensor that is no buffer and tensors that its code makes on a device."""

    def __init__(self, n_classes):
        super().__init__(n_classes)
        self.scale = torch.full((8,), 2.0)

    def forward(self, x):
        features = self.dropout(self.trunk(x).mean((2, 3))) * self.scale
        return self.classifier(features + torch.arange(8, device=x.device) + torch.ones(8, device=x.device))


def write_floats(tensor, path):
    tensor.detach().contiguous().numpy().tofile(path)


def write_safetensors(state, path):
    import json
    import struct
    header, data = {}, b""
    for name, tensor in state.items():
        raw = tensor.contiguous().numpy().tobytes()
        kind = {torch.float32: "F32", torch.int64: "I64"}[tensor.dtype]
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main(folder):
    torch.manual_seed(1)
    images = torch.randn(2, 3, 64, 64)
    write_floats(images, f"{folder}/images.bin")
    net = ResNet18(7)
    net.train()
    net(torch.randn(4, 3, 64, 64))  # statistics that are not 0 and 1
    net.eval()
    write_floats(net(images), f"{folder}/logits.bin")
    state = net.state_dict()
    torch.save(state, f"{folder}/zip.pt")
    torch.save({"epoch": 3, "state_dict": {"module." + k: v for k, v in state.items()}}, f"{folder}/nested.pt")
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    torch.save({"optimizer": optimizer.state_dict(), "model": state}, f"{folder}/checkpoint.pt")
    torch.save(net, f"{folder}/object.pt")
    torch.save(state, f"{folder}/legacy.pt", _use_new_zipfile_serialization=False)
    write_safetensors(state, f"{folder}/weights.safetensors")
    torch.jit.script(net).save(f"{folder}/scripted_resnet18.pt")
    broken = {k: v.clone() for k, v in state.items()}
    broken["layer1.0.bn1.weight"][0] = float("nan")
    torch.save(broken, f"{folder}/nan.pt")
    del broken["layer1.0.bn1.weight"]
    broken["layer9.weight"] = torch.zeros(2)
    broken["layer2.0.conv1.weight"] = torch.zeros(1, 2, 3, 3)
    torch.save(broken, f"{folder}/foreign.pt")

    for name, own in (("logits", Small(7).eval()), ("pair", Pair(7).eval())):
        torch.jit.script(own).save(f"{folder}/scripted_{name}.pt")
        torch.jit.trace(own, images).save(f"{folder}/traced_{name}.pt")
        out = own(images)
        write_floats(out[1] if name == "pair" else out, f"{folder}/own_{name}.bin")
    placed = Placed(7).eval()
    torch.jit.trace(placed, images).save(f"{folder}/traced_placed.pt")
    write_floats(placed(images), f"{folder}/own_placed.bin")
    for name in ("zip", "traced_placed", "scripted_resnet18"):
        say_cuda(f"{folder}/{name}.pt", f"{folder}/cuda_{name}.pt")
    torch.jit.script(nn.Sequential(nn.Conv2d(3, 7, 64), nn.Flatten())).save(f"{folder}/no_linear.pt")


if __name__ == "__main__":
    main(sys.argv[1])
