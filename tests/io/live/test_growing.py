"""A text that grows, line by line or in any pieces, gives what the finished file gives."""

from __future__ import annotations

import gzip
import importlib.util
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.layouts.registry import LAYOUTS as REGISTERED
from ressin.io.live.growing import Growing
from ressin.io.read import read_recording
from ressin.reading import Reading
from tests.io.layouts.writers import LAYOUTS, Written

Array = NDArray[np.float64]
GROWS = {layout.name for layout in REGISTERED if layout.grows}


def grow(path: Path, size: int = 2993, time_column: str | None = None, **wanted: Any) -> tuple[Growing, Array]:
    """Give a file's bytes in pieces of some bytes, or line by line; return what was found out and the samples."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    pieces = [data[k : k + size] for k in range(0, len(data), size)] if size else data.splitlines(keepends=True)
    growing = Growing(str(path).removesuffix(".gz"), Reading(**wanted), time_column)
    signals = [growing.take(piece)[0] for piece in pieces]
    return growing, np.concatenate([*signals, growing.take(b"", is_last=True)[0]])


def assert_as_finished(path: Path, size: int = 2993, **wanted: Any) -> Array:
    whole = read_recording(path, **wanted)
    growing, signal = grow(path, size, **wanted)
    np.testing.assert_array_equal(signal, whole.signal)
    assert growing.unit == whole.unit
    assert growing.sampling_rate == pytest.approx(whole.sampling_rate, rel=1e-3)
    return signal


@pytest.mark.parametrize("written", [w for w in LAYOUTS if w.name in GROWS], ids=lambda w: w.write.__name__)
def test_every_layout_of_text_gives_what_the_finished_file_gives(written: Written, tmp_path: Path) -> None:
    assert_as_finished(written.write(tmp_path), sampling_rate=written.rate)


@pytest.mark.parametrize("written", [w for w in LAYOUTS if w.name not in GROWS], ids=lambda w: w.write.__name__)
def test_what_is_binary_is_refused_with_that_word(written: Written, tmp_path: Path) -> None:
    if written.needs and importlib.util.find_spec(written.needs) is None:
        pytest.skip(f"{written.needs} is not installed")
    path = written.write(tmp_path)
    name = "hdf5" if written.name == "opensignals-h5" else written.name  # by its first bytes alone
    with pytest.raises(RecordingError, match=rf"is {name}, a binary format, which cannot be watched"):
        grow(path, 1000)


def rows(times: Array, values: Array, form: str = "{:.3f}", name: str = "time (s)", unit: str = "uS") -> str:
    lines = [f"{form.format(t)},{x:.10g}" for t, x in zip(times, values, strict=True)]
    return "\n".join([f"{name},EDA ({unit})", *lines]) + "\n"


N = 1200
T = np.arange(N) / 8
X = np.round(4 + np.sin(np.arange(N) / 30), 6)
KEPT = np.r_[0:300, 301:500, 540:900, 906:N]
RNG = np.random.default_rng(5)


def clock_text(hour: float) -> Callable[[Array], list[str]]:
    def write(times: Array) -> list[str]:
        seconds = (hour * 3600 + times) % 86_400
        return [f"{int(s // 3600):02d}:{int(s // 60 % 60):02d}:{s % 60:06.3f}" for s in seconds]

    return write


CLOCKS = {
    "seconds with gaps": rows(T[KEPT], X[KEPT]),
    "milliseconds with gaps": rows(1000 * T[KEPT], X[KEPT], "{:.0f}", "timestamp_ms"),
    "microseconds since 1970": rows(1.7e15 + 1e6 * T[KEPT], X[KEPT], "{:.0f}", "timestamp"),
    "hours": rows(T[KEPT] / 3600, X[KEPT], "{:.8f}", "time [h]"),
    "Excel's days": rows(45_000 + T[KEPT] / 86_400, X[KEPT], "{:.9f}", "date"),
    "jitter": rows(T + RNG.uniform(-0.03, 0.03, N), X),
    "bursts": rows(np.repeat(T[::8], 8) + 0.001 * (np.arange(N) % 8), X),
    "whole seconds": rows(np.floor(T), X, "{:.0f}"),
    "over midnight twice": "clock,EDA (uS)\n" + "".join(
        f"{clock},{x}\n" for clock, x in zip(clock_text(23.99)(np.arange(N) * 86.4 / 600), X, strict=True)
    ),
    "kOhm with gaps": rows(T[KEPT], np.round(1000 / X[KEPT], 6), unit="kOhm"),
    "siemens": rows(T, X / 1e6, unit="S"),
    "sentinels": rows(T, np.where(np.arange(N) % 97 == 5, -9999, X)),
    "empty cells": re.sub(r"(?m)^(1[0-2]\..*),.*$", r"\1,", rows(T, X)),
    "words at the end": rows(T, X) + "mean,4.0 uS over all\n",
    "a header that is repeated": rows(T[:600], X[:600]) + rows(T[600:], X[600:]),
    "a cut last number": rows(T, X + 0.000_000_5, "{:.3f}")[:-4],
    "decimal commas": rows(T[KEPT], X[KEPT]).replace(",", ";").replace(".", ","),
    "comments": "# made up\n# here\n" + rows(T[KEPT], X[KEPT]),
    "Windows line ends": rows(T[KEPT], X[KEPT]).replace("\n", "\r\n"),
}  # fmt: skip


@pytest.mark.parametrize("kind", CLOCKS)
def test_units_clocks_and_gaps_are_those_of_the_finished_file(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(CLOCKS[kind])
    signal = assert_as_finished(path)
    assert np.isnan(signal).sum() == (47 if "with gaps" in kind else np.isnan(signal).sum())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "cp1252"])
def test_any_encoding_and_any_piece(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(rows(T[:60], X[:60], unit="\u00b5S").encode(encoding))
    assert_as_finished(path, 29)


def test_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    kept = KEPT[250:350]
    path.write_text(rows(T[kept], X[kept]))
    assert_as_finished(path, 0)


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        (rows(T, X), {"sampling_rate": 4.0}, r"the rate of 4 Hz was given, but the file says 8 Hz"),
        (rows(T, X, unit="V"), {}, r"is in V, not in microsiemens; .*--unit V"),
        (rows(T, X, name="trial"), {}, r"columns could be the signal|the rate is not in the file"),
        ("a,b\n" + "1,2\n" * 100, {"sampling_rate": 4.0}, "2 columns could be the signal: 'a', 'b'; name one"),
        ("x\n" + "1\n" * 60 + "three\n" + "1\n" * 60, {"sampling_rate": 4.0}, r"line 62, .*'three' is not a number"),
        (rows(T, X) + "20.0,1\n" * 2, {}, "the time does not rise"),
        (rows(T[:600], X[:600]) + "75\n" + rows(T[600:], X[600:])[18:], {}, r"line 602: 1 field\(s\) where the header"),
        (rows(T, np.where(T < 20, 0, X)), {"sampling_rate": 4.0}, "the rate of 4 Hz was given, but the file says 8 Hz"),
        ("subject,EDA (uS)\n" + "1,4\n" * 90 + "2,4\n" * 90, {"sampling_rate": 4.0}, "several recordings"),
        (rows(T / 60, X) + rows(T, X), {}, "does not rise|header"),
    ],
)
def test_what_decompose_refuses_is_refused(text: str, wanted: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(RecordingError, match=message):
        read_recording(path, **wanted)
    with pytest.raises(RecordingError, match=message):
        grow(path, **wanted)


def test_a_long_gap_is_left_open_and_its_length_stands_in_the_times(tmp_path: Path) -> None:
    times = np.concatenate([T[:400], 1000 + T[:400]])
    growing = Growing("x.csv", Reading())
    text = rows(times, X[:800]).encode()
    parts = [growing.take(text[k : k + 997]) for k in range(0, len(text), 997)]
    parts.append(growing.take(b"", is_last=True))
    signal = np.concatenate([part[0] for part in parts])
    seconds = np.concatenate([part[1] for part in parts if part[1] is not None])
    np.testing.assert_array_equal(signal, X[:800])
    np.testing.assert_allclose(seconds, times, atol=1e-9)


def test_the_samples_before_a_line_that_cannot_be_read_are_given_first() -> None:
    growing = Growing("x.csv", Reading(sampling_rate=4.0))
    head, _ = growing.take(b"EDA\n" + b"".join(b"%d\n" % k for k in range(40)))
    assert head.tolist() == list(range(40))
    rest, _ = growing.take(b"40\n41\nthree\n43\n")
    assert rest.tolist() == [40, 41]
    with pytest.raises(RecordingError, match=r"x\.csv, line 44, .*'three' is not a number"):
        growing.take(b"")


def test_the_column_of_times_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("sent,EDA (uS),taken\n" + "".join(f"{k},{x},{k / 8}\n" for k, x in enumerate(X)))
    growing, signal = grow(path, time_column="taken")
    assert growing.sampling_rate == 8
    np.testing.assert_array_equal(signal, X)


def test_what_was_found_is_said_with_the_first_samples() -> None:
    growing = Growing("x.csv", Reading())
    text = rows(T, 1000 / X, unit="kOhm").encode()
    growing.take(text[:40])
    assert growing.about == []
    growing.take(text[40:])
    assert growing.about[0].startswith("x.csv: uS, 8 Hz; ")
    assert "resistance in kOhm converted to uS" in growing.about[0]


def give(growing: Growing, line: bytes, times: int) -> None:
    for _ in range(times):
        growing.take(line)


def test_a_text_that_cannot_be_read_is_refused_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordingError, match="the rate is not in the file"):
        give(Growing("x.csv", Reading()), b"1.5\n", 2000)
    monkeypatch.setattr("ressin.io.live.growing._PATIENCE", 0.0)
    with pytest.raises(RecordingError, match="the rate is not in the file"):
        give(Growing("x.csv", Reading()), b"1.5\n", 20)
