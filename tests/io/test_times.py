"""Times as people and programmes write them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from ressin.errors import RecordingError
from ressin.io.read import read_recording
from ressin.recording import Recording

START = datetime.datetime(2024, 2, 13, 14, 0, tzinfo=datetime.timezone.utc)


def moment(i: int) -> datetime.datetime:
    return START + datetime.timedelta(seconds=i / 8)


def read(folder: Path, header: str, form: str, *, milliseconds: str | None = None, n: int = 80) -> Recording:
    def cell(i: int) -> str:
        at = moment(i)
        text = at.strftime(form)
        return text if milliseconds is None else text.replace("MS", f"{milliseconds}{at.microsecond // 1000:03d}")

    (folder / "x.csv").write_text(f"{header};EDA (uS)\n" + "".join(f"{cell(i)};{4 + i % 7}.5\n" for i in range(n)))
    return read_recording(folder / "x.csv")


@pytest.mark.parametrize(
    ("form", "milliseconds", "dated"),
    [
        ("%Y-%m-%dT%H:%M:%S.%fZ", None, True),
        ("%Y-%m-%d %H:%M:%SMS", ".", True),
        ("%Y/%m/%d %H:%M:%SMS", ".", True),
        ("%d.%m.%Y %H:%M:%SMS", ",", True),
        ("%d/%m/%Y %H:%M:%SMS", ".", True),  # the 13th can only be a day
        ("%m/%d/%Y %H:%M:%SMS", ".", True),
        ("%m/%d/%Y %I:%M:%SMS %p", ".", True),
        ("%m/%d/%y %I:%M:%SMS %p", ".", True),
        ("%d-%b-%Y %H:%M:%SMS", ".", True),
        ("%Y%m%d_%H%M%SMS", "", True),
        ("%H:%M:%SMS", ".", False),
        ("%H:%M:%SMS", ":", False),
        ("%H:%M:%SMS", ",", False),
        ("%I:%M:%SMS %p", ".", False),
    ],
)
def test_texts(tmp_path: Path, form: str, milliseconds: str | None, dated: bool) -> None:
    found = read(tmp_path, "Time", form, milliseconds=milliseconds)
    assert found.sampling_rate == 8
    assert found.start_time == (pytest.approx(START.timestamp(), abs=1e-6) if dated else None)


def test_a_date_that_may_be_read_two_ways_gives_a_rate_but_no_start(tmp_path: Path) -> None:
    rows = "".join(f"02/01/2024 14:00:{i / 8:06.3f},4.{i % 7}\n" for i in range(80))
    (tmp_path / "x.csv").write_text("Time,EDA (uS)\n" + rows)
    found = read_recording(tmp_path / "x.csv")
    assert (found.sampling_rate, found.start_time) == (8, None)
    assert any("day or the month first cannot be told" in note for note in found.notes)


def test_midnight(tmp_path: Path) -> None:
    clock = [(86_400 - 5 + i / 8) % 86_400 for i in range(80)]
    rows = "".join(
        f"{int(t // 3600):02d}:{int(t // 60 % 60):02d}:{t % 60:06.3f},4.{i % 7}\n" for i, t in enumerate(clock)
    )
    (tmp_path / "x.csv").write_text("Time,EDA (uS)\n" + rows)
    found = read_recording(tmp_path / "x.csv")
    assert (found.sampling_rate, found.n_samples, found.clock.gaps) == (8, 80, ())


NUMBERS = [
    ("time [h]", 1 / 3600, 0.0), ("time (min)", 1 / 60, 0.0), ("min", 1 / 60, 0.0), ("millis", 1000.0, 977.0),
    ("time_us", 1e6, 0.0), ("t (ns)", 1e9, 0.0), ("days", 1 / 86_400, 0.0),
    ("timestamp", 1 / 86_400, 45_335.5), ("timestamp", 1 / 86_400, 739_295.5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "per_second", "first"), NUMBERS, ids=[f"{row[0]}-{row[2]:g}" for row in NUMBERS])
def test_numbers(tmp_path: Path, name: str, per_second: float, first: float) -> None:
    rows = "".join(f"{first + i / 8 * per_second!r},4.{i % 7}\n" for i in range(80))
    (tmp_path / "x.csv").write_text(f"{name},EDA (uS)\n" + rows)
    found = read_recording(tmp_path / "x.csv")
    assert found.sampling_rate == pytest.approx(8, rel=1e-4)
    dated = first > 1000
    assert (found.start_time is not None) == dated


def test_of_several_clocks_the_one_that_runs(tmp_path: Path) -> None:
    rows = "".join(f"1700000000,{1700000000 + i / 8:.3f},0.{i % 3},4.{i % 7}\n" for i in range(80))
    (tmp_path / "x.csv").write_text("file_timestamp,unix_timestamp,reaction_time,EDA (uS)\n" + rows)
    found = read_recording(tmp_path / "x.csv")
    assert (found.sampling_rate, found.clock.source) == (8, "column 'unix_timestamp'")


@pytest.mark.parametrize("name", ["reaction_time", "SCR_RiseTime", "response time", "half_recovery_time"])
def test_what_was_timed_is_no_clock(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.csv").write_text(f"EDA (uS),{name}\n" + "".join(f"4.{i % 7},{i / 8}\n" for i in range(80)))
    with pytest.raises(RecordingError, match="the rate is not in the file"):
        read_recording(tmp_path / "x.csv")


def test_a_recording_of_half_a_second_is_asked_for_its_unit(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Time,EDA (uS)\n" + "".join(f"{i / 480:.8f},4.{i % 7}\n" for i in range(240)))
    with pytest.raises(RecordingError, match=r"0\.5 s at 480 Hz, too short for a recording; if they are minutes"):
        read_recording(tmp_path / "x.csv")
    assert read_recording(tmp_path / "x.csv", sampling_rate=8.0).sampling_rate == 8


def test_one_value_a_minute_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("time (s),EDA (uS)\n" + "".join(f"{60 * i},4.{i % 7}\n" for i in range(80)))
    with pytest.raises(RecordingError, match="one value every 60 s: these are aggregates"):
        read_recording(tmp_path / "x.csv")
