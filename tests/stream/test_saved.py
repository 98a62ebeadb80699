"""A stream's state in a file."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ressin import OutputError, RecordingError, Stream, StreamParts
from tests.signals import simulate

RATE = 4.0


def later(stream: Stream, signal: Any, time: float | None) -> StreamParts:
    return StreamParts.join([stream.push(signal, time).final, stream.finish().final])


@pytest.mark.parametrize("cut", [0, 2, 37, 333, 1001])
@pytest.mark.parametrize("baseline", ["none", "linear"])
def test_what_is_loaded_goes_on_bit_for_bit(cut: int, baseline: Any, tmp_path: Path) -> None:
    y = simulate(RATE, 400, seed=1)
    y[900:950] = np.nan
    stream = Stream(RATE, baseline=baseline, lag=np.float64(15))
    stream.push(y[:cut], time=100.0)
    stream.save(tmp_path / "state.npz")
    loaded = Stream.load(tmp_path / "state.npz")
    assert (loaded.settings, loaded.options, loaded.n_samples) == (stream.settings, stream.options, cut)
    at = 100.0 + cut / RATE + 3.0
    expected, got = later(stream, y[cut:], at), later(loaded, y[cut:], at)
    for name in ("index", "time", "phasic", "tonic", "driver", "residual"):
        np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    stream = Stream(RATE)
    stream.push(simulate(RATE, 200, seed=1))
    stream.save(tmp_path / "state.npz")
    return tmp_path / "state.npz"


def change(path: Path, **changes: Any) -> None:
    """Write other arrays, or with a key of the header another value, into a state."""
    with np.load(path) as file:
        held = dict(file)
    header = json.loads(held["header"].tobytes())
    for name, value in changes.items():
        if isinstance(value, np.ndarray):
            held[name] = value
        else:
            part, _, key = name.partition("__")
            if key:
                header[part][key] = value
            else:
                header[part] = value
    held["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(path, **held)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "a cake"}, "does not hold a stream's state"),
        ({"version": 99}, "version 99; this ressin reads version 2"),
        ({"settings__alpha": -1.0}, "alpha is -1"),
        ({"settings__colour": 1}, "colour"),
        ({"options__lag": "long"}, "lag is 'long'"),
        ({"counts__n": 3}, "window begins at"),
        ({"counts__n_final": 10**6}, "are final"),
        ({"counts__n_counted": 5}, "5 of 800 samples are counted"),
        ({"counts__n": 800.5}, "it must be an integer"),
        ({"begin": 41}, "window begins at 41"),
        ({"signal": np.zeros(7)}, r"signal has shape \(7,\)"),
        ({"time": np.full(400, np.nan)}, "time"),
        ({"J": np.full((5, 5), np.inf)}, "J is not finite"),
        ({"h": np.zeros(5, np.float32)}, "float32"),
        ({"support": np.array([5.0, 3.0])}, "support must increase within the 800 samples"),
        ({"support": np.array([5.0, 900.0])}, "support must increase within the 800 samples"),
        ({"support": np.array([5.5, 9.0])}, "support must be whole numbers"),
        ({"support": np.array([5.0]), "support_values": np.array([-1.0])}, "support_values must be >= 0"),
        ({"support": np.array([5.0]), "support_values": np.array([])}, r"support_values has shape \(0,\)"),
    ],
)
def test_a_state_that_does_not_fit_together_is_refused(changes: dict[str, Any], message: str, state: Path) -> None:
    change(state, **changes)
    with pytest.raises(RecordingError, match=message):
        Stream.load(state)


def test_a_state_without_a_support_to_start_from_goes_on(state: Path) -> None:
    y = simulate(RATE, 300, seed=1)[800:]
    expected = later(Stream.load(state), y, None)
    with np.load(state) as file:
        held = {name: file[name] for name in file.files if not name.startswith("support")}
    np.savez(state, **held)
    np.testing.assert_allclose(later(Stream.load(state), y, None).phasic, expected.phasic, atol=1e-7)


class Explosive:
    def __reduce__(self) -> Any:
        return (Path.touch, (Path("exploded"),))


def test_loading_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(Explosive()))
    np.savez(tmp_path / "objects.npz", header=np.array([Explosive()], dtype=object))
    for name in ("pickle.npz", "objects.npz"):
        with pytest.raises(RecordingError, match="cannot be read as a stream's state"):
            Stream.load(tmp_path / name)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken"])
def test_another_file_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "state.npz").write_bytes(content)
    with pytest.raises(RecordingError, match="cannot be read as a stream's state"):
        Stream.load(tmp_path / "state.npz")


def test_no_file_and_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="there is no such file"):
        Stream.load(tmp_path / "none.npz")
    with pytest.raises(OutputError, match="does not exist"):
        Stream(RATE).save(tmp_path / "nowhere" / "state.npz")
