#!/usr/bin/python3
"""Arrays as NumPy and PyTorch store them, good and bad, in a folder: for npy_file_test.cpp and torch_file_test.cpp."""
import pickle
import sys
import zipfile

import numpy as np
import torch


def save_edited(source, target, old, new):
    """A file of torch.save whose pickle says something else."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as made:
        for name in given.namelist():
            record = given.read(name)
            if name.endswith("data.pkl"):
                assert old in record, record
                record = record.replace(old, new)
            made.writestr(name, record)


def main(folder):
    a = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    np.save(f"{folder}/c.npy", a)
    np.save(f"{folder}/fortran.npy", np.asfortranarray(a))
    np.save(f"{folder}/int64.npy", np.arange(3))
    np.save(f"{folder}/big_endian.npy", a.astype(">f4"))
    np.save(f"{folder}/objects.npy", np.array([{}, 1], dtype=object))
    np.save(f"{folder}/complex.npy", a.astype(np.complex64))
    np.save(f"{folder}/scalar.npy", np.float64(7))

    t = torch.from_numpy(a)
    torch.save(t, f"{folder}/alone.pt")
    torch.save(t.permute(2, 0, 1)[1:], f"{folder}/view.pt")
    torch.save({"a": {"b": [t, torch.arange(3)]}, "epoch": 2**40, "note": "x", 5: torch.tensor(1.5)}, f"{folder}/nested.pt")
    torch.save(t, f"{folder}/protocol4.pt", pickle_protocol=4)
    torch.save(t, f"{folder}/legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"sparse": torch.eye(2).to_sparse(), "dense": t}, f"{folder}/sparse.pt")
    torch.save(t.to(torch.complex64), f"{folder}/complex.pt")
    # 2 rows become 200: BININT1 2 is "K\x02"; the shape is the tuple (2, 3, 4).
    save_edited(f"{folder}/alone.pt", f"{folder}/too_large.pt", b"K\x02K\x03K\x04\x87", b"K\xc8K\x03K\x04\x87")
    save_edited(f"{folder}/alone.pt", f"{folder}/negative.pt", b"K\x0cK\x04K\x01\x87", b"J\xff\xff\xff\xffK\x04K\x01\x87")
    with zipfile.ZipFile(f"{folder}/alone.pt") as given, zipfile.ZipFile(
            f"{folder}/compressed.pt", "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            made.writestr(name, given.read(name))
    with zipfile.ZipFile(f"{folder}/foreign.pt", "w") as made:
        made.writestr("word/document.xml", "not ours")
    with zipfile.ZipFile(f"{folder}/bad_pickle.pt", "w") as made:
        made.writestr("x/data.pkl", pickle.dumps({"a": 1})[:-3])


if __name__ == "__main__":
    main(sys.argv[1])
