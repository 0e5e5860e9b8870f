#!/usr/bin/python3 -IS
"""Stands in for `al_trial --serve` in tests of the farm: speaks docs/protocols.md, learns nothing.

A round's numbers are a hash of (key, round). AL_MPI_FAULT, AL_MPI_FAULT_ATTEMPTS as the engine reads them;
FAKE_ENGINE: "refuse" (does not take the configuration), "die" (leaves at once), "babble" (no protocol);
FAKE_ENGINE_SECONDS: duration of a round.
"""
import ctypes
import hashlib
import json
import os
import re
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
requests = bytearray()


def say(**line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def read_available(timeout):
    """Reads what is there into `requests`; leaves at the end of file."""
    if select.select([0], [], [], timeout)[0]:
        data = os.read(0, 65536)
        if not data:
            os._exit(0)
        requests.extend(data)


def next_request(timeout=None):
    if b"\n" not in requests:
        read_available(timeout)
    if b"\n" not in requests:
        return None
    line, _, rest = bytes(requests).partition(b"\n")
    requests[:] = rest
    return json.loads(line)


def key_of(spec):
    own = "".join(f"{name}={value};" for name, value in sorted(spec.get("settings", {}).items()))
    return f"{own}{'/' if own else ''}{spec['strategy']}/{spec['init']}/{spec['seed']}"


def number(key, round):
    return int.from_bytes(hashlib.sha256(f"{key}|{round}".encode()).digest()[:6], "big") / 2**48


def record(spec, key, round, attempt, n_classes):
    value = number(key, round)
    return {"trial": spec["trial"], "key": key, "round": round, "attempt": attempt, "n_labeled": 8 * (round + 1),
            "picks": [[8 * round + i, i % 2, value] for i in range(8)],
            "metrics": [["accuracy", value], ["seconds_train", 0.01]], "confusion": [round] * n_classes**2,
            "weights_hash": "%016x" % int(value * 2**48)}


def inject_fault(key, round, attempt):
    kind, _, place = os.environ.get("AL_MPI_FAULT", "").partition("@")
    at, _, only = place.partition(":")
    if not kind or int(at) != round or only not in key:
        return
    if attempt > int(os.environ.get("AL_MPI_FAULT_ATTEMPTS", "1")):
        return
    if kind in ("crash", "kill"):
        os.kill(os.getpid(), signal.SIGSEGV if kind == "crash" else signal.SIGKILL)
    if kind == "hang":
        time.sleep(3600)
    raise (ValueError if kind == "nan" else RuntimeError)(f"injected {kind} in round {round}")


def run(request, n_rounds, n_classes):
    spec, attempt, checkpoint = request["trial"], request["attempt"], request["checkpoint"]
    key = key_of(spec)
    began = time.time()
    records = []
    if os.path.exists(checkpoint):
        with open(checkpoint) as file:
            records = json.load(file)
    for known in records:
        say(type="round", **known)
    for round in range(len(records), n_rounds + 1):
        read_available(float(os.environ.get("FAKE_ENGINE_SECONDS", "0.01")))
        inject_fault(key, round, attempt)
        records.append(record(spec, key, round, attempt, n_classes))
        temporary = f"{checkpoint}.{os.getpid()}"
        with open(temporary, "w") as file:
            json.dump(records, file)
        os.replace(temporary, checkpoint)
        say(type="round", **records[-1])
        if b'"drain"' in requests:
            return say(type="stopped", key=key, attempt=attempt)
    say(type="done", key=key, attempt=attempt, seconds=time.time() - began)


def setting(config, name, otherwise):
    return int((re.search(name + r": *(\d+)", config) or [0, otherwise])[1])


def main():
    if "AL_MPI_PARENT_PID" in os.environ:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != int(os.environ["AL_MPI_PARENT_PID"]):
            return
    mood = os.environ.get("FAKE_ENGINE", "")
    if mood == "die":
        sys.exit("no GPU here")
    if mood == "babble":
        print("I am not an engine", flush=True)
    n_rounds = n_classes = 0
    while True:
        request = next_request()
        if request is None:
            continue
        if request["type"] == "configure":
            if mood == "refuse":
                return say(type="failed", key="", attempt=0, kind="data", message="tiles.h5: no such file")
            n_rounds = setting(request["config"], "n_rounds", 3)
            n_classes = setting(request["config"], "n_classes", 2)
            say(type="ready", device="cpu", host="fake", pid=os.getpid(), versions={"libtorch": "none"})
        elif request["type"] == "run":
            try:
                run(request, n_rounds, n_classes)
            except (RuntimeError, ValueError) as error:
                kind = "data" if isinstance(error, ValueError) else "runtime"
                say(type="failed", key=key_of(request["trial"]), attempt=request["attempt"], kind=kind,
                    message=str(error))


main()
