"""Own strategies, own engines and results for al_mpi, from Python.

    @al_mpi.strategy      makes a function a query strategy that a sweep can run (external.strategies)
    al_mpi.Engine         runs trials of a model and a loop of one's own under the farm (farm.engine)
    al_mpi.read(file)     reads a results file as tables

Needs NumPy and h5py; tables are pandas DataFrames where pandas is there. docs/own_code.md explains all three.
"""
from __future__ import annotations

import argparse
import contextlib
import ctypes
import hashlib
import inspect
import json
import os
import queue
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

__version__ = "0.1.0"
__all__ = ["Arrays", "ConfigError", "DataError", "Engine", "Results", "Trial", "read", "scores", "strategy"]


# --- strategies ---

class Arrays(Mapping):
    """The arrays of one query by name; row i is sample i of the whole pool. Each is read when it is asked for.

    `labeled` (1 = labelled already) and `candidate` (1 = may be picked) are always there, `labels` (-1 where not
    bought) for classification; the others are those that the file holds.
    """

    def __init__(self, path: str | os.PathLike, group: str = "/") -> None:
        self._path, self._group = path, group
        self._read: dict[str, np.ndarray] = {}
        with h5py.File(path) as file:
            self._names = [name for name in file[group] if isinstance(file[group][name], h5py.Dataset)]

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(f"no array '{name}' (here are {', '.join(self._names)})")
        if name not in self._read:
            with h5py.File(self._path) as file:
                self._read[name] = file[self._group][name][()]
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def candidates(self) -> np.ndarray:
        """Indices of the samples that may be picked, ascending."""
        if "candidate" in self:
            return np.flatnonzero(self["candidate"])
        return np.flatnonzero(self["labeled"] == 0)


def strategy(function: Callable) -> Callable:
    """Makes `function(arrays, n, seed)` a command: `mine.py --input FILE --n 32 --seed 1` prints what it picks.

    The function returns n distinct indices of `arrays.candidates`, best first, or a pair (indices, scores). It may
    take further parameters with default values: they become options of the command (`alpha=0.5` is `--alpha 0.5`);
    `round` is given the number of the query, from 1. Put it last in the file: where the file is run as a program,
    the function is called at once. What it prints goes to standard error.
    """
    if function.__module__ == "__main__":
        _run_as_command(function, sys.argv[1:])
        sys.exit(0)
    return function


def _run_as_command(function: Callable, arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=function.__doc__)
    parser.add_argument("--input", required=True, help="HDF5 file with the arrays")
    parser.add_argument("--group", default="/", help="group of these arrays")
    parser.add_argument("--n", type=int, default=32, help="picks wanted")
    parser.add_argument("--seed", type=int, default=1, help="seed of what is random")
    parser.add_argument("--round", type=int, default=1, help="number of the query")
    parameters = list(inspect.signature(function).parameters.values())
    own = [p for p in parameters[3:] if p.name != "round"]
    for parameter in own:
        if parameter.default is parameter.empty:
            raise TypeError(f"{function.__name__}: parameter '{parameter.name}' has no default value")
        parser.add_argument("--" + parameter.name.replace("_", "-"), dest=parameter.name, default=parameter.default,
                            type=_option_type(parameter.default), help=f"default: {parameter.default}")
    given = parser.parse_args(arguments)
    extra = {parameter.name: getattr(given, parameter.name) for parameter in parameters[3:]}
    arrays = Arrays(given.input, given.group)
    n = min(given.n, len(arrays.candidates))
    with contextlib.redirect_stdout(sys.stderr):
        answer = function(arrays, n, given.seed, **extra)
    indices, values = answer if isinstance(answer, tuple) else (answer, None)
    _print_picks(function.__name__, np.asarray(indices), values, arrays, n)


def _option_type(default: Any) -> Callable[[str], Any]:
    if isinstance(default, bool):
        return lambda text: {"true": True, "false": False}[text.lower()]
    return str if default is None else type(default)


def _print_picks(name: str, indices: np.ndarray, values: Any, arrays: Arrays, n: int) -> None:
    if indices.shape != (n,):
        raise ValueError(f"{name} returned indices of shape {indices.shape}, {n} are wanted")
    if not np.issubdtype(indices.dtype, np.integer):
        raise TypeError(f"{name} returned {indices.dtype}, not whole numbers")
    repeated = n - len(np.unique(indices))
    if repeated:
        raise ValueError(f"{name} returned {repeated} indices twice")
    foreign = np.setdiff1d(indices, arrays.candidates)
    if len(foreign):
        raise ValueError(f"{name} returned {foreign[0]}, which is no candidate (see arrays.candidates)")
    values = np.zeros(n) if values is None else np.asarray(values, dtype=float)
    if values.shape != (n,):
        raise ValueError(f"{name} returned scores of shape {values.shape} for {n} indices")
    lines = [f"{order},{index},{float(score)!r}" for order, (index, score) in enumerate(zip(indices, values))]
    print("\n".join(["order,index,score", *lines]))


# --- results ---

@dataclass
class Results:
    """A results file as tables: pandas DataFrames, or dicts of NumPy arrays where pandas is not installed."""
    curves: Any              #: a row a round: trial, strategy, init, seed, round, n_labeled, every metric
    picks: Any               #: a row a labelled sample: strategy, init, seed, round, order, index, label, score
    trials: Any              #: a row a trial: state, attempts, device, seconds, error
    provenance: dict         #: attributes of the file: config, fingerprints, versions, hosts, class_names (a list)


def read(path: str | os.PathLike) -> Results:
    """Reads a results file (`NAME.h5`), finished or not."""
    with h5py.File(path) as file:
        if _text(file.attrs.get("format", "")) != "al_mpi results":
            raise ValueError(f"{path} is no results file of al_mpi")
        rounds, picks, trials = (_columns(file[name][:]) if name in file else {} for name in ("rounds", "picks", "trials"))
        provenance = {name: _text(value) for name, value in file.attrs.items()}
    if picks and trials:
        row_of = {number: row for row, number in enumerate(trials["trial"])}
        rows = [row_of[number] for number in picks["trial"]]
        whose = {name: trials[name][rows] for name in ("strategy", "init", "seed")}
        picks = {"trial": picks.pop("trial"), **whose, **picks}
    provenance["class_names"] = provenance.get("class_names", "").split("\n")
    return Results(_table(rounds), _table(picks), _table(trials), provenance)


def _text(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value


def _columns(table: np.ndarray) -> dict[str, np.ndarray]:
    columns = {name: table[name] for name in table.dtype.names}
    return {name: np.char.decode(c, "utf-8").astype(object) if c.dtype.kind == "S" else c for name, c in columns.items()}


def _table(columns: dict[str, np.ndarray]) -> Any:
    try:
        import pandas
    except ImportError:
        return columns
    return pandas.DataFrame(columns)


def scores(true: Sequence[int], predicted: Sequence[int], n_classes: int) -> tuple[dict[str, float], np.ndarray]:
    """Accuracy, balanced accuracy and macro F1 under the names that al_aggregate knows, and the confusion matrix.

    Classes that occur neither in `true` nor in `predicted` count in none of them.
    """
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(confusion, (np.asarray(true), np.asarray(predicted)), 1)
    hits, n_true, n_predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = 2 * hits[n_true + n_predicted > 0] / (n_true + n_predicted)[n_true + n_predicted > 0]
    recall = hits[n_true > 0] / n_true[n_true > 0]
    return {"accuracy": float(hits.sum() / max(1, n_true.sum())), "balanced_accuracy": float(recall.mean()),
            "macro_f1": float(f1.mean())}, confusion


# --- engines ---

class ConfigError(Exception):
    """The settings ask for what the engine cannot do: the trial fails for good."""


class DataError(Exception):
    """A file cannot be read on this host: the trial goes to another one."""


@dataclass
class Trial:
    """One trial of the sweep, as `Engine` is given it."""
    number: int
    strategy: str
    init: str
    seed: int
    settings: dict[str, Any]      #: settings by their paths ("loop.n_query"), the trial's own ones in place
    key: str
    attempt: int = 1
    alive: Callable[[], None] = field(default=lambda: None, repr=False)  #: a sign of life in a long computation

    def seed_of(self, purpose: str, round: int = 0) -> int:
        """A seed in [0, 2^31) that depends on (seed, purpose, round) alone."""
        digest = hashlib.blake2b(f"{self.seed}/{purpose}/{round}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") % 2**31

    def rng(self, purpose: str, round: int = 0) -> np.random.Generator:
        """Random numbers that depend on (seed, purpose, round) alone: not on the rank, nor on retries."""
        return np.random.default_rng(self.seed_of(purpose, round))


class Engine:
    """An engine of one's own: override configure(), train() and choose(); run it with `MyEngine().serve()`.

    The engine keeps the loop, the lines of docs/protocols.md, checkpoints and draining. A result must depend on the
    trial alone, so draw from `trial.rng(purpose, round)`, and let train() depend on the labels it is given.
    """

    strategies: Sequence[str] = ()   #: names that choose() knows; another one is refused. Empty: choose() refuses
    device = "cpu"                   #: "cpu", or "cuda:NAME ..." where the engine computes on a GPU
    n_pool = 0                       #: samples of the pool; configure() sets it

    # What an engine of one's own defines.

    def configure(self, settings: dict[str, Any], threads: int) -> None:
        """Called once, before the first trial: loads the data and sets `n_pool`. May raise ConfigError, DataError.

        `settings` are those of the sections dataset, model, training, loop, query and oracle by their paths
        ("training.epochs"), with defaults where the configuration says nothing.
        """

    def train(self, trial: Trial, round: int, labeled: np.ndarray) -> tuple[Mapping[str, float], Any]:
        """Trains on the samples `labeled` and evaluates on the test set: (metrics by name, confusion matrix)."""
        raise NotImplementedError

    def choose(self, trial: Trial, round: int, labeled: np.ndarray, candidates: np.ndarray, n: int) -> Any:
        """`n` of the indices `candidates`, or (indices, scores), by `trial.strategy` and the model that train() left."""
        raise NotImplementedError

    def initial(self, trial: Trial, candidates: np.ndarray, n: int) -> Any:
        """The initial set by `trial.init`: as it is here, `random` alone."""
        if trial.init != "random":
            raise ConfigError(f"sweep.inits: this engine knows 'random' only, not '{trial.init}'")
        return trial.rng("initial").permutation(candidates)[:n]

    def label(self, trial: Trial, indices: np.ndarray) -> np.ndarray:
        """Class numbers that the oracle answers for `indices`; -1 where a sample has no single one."""
        return np.full(len(indices), -1)

    # The loop.

    def serve(self) -> None:
        """Answers requests on standard input until its end. What anything prints goes to standard error."""
        self._bind_to_parent()
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        sys.stdout.reconfigure(line_buffering=True)  # a print is in the log at once, whatever ends the engine
        self._requests: queue.Queue = queue.Queue()
        self._draining = threading.Event()
        self._settings: dict[str, Any] | None = None
        threading.Thread(target=self._read_requests, daemon=True).start()
        while True:
            request = self._requests.get()
            kind = request.get("type")
            if kind == "configure":
                self._answering({}, lambda: self._configure(request))
            elif kind == "run":
                self._answering(request, lambda: self._run(request))
            else:
                self._send(type="failed", kind="config", message=f"unknown request {str(kind)!r}")

    @staticmethod
    def _bind_to_parent() -> None:
        """Its rank decides when it ends, and it does not outlive that rank."""
        for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        with contextlib.suppress(Exception):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.environ.get("AL_MPI_PARENT_PID", str(os.getppid())) != str(os.getppid()):
            sys.exit(1)

    def _read_requests(self) -> None:
        for line in sys.stdin.buffer:
            try:
                request = json.loads(line)
            except ValueError:
                request = {"type": "unreadable"}
            if not isinstance(request, dict):
                request = {"type": "unreadable"}
            if request.get("type") == "drain":
                self._draining.set()
            else:
                self._requests.put(request)
        os._exit(0)  # the rank is gone or wants no more

    def _send(self, **line: Any) -> None:
        self._out.write(json.dumps(line) + "\n")
        self._out.flush()

    def _answering(self, request: dict, work: Callable[[], None]) -> None:
        """Does `work`; an error becomes a line `failed`."""
        kinds = ((ConfigError, "config"), (DataError, "data"), (OSError, "data"))
        try:
            work()
        except Exception as error:  # noqa: BLE001: whatever it is, the rank is told
            traceback.print_exc()
            kind = next((kind for type_, kind in kinds if isinstance(error, type_)), "runtime")
            text = str(error).strip().split("\n")[0]
            message = text if isinstance(error, (ConfigError, DataError)) else f"{type(error).__name__}: {text}"
            key = _key(request["trial"]) if isinstance(request.get("trial"), dict) else ""
            self._send(type="failed", key=key, attempt=request.get("attempt", 0), kind=kind, message=message)

    def _configure(self, request: dict) -> None:
        if not isinstance(request.get("settings"), dict):
            raise ConfigError("'configure' has no settings")
        self.configure(request["settings"], int(request.get("threads", 1)))
        if self.n_pool <= 0:
            raise ConfigError(f"{type(self).__name__}.configure() did not set n_pool, the number of samples in the pool")
        self._settings, self._fingerprint = request["settings"], request.get("fingerprint", "")
        self._send(type="ready", device=self.device, host=socket.gethostname(), pid=os.getpid(), versions={})

    def _run(self, request: dict) -> None:
        if self._settings is None:
            raise ConfigError("'run' came before 'configure'")
        spec = request["trial"]
        trial = Trial(int(spec["trial"]), spec["strategy"], spec["init"], int(spec["seed"]), dict(self._settings),
                      _key(spec), int(request.get("attempt", 1)))
        for name, text in spec.get("settings", {}).items():
            trial.settings[name] = _like(text, trial.settings.get(name))
        if self.strategies and trial.strategy not in self.strategies:
            raise ConfigError(f"sweep.strategies: this engine knows {', '.join(self.strategies)}, not '{trial.strategy}'")
        trial.alive = lambda: self._send(type="alive", key=trial.key)
        began = time.monotonic()
        done = self._rounds(trial, _Checkpoint(request.get("checkpoint", ""), trial, self._fingerprint))
        self._send(type="done" if done else "stopped", key=trial.key, attempt=trial.attempt,
                   seconds=time.monotonic() - began)

    def _rounds(self, trial: Trial, checkpoint: _Checkpoint) -> bool:
        """Whether the trial is done; False: drained, its checkpoint goes on with it."""
        n_rounds, n_query = trial.settings["loop.n_rounds"], trial.settings["loop.n_query"]
        checkpoint.load()
        for record in checkpoint.rounds:
            self._send(**{**record, "type": "round", "trial": trial.number})
        if not checkpoint.rounds:
            checkpoint.next = self._picks(trial, 0, np.empty(0, int), trial.settings["loop.n_init"])
        labeled = [pick[0] for record in checkpoint.rounds for pick in record["picks"]]
        for round in range(len(checkpoint.rounds), n_rounds + 1):
            if self._draining.is_set():
                return False
            trial.alive()
            picks, seconds_query = checkpoint.next, checkpoint.seconds_query
            labeled += [pick[0] for pick in picks]
            known = np.asarray(labeled, dtype=int)
            began = time.monotonic()
            metrics, confusion = self.train(trial, round, known)
            numbers = {**metrics, "seconds_query": seconds_query, "seconds_train": time.monotonic() - began}
            record = {"trial": trial.number, "key": trial.key, "round": round, "attempt": trial.attempt,
                      "n_labeled": len(labeled), "picks": [[i, c, _number(s)] for i, c, s in picks],
                      "metrics": [[name, _number(value)] for name, value in numbers.items()],
                      "confusion": np.asarray(confusion, dtype=int).ravel().tolist(),
                      "weights_hash": _digest([trial.key, round, dict(metrics), picks])}
            checkpoint.rounds.append(record)
            checkpoint.next = []
            if round < n_rounds:
                began = time.monotonic()
                checkpoint.next = self._picks(trial, round + 1, known, n_query)
                checkpoint.seconds_query = time.monotonic() - began
            checkpoint.save()
            self._send(**{**record, "type": "round"})
        return True

    def _picks(self, trial: Trial, round: int, labeled: np.ndarray, n: int) -> list[list]:
        candidates = np.setdiff1d(np.arange(self.n_pool), labeled)
        if n > len(candidates):
            raise ConfigError(f"loop: {n} labels are wanted in round {round}, {len(candidates)} of {self.n_pool} are left")
        answer = self.choose(trial, round, labeled, candidates, n) if round else self.initial(trial, candidates, n)
        indices, values = answer if isinstance(answer, tuple) else (answer, np.zeros(n))
        indices = np.asarray(indices)
        chosen = set(indices.tolist())
        if indices.shape != (n,) or len(chosen) != n or not chosen <= set(candidates.tolist()):
            raise ConfigError(f"{trial.strategy if round else trial.init} chose {indices.tolist()[:8]}...: not {n} "
                              "distinct candidates")
        labels = self.label(trial, indices)
        return [[int(i), int(c), float(s)] for i, c, s in zip(indices, labels, np.asarray(values, dtype=float))]


class _Checkpoint:
    """A trial between two rounds, as a file of JSON that is replaced as a whole."""

    def __init__(self, path: str, trial: Trial, fingerprint: str) -> None:
        self.path = path
        self.identity = _digest([trial.key, trial.settings, fingerprint])
        self.rounds: list[dict] = []
        self.next: list[list] = []
        self.seconds_query = 0.0

    def load(self) -> None:
        """Leaves things as they are where there is no fitting file: the trial begins anew."""
        if not self.path or not os.path.exists(self.path):
            return
        try:
            with open(self.path, encoding="utf-8") as file:
                found = json.load(file)
            if found["identity"] != self.identity:
                raise ValueError("belongs to another trial or other settings")
            self.rounds, self.next, self.seconds_query = found["rounds"], found["next"], found["seconds_query"]
        except (ValueError, KeyError, TypeError) as error:
            print(f"{self.path}: {error}; the trial begins anew", file=sys.stderr)

    def save(self) -> None:
        if not self.path:
            return
        content = {"identity": self.identity, "rounds": self.rounds, "next": self.next,
                   "seconds_query": self.seconds_query}
        try:
            with open(self.path + ".new", "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(self.path + ".new", self.path)
        except OSError as error:  # a full disk may cost the rounds so far, not the trial
            print(f"{self.path}: {error}; the trial goes on without a checkpoint of this round", file=sys.stderr)


def _key(spec: Mapping[str, Any]) -> str:
    own = "".join(f"{name}={value};" for name, value in sorted((spec.get("settings") or {}).items()))
    return f"{own}{'/' if own else ''}{spec.get('strategy')}/{spec.get('init')}/{spec.get('seed')}"


def _number(value: float) -> float | str:
    """JSON has no NaN and no infinities."""
    value = float(value)
    return value if np.isfinite(value) else {"nan": "nan", "inf": "inf", "-inf": "-inf"}[str(value)]


def _digest(content: Any) -> str:
    return hashlib.blake2b(json.dumps(content, sort_keys=True, default=float).encode(), digest_size=8).hexdigest()


def _like(text: str, known: Any) -> Any:
    """The text of a trial's own setting, in the type that the sweep's value has."""
    if isinstance(known, bool):
        return text == "true"
    return type(known)(text) if isinstance(known, (int, float)) else text
