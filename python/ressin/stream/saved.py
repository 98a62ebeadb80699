"""A stream's state in a file: numbers and JSON in NumPy's .npz, no pickles."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ressin._files.atomic import replacing
from ressin._files.json_text import parse_json
from ressin.errors import InvalidInputError, RecordingError
from ressin.settings import Settings, check_knots
from ressin.stream.engine import Engine
from ressin.stream.moments import Moments
from ressin.stream.options import StreamOptions
from ressin.stream.past import N_COEFFICIENTS, Past
from ressin.stream.robust import Learned, RobustWindow

FORMAT = "ressin stream"
VERSION = 2

_COUNTS = ("first_index", "n", "n_final", "n_counted", "missing_run")
_MOMENTS = ("mean", "mean_time", "yy", "ty", "tt", "largest")
_SUPPORT = ("support", "support_values")
_CLOCK = ("origin", "count", "is_given")


def write_state(path: str | os.PathLike[str], engine: Engine) -> None:
    """Write an engine's state; see `Stream.save`."""
    header = {
        "format": FORMAT,
        "version": VERSION,
        "settings": dataclasses.asdict(engine.settings),
        "options": dataclasses.asdict(engine.options),
        "counts": {name: getattr(engine, name) for name in _COUNTS},
        "clock": {name: getattr(engine.clock, name) for name in _CLOCK},
        "moments": dataclasses.asdict(engine.moments),
        "begin": engine.window.begin,
    }
    window = engine.window
    arrays: dict[str, NDArray[Any]] = {"signal": window.signal, "time": window.time}
    if isinstance(window, RobustWindow):
        header["robust"] = {**dataclasses.asdict(window.learned), "level": window.level}
    else:
        arrays |= {"J": window.past.J, "h": window.past.h, "state": window.state}
        samples, values = window.support
        arrays |= {_SUPPORT[0]: samples.astype(np.float64), _SUPPORT[1]: values}
    text = np.frombuffer(json.dumps(header, default=_plain).encode(), np.uint8)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, header=text, **arrays)  # type: ignore[arg-type]  # no array is called allow_pickle


def _plain(value: object) -> object:
    """Return a NumPy number as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{value!r} is not a number")


def read_state(path: str | os.PathLike[str]) -> Engine:
    """Return the engine that was written; see `Stream.load`."""
    try:
        if not zipfile.is_zipfile(path) and os.path.exists(path):
            raise ValueError("it is no .npz file")
        with open(path, "rb") as bytes_, np.load(bytes_, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        header = parse_json(held["header"].tobytes())
    except FileNotFoundError:
        raise RecordingError(f"{path}: there is no such file") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, TypeError, AttributeError) as error:
        raise RecordingError(f"{path}: it cannot be read as a stream's state: {error}") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise RecordingError(f"{path}: it does not hold a stream's state, as Stream.save writes it")
    if header.get("version") != VERSION:
        raise RecordingError(
            f"{path}: its state is of version {header.get('version')!r}; this ressin reads version {VERSION}"
        )
    try:
        return _rebuilt(header, held)
    except (InvalidInputError, KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{path}: its state does not fit together: {error}") from error


def _rebuilt(header: dict[str, Any], held: dict[str, NDArray[Any]]) -> Engine:
    chosen = dict(header["options"])
    if "on_failure" in chosen:  # the older name of `errors`
        chosen["errors"] = chosen.pop("on_failure")
    settings, options = Settings(**header["settings"]), StreamOptions(**chosen)
    check_knots(None, settings, options.sampling_rate)
    options.check_with(settings)
    engine = Engine(settings, options)
    for name in _COUNTS:
        setattr(engine, name, _count(name, header["counts"][name]))
    clock = header["clock"]
    engine.clock.origin, engine.clock.count = float(clock["origin"]), _count("count", clock["count"])
    engine.clock.is_given = bool(clock["is_given"])
    moments = header["moments"]
    engine.moments = Moments(_count("count", moments["count"]), *(float(moments[name]) for name in _MOMENTS))
    window = engine.window
    window.begin = _count("begin", header["begin"])
    n = engine.n - window.begin
    spacing = window.spacing
    if not (0 <= n < engine.capacity and window.begin % spacing == 0 and window.begin <= engine.n_final <= engine.n):
        raise ValueError(f"the window begins at {window.begin}, of {engine.n} samples {engine.n_final} are final")
    if not engine.n - engine.hop < engine.n_counted <= engine.n:
        raise ValueError(f"{engine.n_counted} of {engine.n} samples are counted")
    window.append(_array(held, "signal", (n,), nan=True), _array(held, "time", (n,)))
    if isinstance(window, RobustWindow):
        _restore(window, header["robust"])
        return engine
    window.past = Past(_array(held, "J", (N_COEFFICIENTS,) * 2), _array(held, "h", (N_COEFFICIENTS,)))
    window.state = _array(held, "state", (2,))
    if _SUPPORT[0] in held:  # what earlier versions wrote has none: the next programme then starts without
        window.support = _support(held, engine.n)
    return engine


def _support(held: dict[str, NDArray[Any]], n: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the samples at which the last programme's driver was positive, and its values there."""
    samples = _array(held, _SUPPORT[0], (held[_SUPPORT[0]].size,))
    if samples.size and not (samples[0] >= 0 and samples[-1] < n and (np.diff(samples) >= 1).all()):
        raise ValueError(f"{_SUPPORT[0]} must increase within the {n} samples")
    if (samples != np.floor(samples)).any():
        raise ValueError(f"{_SUPPORT[0]} must be whole numbers")
    values = _array(held, _SUPPORT[1], samples.shape)
    if not (values >= 0.0).all():
        raise ValueError(f"{_SUPPORT[1]} must be >= 0")
    return samples.astype(np.int64), values


def _restore(window: RobustWindow, values: dict[str, Any]) -> None:
    """Give a window what it had learned."""
    numbers = {name: float(values[name]) for name in ("noise", "height", "stiffness", "seconds", "level")}
    level = numbers.pop("level")
    if not (math.isfinite(level) and all(math.isfinite(x) and x >= 0.0 for x in numbers.values())):
        raise ValueError(f"what was learned is {values}; it must be finite numbers, noise, height and seconds >= 0")
    if numbers["stiffness"] == 0.0:
        raise ValueError("the stiffness is 0 s")
    if numbers["seconds"] > 0.0 and numbers["noise"] == 0.0:
        raise ValueError(f"the noise is 0 after {numbers['seconds']:g} s")
    window.learned, window.level = Learned(**numbers), level


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} is {value!r}; it must be an integer >= 0")
    return value


def _array(held: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...], nan: bool = False) -> NDArray[np.float64]:
    array = held[name]
    if array.dtype != np.float64 or array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape} and dtype {array.dtype}; it must be float64 {shape}")
    if not (np.isfinite(array) | (nan & np.isnan(array))).all():
        raise ValueError(f"{name} is not finite")
    return array
