"""The compiled core, called past the checks that Python makes before it: whatever it is given, it raises or is right.

Every case is a process of its own, forked from this one, in little address space: one that crashes or hangs is told
from one that raised. What only lies differently in memory (misaligned, strided, in Fortran's order, ...) must give the
same numbers.

Under the address and the undefined-behaviour sanitizer, in an environment of its own with what the package needs::

    pip install --no-deps . -Ccmake.build-type=RelWithDebInfo -Ccmake.define.RESSIN_SANITIZE=address
    export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
    export LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
    python -m tests.attack.core

The cases then have no limit of address space, of which the sanitizer takes terabytes; one that asks C++'s new for more
memory than there is ends with the sanitizer's "out-of-memory", which is no fault.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ressin import _core
from ressin.simulation.eda import simulate_eda

Given = dict[str, Any]
MIB = 2**20
ROOM = 1024 * MIB  # address space that a case may ask for
SECONDS = 20
N, DT = 240, 0.125
ROBUST = {"dt": DT, "tau0": 2.0, "tau1": 0.7, "delta_knot": 10.0}

INTEGERS = (-(2**63), 2**63 - 1, 2**63, -(2**31) - 1, 2**31, 2**31 - 1, 10**6, -1, 0, 1, 3, None, "1", 1.5)
NUMBERS = (np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 5e-324, 1e-300, 1e300, 1e-9, 1e9, 1e18, None, "1", 10**400)
WORDS = ("", "2015", "none", "constant", "linear", "spline", "osqp", "auto", "active_set", "\0", "x" * 10_000, None, 1)


def settings(**change: Any) -> _core.Settings:
    """Return settings of the core, some of them changed."""
    usual: Given = {
        "tau0": 2.0, "tau1": 0.7, "delta_knot": 10.0, "alpha": 8e-4, "gamma": 1e-2, "revision": "2025",
        "baseline": "linear", "standardize": True, "solver": "auto", "tol": 1e-9, "max_iterations": 60,
        "warm_start": True, "osqp_eps": 1e-5, "knots": None, "n_threads": 1,
    }  # fmt: skip
    return _core.Settings(**(usual | change))


def _signal(seed: int = 0, n: int = N) -> np.ndarray:
    return simulate_eda(n * DT, 1.0 / DT, n_scr=4, rng=np.random.default_rng(seed)).signal[:n].copy()


def _pixels() -> np.ndarray:
    return np.zeros((2, 2, 16, 16), np.float32)


def _decompose(**given: Any) -> list[Any]:
    solved = _core.decompose(**given)
    return [solved.fields(k) for k in range(len(solved))]


def _window(**given: Any) -> list[Any]:
    window = _core.Window(given.pop("capacity"), given.pop("window_dt"), given.pop("settings"))
    support = given.pop("support")
    if support is not None:
        window.support = support
    found: list[Any] = [window.bumps]
    for _ in range(2):
        x = window.solve(**given)
        window.keep_support()
        found += [x.phasic, x.tonic, x.driver, x.residual, x.later_state, x.status, window.support]
    return found


def _rows(**given: Any) -> list[Any]:
    rows = _core.decompose_rows(**given)
    return [rows.phasic, rows.tonic, rows.driver, rows.residual, rows.spline, rows.drift, rows.knots, rows.status]


def _draw(**given: Any) -> list[Any]:
    return [_core.draw_images(**given), given["out"]]


def _pictures(**given: Any) -> list[Any]:
    return [_core.pictures_forward(**given), given["pixels"]]


def _qp(qp: _core.QuadraticProgram) -> list[Any]:
    return [qp.P.data, qp.P.indices, qp.q, qp.A.data, qp.A.indices, qp.l, qp.u, qp.constant]


def _with_settings(call: Callable[..., Any], names: tuple[str, ...]) -> Callable[..., Any]:
    """Return `call` that takes the fields of its settings beside its own arguments."""

    def called(**given: Any) -> Any:
        fields = {name: given.pop(name) for name in names if name in given}
        made = settings(**fields)
        return call(settings=[made] if call is _rows else made, **given)

    return called


SETTINGS: Given = {
    "tau0": 2.0, "tau1": 0.7, "delta_knot": 10.0, "alpha": 8e-4, "gamma": 1e-2, "revision": "2025",
    "baseline": "linear", "standardize": True, "solver": "auto", "tol": 1e-9, "max_iterations": 60, "osqp_eps": 1e-5,
    "knots": (0, 80, 3), "n_threads": 1,
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A function of the core and arguments that are right."""

    call: Callable[..., Any]
    given: Given


def entries() -> dict[str, Entry]:
    """Return every function of the core with arguments that it takes."""
    y, w = _signal(), np.ones(N)
    pair = np.stack([y, _signal(1)])
    names = tuple(SETTINGS)
    lengths, programs = np.array([N, N - 40]), np.array([[8e-4, 1e-2, 2.0, 0.7]] * 2)
    layer: Given = {"signals": pair, "weights": np.ones_like(pair), "lengths": lengths, "programs": programs, "dt": DT}
    forward = _core.layer_forward(**layer, settings=settings())
    (robust,) = _core.decompose_robust([y], [None], [DT], 2.0, 0.7, 10.0, 1e-8, 60, 1, None)
    inner = robust["stiffness"].size
    knots, before = robust["spline"].size, robust["before"].size
    load = (
        y,
        w,
        robust["alpha"],
        robust["delta"],
        robust["kappa"],
        robust["alpha_before"],
        -np.inf,
        robust["stiffness"],
    )
    costs = (robust["alpha"], robust["delta"], robust["kappa"], robust["alpha_before"], np.full(inner, 3.0))
    picture: Given = {
        "channels": [y, _signal(1)], "offsets": np.array([0, 120, N]), "rates": np.array([8.0, 8.0]),
        "index": np.array([1, 0]), "shifts": np.array([[0, 1], [-2, 0]]), "mean": np.zeros(2, np.float32),
        "antialias": True, "out": _pixels(), "n_threads": 1, "span": (0.0, 9.0),
    }  # fmt: skip
    drawn: Given = {
        "signals": np.stack([pair, pair]), "lengths": lengths, "rate": 8.0, "shifts": np.zeros((2, 2), np.int64),
        "antialias": True, "n_threads": 1,
    }  # fmt: skip
    some = np.abs(np.random.default_rng(0).normal(size=(2, 6, N)))
    return {
        "Settings": Entry(lambda **given: settings(**given).__class__.__name__, SETTINGS),
        "decompose": Entry(_with_settings(_decompose, names), SETTINGS | {
            "signals": [y, y[:200]], "weights": [w, None], "dts": [DT, DT], "progress": None}),
        "is_finite": Entry(_core.is_finite, {"signal": y}),
        "are_usual": Entry(_core.are_usual, {"signals": [y, y[::2], None], "least": 4}),
        "certify": Entry(_with_settings(_proof(_core.certify), names), SETTINGS | {
            "signal": y, "weights": w, "dt": DT, "driver": np.zeros(N), "residual": y, "spline": [0.0] * 3,
            "drift": [0.0] * 2, "start": (0.0, 0.0)}),
        "build_qp": Entry(_with_settings(lambda **given: _qp(_core.build_qp(**given)), names), SETTINGS | {
            "signal": y, "weights": w, "dt": DT}),
        "decompose_rows": Entry(_with_settings(_rows, names), SETTINGS | {
            "signal": y, "weights": w, "starts": np.array([0, 40]), "weight_starts": np.array([-1, 40]), "length": 160,
            "dt": DT, "start": np.zeros(160), "are_close": True, "progress": None}),
        "Window": Entry(_with_settings(_window, tuple(x for x in names if x != "alpha")), SETTINGS | {
            "capacity": N, "window_dt": DT, "support": (np.array([30, 100]), np.array([1.0, 2.0])), "signal": y,
            "begin": 80, "level": 1.0, "slope": 0.0, "deviation": 1.0, "alpha": 1e-3, "is_end": False,
            "state": (0.1, 0.0), "J": np.eye(5), "h": np.zeros(5), "later": 80}),
        "draw_images": Entry(_draw, picture),
        "read_image": Entry(_core.read_image, {"image": np.eye(16, dtype=np.float32), "rows": 8, "columns": 30}),
        "image_grid": Entry(_core.image_grid, {"n": N, "rate": 8.0}),
        "grid_starts": Entry(_core.grid_starts, {"rows": 12, "rate": 8.0}),
        "layer_forward": Entry(_with_settings(_core.layer_forward, names), SETTINGS | {"knots": None} | layer),
        "layer_backward": Entry(_with_settings(_core.layer_backward, names), SETTINGS | {"knots": None} | layer | {
            "driver": forward[2], "residual": forward[3], "curvature": forward[4], "kept": forward[5],
            "to_phasic": pair, "to_tonic": pair, "to_driver": pair}),
        "pictures_forward": Entry(_pictures, drawn | {
            "mean": np.zeros(2, np.float32), "pixels": _pixels()}),
        "pictures_backward": Entry(_core.pictures_backward, drawn | {"to_pixels": _pixels() + 1}),
        "robust_solve": Entry(_core.robust_solve, ROBUST | {
            "programmes": [load, load], "tol": 1e-8, "max_iterations": 60, "certified": True, "lanes": False}),
        "decompose_robust": Entry(_core.decompose_robust, ROBUST_BATCH | {
            "signals": [y, y[:200]], "weights": [w, None], "dts": [DT, DT]}),
        "decompose_robust, costs given": Entry(_core.decompose_robust, ROBUST_BATCH | {
            "signals": [y], "weights": [w], "dts": [DT], "costs": [costs], "known": [(0.01, 0.1, 3.0, 4.0)]}),
        "certify_robust": Entry(_proof(_core.certify_robust), ROBUST | {"signal": y, "weights": w, "fields": robust}),
        "build_robust_qp": Entry(lambda **given: _qp(_core.build_robust_qp(**given)), ROBUST | {
            "signal": y, "weights": w, "fields": robust}),
        "differentiate_robust": Entry(_core.differentiate_robust, ROBUST | {
            "weights": np.ones_like(pair), "lengths": lengths, "samples": some,
            "coefficients": np.ones((2, 2 + before + 3 * knots)), "to_phasic": pair, "to_tonic": pair,
            "to_driver": pair}),
    }  # fmt: skip


CONSTANTS = {
    "stiffness": 3.0, "curvature": 1.7, "softest": 1.0, "stiffest": 6.0, "expected_bends": 5.0, "before": 6.0,
    "threshold": 1.23, "misfit": 0.025, "outlier_cost": 4.0, "shift_cost": 9.0, "reweighting": 1.0,
    "response_reach": 0.75, "recovery": 3.5, "recovery_most": 10.0, "passed_over": 1.0, "outlier_reach": 0.5,
    "enough": 0.1, "block": 0.25, "period": 900.0,
}  # fmt: skip
ROBUST_BATCH: Given = {
    "tau0": 2.0, "tau1": 0.7, "delta_knot": 10.0, "tol": 1e-8, "max_iterations": 60, "n_threads": 1, "progress": None,
    "known": [], "constants": CONSTANTS, "osqp": False, "warm_start": True, "osqp_eps": 1e-6, "costs": [],
    "active_set": True,
}  # fmt: skip


def _proof(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return `call` with the numbers of its evidence in place of the evidence."""

    def called(**given: Any) -> Any:
        evidence, *parts = call(**given)
        return [evidence.objective, evidence.relative_gap, evidence.stationarity, *parts]

    return called


def same_elsewhere(array: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the same numbers, laid out in other ways."""
    memory = np.empty(array.nbytes + array.itemsize, dtype=np.uint8)
    moved = memory[1 : 1 + array.nbytes].view(array.dtype).reshape(array.shape)
    moved[...] = array
    yield "misaligned", moved
    wide = np.repeat(array[..., None], 3, axis=-1)
    yield "strided", wide[..., 1]
    yield "in Fortran's order", np.asfortranarray(array)
    yield "backwards in memory", np.ascontiguousarray(array[::-1])[::-1]
    yield "bytes swapped", array.astype(array.dtype.newbyteorder())
    locked = array.copy()
    locked.setflags(write=False)
    yield "read-only", locked


def other_numbers(array: np.ndarray, rng: np.random.Generator) -> Iterator[tuple[str, Any]]:
    """Yield arrays that are wrong, or may be."""
    yield "empty", array[:0]
    yield "without dimensions", array.reshape(-1)[0].reshape(())
    yield "one dimension more", array[None]
    yield "flat", array.ravel()
    yield "longer", np.concatenate([array, array])
    yield "shorter", array[:-1]
    yield "a single one", array[:1]
    yield "one number for all", np.lib.stride_tricks.as_strided(array, array.shape, (0,) * array.ndim)
    yield (
        "overlapping",
        np.lib.stride_tricks.as_strided(array, array.shape, (array.itemsize,) * array.ndim)
        if array.size > 8
        else array,
    )
    for kind in ("O", "f2", "i1", "c16", "U3", "M8[s]", "?"):
        with np.errstate(all="ignore"):
            try:
                yield f"of {kind}", array.astype(kind)
            except (TypeError, ValueError):
                continue
    for value in INTEGERS[:9] if array.dtype.kind == "i" else NUMBERS[:12]:
        if not (array.dtype.kind == "i" and not -(2**63) <= value < 2**63):
            with np.errstate(all="ignore"):
                everywhere = np.full_like(array, value)
                once = array.copy()
                once.reshape(-1)[int(rng.integers(array.size))] = value
            yield f"{value} everywhere", everywhere
            yield f"{value} once", once
    yield "None", None


def _other_lists(
    value: list[Any], kind: Callable[[list[Any]], Any], rng: np.random.Generator
) -> Iterator[tuple[str, Any, bool]]:
    if len(value) == 2 and all(isinstance(one, tuple) for one in value):
        cut = tuple(one[:100] if isinstance(one, np.ndarray) and one.size == N else one for one in value[1])
        yield "the second shorter", kind([value[0], cut]), False
        yield "the first shorter", kind([cut, value[0]]), False
    yield "empty", kind([]), False
    yield "shorter", kind(value[:-1]), False
    yield "longer", kind(value + value), False
    for k, one in enumerate(value):
        for name, other, same in changed(one, rng):
            yield f"[{k}] {name}", kind([*value[:k], other, *value[k + 1 :]]), same


def changed(value: Any, rng: np.random.Generator) -> Iterator[tuple[str, Any, bool]]:
    """Yield an argument in other forms, and whether the answer must be the same."""
    if isinstance(value, np.ndarray):
        yield from ((name, other, True) for name, other in same_elsewhere(value, rng))
        yield from ((name, other, False) for name, other in other_numbers(value, rng))
    elif isinstance(value, bool):
        yield from ((repr(other), other, False) for other in (not value, None, 2))
    elif isinstance(value, int):
        yield from ((repr(other), other, False) for other in INTEGERS)
    elif isinstance(value, float):
        yield from ((str(other)[:20], other, False) for other in NUMBERS)
    elif isinstance(value, str):
        yield from ((repr(other)[:20], other, False) for other in WORDS)
    elif isinstance(value, list | tuple):
        yield from _other_lists(list(value), tuple if isinstance(value, tuple) else list, rng)
    elif isinstance(value, dict):
        for key, one in value.items():
            yield f"without {key}", {name: x for name, x in value.items() if name != key}, False
            for name, other, same in changed(one, rng):
                yield f"[{key}] {name}", value | {key: other}, same


def cases(seed: int = 0) -> Iterator[tuple[str, Entry, Given, bool]]:
    """Yield every function with every argument changed, one at a time."""
    rng = np.random.default_rng(seed)
    for name, entry in entries().items():
        for argument, value in entry.given.items():
            for kind, other, same in changed(value, rng):
                yield f"{name}, {argument}: {kind}", entry, entry.given | {argument: other}, same


def digest(answer: Any) -> str:
    """Return what says whether two answers are the same."""
    return hashlib.blake2b(pickle.dumps(answer), digest_size=8).hexdigest()


def _answer(entry: Entry, given: Given) -> str:
    try:
        return "gave " + digest(entry.call(**given))
    except MemoryError:
        return "raised MemoryError"
    except Exception as error:  # noqa: BLE001  # any exception is an answer
        return f"raised {type(error).__name__}: {str(error)[:200]}"


def _bound() -> None:
    signal.alarm(SECONDS)
    if "libasan" in os.environ.get("LD_PRELOAD", ""):
        return  # its shadow takes terabytes of addresses
    size = re.search(r"VmSize:\s+(\d+)", Path("/proc/self/status").read_text())
    assert size
    resource.setrlimit(resource.RLIMIT_AS, (int(size[1]) * 1024 + ROOM,) * 2)


def outcome(entry: Entry, given: Given) -> str:
    """Return what a call came to: an answer, an exception, or the signal that ended it."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _bound()
        os.write(write, _answer(entry, given).encode(errors="replace"))
        os._exit(0)
    os.close(write)
    said = b""
    while piece := os.read(read, 65536):
        said += piece
    os.close(read)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "does not end" if number == signal.SIGALRM else f"ended by {signal.Signals(number).name}"
    return said.decode() or f"left with status {status}"


def fault_of(entry: Entry, given: Given, same: bool, usual: str) -> str:
    """Return what is wrong with how a call came out, or nothing."""
    found = outcome(entry, given)
    if not found.startswith(("gave", "raised")):
        return found
    if same and found != usual and not found.startswith(("raised TypeError", "raised ValueError")):
        return f"{found} instead of {usual}"
    return ""


def chosen(count: int, rng: np.random.Generator, wanted: str = "") -> list[tuple[str, Entry, Given, bool]]:
    """Return some of the cases whose name holds a text, or all if there are no more."""
    found = [case for case in cases(int(rng.integers(2**31))) if wanted in case[0]]
    if count >= len(found):
        return found
    return [found[k] for k in sorted(rng.choice(len(found), count, replace=False))]


def faults(tried: list[tuple[str, Entry, Given, bool]]) -> Iterator[str]:
    """Yield for every case what is wrong with how it came out, or nothing."""
    usual: dict[int, str] = {}
    for name, entry, given, same in tried:
        if id(entry) not in usual:
            usual[id(entry)] = outcome(entry, entry.given)
            assert usual[id(entry)].startswith("gave"), f"{name}: {usual[id(entry)]}"
        fault = fault_of(entry, given, same, usual[id(entry)])
        yield f"{name}: {fault}" if fault else ""


def main(argv: Sequence[str] | None = None) -> int:
    """Print what is wrong, a case a line, and return 0 if nothing is."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack.core", description=__doc__)
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--cases", type=int, default=10**9, help="so many of them (default all)")
    parser.add_argument("--seed", type=int, default=0, help="of the choice")
    given = parser.parse_args(argv)
    tried = lost = 0
    for fault in faults(chosen(given.cases, np.random.default_rng(given.seed), given.only)):
        tried += 1
        if fault:
            lost += 1
            print(fault, flush=True)
    print(f"{tried} cases, {lost} lost")
    return int(lost > 0)


if __name__ == "__main__":
    sys.exit(main())
