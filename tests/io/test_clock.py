"""The rate from a column of times, and the errors for uneven times."""

from pathlib import Path

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io.read import read_recording
from ressin.recording import Gap, Recording


def read(tmp_path: Path, name: str, times: list[object], **settings: object) -> Recording:
    path = tmp_path / "x.csv"
    path.write_text(f"{name},EDA\n" + "".join(f"{time},{i % 7}.5\n" for i, time in enumerate(times)))
    return read_recording(path, **settings)  # type: ignore[arg-type]


N = 40


@pytest.mark.parametrize(
    ("name", "times", "rate", "start"),
    [
        ("time", [i * 0.02 for i in range(N)], 50, None),
        ("time(s)", [round(i / 30, 3) for i in range(N)], 30, None),
        ("timestamp", [10.0 + 20 * i for i in range(N)], 50, None),
        ("time", [i * 2 for i in range(N)], 500, None),
        ("time_ms", list(range(N)), 1000, None),
        ("time (ms)", list(range(N)), 1000, None),
        ("seconds", list(range(N)), 1, None),
        ("Time [us]", [i * 62_500 for i in range(N)], 16, None),
        ("unix", [1.6e9 + i * 0.25 for i in range(N)], 4, 1.6e9),
        ("timestamp", [1_600_000_000_000 + i * 250 for i in range(N)], 4, 1.6e9),
        ("timestamp", [1_600_000_000_000_000 + i * 7812.5 for i in range(N)], 128, 1.6e9),
        ("datetime", [f"2020-09-13T12:26:{40 + i / 4:05.2f}Z" for i in range(N)], 4, 1.6e9),
        ("datetime", [f"2020-09-13 12:26:{40 + i / 4:05.2f}" for i in range(N)], 4, 1.6e9),
        ("Zeit", [i * 0.25 for i in range(N)], 4, None),
        ("LocalTime", [f"12:26:{i / 4:06.3f}" for i in range(N)], 4, None),
    ],
)
def test_rate_and_start(tmp_path: Path, name: str, times: list[object], rate: float, start: float | None) -> None:
    recording = read(tmp_path, name, times)
    assert recording.sampling_rate == rate
    assert recording.start_time == (None if start is None else pytest.approx(start, abs=1e-6))
    assert any(note.startswith(f"{rate:g} Hz from column") for note in recording.notes)


@pytest.mark.parametrize(
    ("name", "times", "begins"),
    [
        ("seconds", [17.25 + i / 4 for i in range(N)], 17.25),
        ("time_ms", [2000 + 250 * i for i in range(N)], 2.0),
        ("time", [i / 4 for i in range(N)], None),
        ("sample time", [(i + 1) / 4 for i in range(N)], None),
        ("LocalTime", [f"12:26:{i / 4:06.3f}" for i in range(N)], 12 * 3600.0 + 26 * 60),
        ("unix", [1.6e9 + i * 0.25 for i in range(N)], None),
        ("date", [f"05/06/2024 10:00:{i / 4:05.2f}" for i in range(N)], 36_000.0),  # May or June
    ],
)
def test_where_times_of_the_file_begin(tmp_path: Path, name: str, times: list[object], begins: float | None) -> None:
    assert read(tmp_path, name, times).clock.begins == begins


def test_a_rate_that_is_not_whole_is_kept(tmp_path: Path) -> None:
    assert read(tmp_path, "time", [i / 31.25 for i in range(N)]).sampling_rate == pytest.approx(31.25, rel=1e-12)


def test_rounded_times_are_even_enough_and_said_to_be(tmp_path: Path) -> None:
    recording = read(tmp_path, "time(s)", [round(round(i * 0.0753 / 0.02) * 0.02, 2) for i in range(600)])
    assert recording.sampling_rate == pytest.approx(1 / 0.0753, rel=1e-3)
    assert any("deviate from an even grid by up to" in note for note in recording.notes)


@pytest.mark.parametrize(
    ("name", "times", "message"),
    [
        (
            "time",
            [0, 0.1, 0.2, 0.3, 0.31, 0.32, 0.42, 0.52, 0.62, 0.72],
            r"line 6, column 'time': the time steps by 0\.01 where the usual step is 0\.1",
        ),
        ("time", [0, 0.1, 0.2, 0.2, 0.3, 0.4], r"line 5, column 'time': the time does not rise, from 0\.2 to 0\.2"),
        ("time", [0, 0.1, 0.2, 0.1, 0.2, 0.4], r"line 5, .*does not rise, from 0\.2 to 0\.1;"),
        ("time", [5, 5, 5, 5], r"line 3, column 'time': the time does not rise"),
        ("time", [0, 0.1, "", 0.3], "line 4, column 'time': the time is missing"),
        ("time", [0, 0.1, "soon", 0.3], "line 4, column 'time': 'soon' is not a number"),
        ("time", ["2020-01-01 00:00:00", "soon"], "line 3, column 'time': 'soon' is not a time; write seconds"),
        ("time", ["a", "b"], "line 2, column 'time': 'a' is not a time; write seconds"),
        ("time", list(range(9)), "a step of 1 does not tell the rate .*'time \\(ms\\)', or give the rate"),
        ("time", [0.5], "one time is not enough to tell the rate"),
    ],
)
def test_uneven_times_are_refused_by_place(tmp_path: Path, name: str, times: list[object], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        read(tmp_path, name, times)


def test_a_given_rate_wins_and_the_notes_say_what_the_file_had(tmp_path: Path) -> None:
    assert read(tmp_path, "time", [0, 0.1, 0.2], sampling_rate=10.0).notes == (
        "comma-separated",
        "signal from column 'EDA'",
        "unit unknown",
    )
    with pytest.raises(RecordingError, match=r"the rate of 50 Hz was given, but the file says 10 Hz .*--force-rate"):
        read(tmp_path, "time", [0, 0.1, 0.2], sampling_rate=50.0)
    disagreeing = read(tmp_path, "time", [0, 0.1, 0.2], sampling_rate=50.0, force_rate=True)
    assert disagreeing.sampling_rate == 50
    assert "the rate of 50 Hz was given, but the file says 10 Hz" in disagreeing.notes
    gap = read(tmp_path, "time", [0, 0.1, 0.9, 1.0], sampling_rate=10.0)
    np.testing.assert_array_equal(gap.signal, [0.5, 1.5, *[np.nan] * 7, 2.5, 3.5])
    assert gap.clock.gaps == (Gap(2, 7),)
    uneven = read(tmp_path, "time", [0, 0.1, 0.05, 1.0], sampling_rate=10.0)
    assert any("the times in the file were not used" in note for note in uneven.notes)
    np.testing.assert_array_equal(uneven.signal, [0.5, 1.5, 2.5, 3.5])
