"""Tables below a title, the subject, the device and the rate: the header is found, the rate taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io.preamble import rate_above
from ressin.io.read import read_recording

N, RATE = 640, 8.0
TIMES = np.arange(N) / RATE
SIGNAL = np.round(4.5 + 0.4 * np.sin(np.arange(N) / 40), 6)
Row = Callable[[float, float], str]


def two(t: float, x: float) -> str:
    return f"{t};{x!r}"


def three(t: float, x: float) -> str:
    return f"{t};{x!r};33"


def write(path: Path, top: list[str], row: Row) -> Path:
    path.write_text("\n".join([*top, *(row(t, x) for t, x in zip(TIMES.tolist(), SIGNAL.tolist(), strict=True)), ""]))
    return path


@pytest.mark.parametrize(
    ("top", "row"),
    [
        (["Recording of S01", "time (s);EDA (uS)"], two),
        (["Subject;S01", "Device;Shimmer", "Sampling rate (Hz);8", "time (s);EDA (uS)"], two),
        (["Subject;S01", "Device;Shimmer", "time (s);EDA (uS)"], two),
        (["Subject;S01", "time;EDA", "[s];[uS]"], two),
        (["Subject;S01;", "time;EDA;TEMP", "s;uS;degC"], three),
        (["Shimmer;Shimmer;Shimmer", "time;GSR;TEMP", "s;uS;C"], three),
        (["Name;Anna;", "Date;2023-11-14;", "time (s);EDA (uS);note"], lambda t, x: f"{t};{x!r};"),
        (["Title;;", ";;", ";EDA (uS);TEMP"], three),
        (["Exported by X v1.2", "Time EDA(uS)"], lambda t, x: f"{t} {x!r}"),
        (["Exported by X v1.2 on 2023-11-14 10:11:12", "Channel 1: EDA", "", "Time\tEDA (uS)"],
         lambda t, x: f"{t}\t{x!r}"),
        (["Subject: S01", "Sampling Rate: 8 Hz", "EDA (uS)"], lambda t, x: repr(x)),
        (["Subject;S01", "Sampling rate (Hz);8", "EDA (uS);TEMP (C)"], lambda t, x: f"{x!r};33"),
    ],
)  # fmt: skip
def test_a_header_below_other_lines(top: list[str], row: Row, tmp_path: Path) -> None:
    found = read_recording(write(tmp_path / "x.csv", top, row))
    assert (found.sampling_rate, found.unit, found.n_samples) == (RATE, "uS", N)
    assert any(note.endswith("above the header left out") for note in found.notes)
    np.testing.assert_array_equal(found.signal, SIGNAL)


@pytest.mark.parametrize("top", [["time;EDA", "s;uS"], ["time;EDA", "CAL;CAL", "s;uS"], ["time (s);EDA (uS)"]])
def test_units_below_the_header_are_no_header(top: list[str], tmp_path: Path) -> None:
    found = read_recording(write(tmp_path / "x.csv", top, two))
    assert (found.sampling_rate, found.unit, found.n_samples) == (RATE, "uS", N)
    assert not any("above the header" in note for note in found.notes)


def test_a_word_among_the_samples_is_named_and_the_header_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", ["time (s);EDA (uS)", "-0.125;start"], two)
    with pytest.raises(RecordingError, match=r"line 2, column 'EDA \(uS\)': 'start' is not a number"):
        read_recording(path)


def test_a_rate_above_that_contradicts_the_times_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", ["Sampling rate: 4 Hz", "", "time (s);EDA (uS)"], two)
    with pytest.raises(RecordingError, match="states 4 Hz, but its times say 8 Hz"):
        read_recording(path)


@pytest.mark.parametrize(
    ("row", "rate"),
    [(["Sampling rate (Hz)", "8"], 8.0), (["Sample Rate: 64 Hz"], 64.0), (["fs = 4"], 4.0),
     (["Abtastrate:", "8,5"], 8.5), (["Samples", "640"], None), (["Data", "8"], None), (["Date", "2023"], None)],
)  # fmt: skip
def test_which_lines_state_a_rate(row: list[str], rate: float | None) -> None:
    assert rate_above([row]) == rate
