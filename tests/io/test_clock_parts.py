"""A clock that is spread over columns gives the same rate and start as one in a single column."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest

from ressin.io.read import read_recording

N, RATE = 4000, 8.0
SIGNAL = np.round(4.5 + 0.4 * np.sin(np.arange(N) / 40), 6)
START = datetime.datetime(2024, 5, 1, 23, 58, 30, tzinfo=datetime.timezone.utc)  # midnight is within
FORMS = {
    "Hour,Minute,Second": "{m.hour},{m.minute},{s:.3f}",
    "hh,mm,ss,ms": "{m.hour},{m.minute},{m.second},{ms}",
    "min,sec": "{m.minute},{s:.3f}",
    "Stunde,Minute,Sekunde": "{m.hour},{m.minute},{m.second}",
    "hours,minutes,seconds": "{e3600:.9f},{e60:.7f},{e}",
    "Time,ms": "{m:%H:%M:%S},{ms}",
    "Date,Time": "{m:%Y-%m-%d},{m:%H:%M:%S.%f}",
    "Date,Hour,Minute,Second": "{m:%Y-%m-%d},{m.hour},{m.minute},{s:.3f}",
    "Date,Time,ms": "{m:%d.%m.%Y},{m:%H:%M:%S},{ms}",
    "DateTime,millisecond": "{m:%Y-%m-%d %H:%M:%S},{ms}",
    "Year,Month,Day,Hour,Minute,Second": "{m.year},{m.month},{m.day},{m.hour},{m.minute},{s:.3f}",
    "year,month,day,hour,min,sec,ms": "{m.year},{m.month},{m.day},{m.hour},{m.minute},{m.second},{ms}",
}
DATED = ("Date", "Year", "year")


@pytest.mark.parametrize("header", FORMS)
def test_parts_are_one_time(header: str, tmp_path: Path) -> None:
    rows = []
    for i, x in enumerate(SIGNAL.tolist()):
        m, e = START + datetime.timedelta(seconds=i / RATE), i / RATE
        parts: dict[str, object] = {"m": m, "s": m.second + m.microsecond / 1e6, "ms": m.microsecond // 1000, "e": e}
        rows.append(FORMS[header].format(**parts, e60=e / 60, e3600=e / 3600) + f",{x!r}")
    path = tmp_path / "x.csv"
    path.write_text("\n".join([f"{header},EDA (uS)", *rows, ""]))
    found = read_recording(path)
    assert (found.sampling_rate, found.n_samples, found.clock.gaps) == (RATE, N, ())
    np.testing.assert_array_equal(found.signal, SIGNAL)
    expected = pytest.approx(START.timestamp(), abs=1e-3) if header.startswith(DATED) else None
    assert found.start_time == expected


def test_the_elapsed_milliseconds_beside_a_time_of_day_are_a_clock_of_their_own(tmp_path: Path) -> None:
    rows = [
        f"{START + datetime.timedelta(seconds=i / RATE):%H:%M:%S},{125 * i},{x!r}"
        for i, x in enumerate(SIGNAL.tolist())
    ]
    (tmp_path / "x.csv").write_text("\n".join(["Time,ms,EDA (uS)", *rows]))
    found = read_recording(tmp_path / "x.csv")
    assert (found.sampling_rate, found.n_samples, found.clock.source) == (RATE, N, "column 'ms'")
