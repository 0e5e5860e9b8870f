#!/usr/bin/python3
"""say_cuda.py FILE NEW: a file of torch.save or torch.jit.save as a GPU would have written it: its tensors are said to lie on cuda:0,
and the code of a trace names that device."""
import sys
import zipfile


def text(value):
    """A string as pickles of torch hold it."""
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


def say_cuda(path, new):
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith(".pkl"):
                data = data.replace(text("cpu"), text("cuda:0"))
            elif name.endswith(".py"):
                data = data.replace(b'torch.device("cpu")', b'torch.device("cuda:0")')
            target.writestr(zipfile.ZipInfo(name), data)


if __name__ == "__main__":
    say_cuda(*sys.argv[1:3])
