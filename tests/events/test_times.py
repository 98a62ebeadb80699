"""Units of columns, clock times and times of day: what a number of a table means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ressin.errors import InvalidInputError
from ressin.events.events import read_events

START = pd.Timestamp("2024-05-01 23:59:00", tz="UTC").timestamp()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("onset (ms)", [1500, 60_000]),
        ("Onset_ms", [1500, 60_000]),
        ("onset [min]", [0.025, 1]),
        ("Time (s)", [1.5, 60]),
        ("timestamp us", [1.5e6, 6e7]),
        ("onset_samples", [150, 6000]),
        ("onset [Samples]", [150, 6000]),
    ],
)
def test_a_column_is_in_the_unit_that_its_name_gives(name: str, values: list[float]) -> None:
    found = read_events(pd.DataFrame({name: values, "Trial Type": ["a", "n/a"]}), sampling_rate=100.0)
    np.testing.assert_allclose(found.onsets, [1.5, 60.0])
    assert found.conditions == ("a", "")


def test_onset_and_duration_have_units_of_their_own() -> None:
    found = read_events(pd.DataFrame({"onset": [2.0], "duration (ms)": [250]}))
    assert (found.onsets[0], found.durations[0]) == (2.0, 0.25)
    found = read_events({"onset": pd.to_timedelta([1, 2], unit="s"), "duration": pd.to_timedelta([5, 6], unit="ms")})
    assert found.onsets.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(found.durations, [0.005, 0.006])


@pytest.mark.parametrize("clock", [["23:59:05", "00:00:30"], ["23:59:05.0", "0:00:30"]])
def test_times_of_day_are_of_the_recording_s_day_or_the_next(clock: list[str]) -> None:
    assert read_events(clock, start_time=START).onsets.tolist() == [5.0, 90.0]


@pytest.mark.parametrize("times", [1.0, 1e3, 1e6, 1e9])
def test_times_since_1970_in_seconds_and_their_parts(times: float) -> None:
    found = read_events(np.array([START + 5, START + 90]) * times, start_time=START)
    np.testing.assert_allclose(found.onsets, [5.0, 90.0], atol=1e-3)


@pytest.mark.parametrize(
    ("source", "more", "said"),
    [
        ([[1, 2], [3, 4]], {}, r"shape \(2, 2\)"),
        ([True, False], {}, "not a mask"),
        (["1", "x"], {}, "onset 2 is 'x'"),
        (["2024-05-01 12:00:00", "12:00:01"], {"start_time": START}, "onset 2 is '12:00:01'"),
        (["24:00:01"], {"start_time": START}, "below 24:00:00"),
        (["12:00:01"], {}, "start_time"),
        ({"onset": [1, 2], "duration": [1]}, {}, "differ in length: onset 2, duration 1"),
        ({"onset": [1, 2], "duration": [1, np.inf]}, {}, "duration 2 is inf"),
        ([1, 2], {"conditions": "ab"}, "a list with one name"),
        ([1, 2], {"start_time": float("nan")}, "start_time is nan"),
        ([1, 2], {"sampling_rate": "100", "unit": "samples"}, "sampling_rate is '100'"),
        ([1, 2], {"sampling_rate": -1.0}, "sampling_rate is -1"),
        ({"onset (ms)": [1, 2]}, {"sampling_rate": 10.0, "unit": "samples"}, "which is it"),
        ({"onset [samples]": [1, 2]}, {}, "need sampling_rate"),
        ({"onset [beats]": [1, 2]}, {}, "in 'beats'"),
    ],
)
def test_what_is_no_time_is_named(source: Any, more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_events(source, **more)


@pytest.mark.parametrize(
    "text",
    [
        "onset;condition\n1,5;a\n2,25;b\n",
        "sep=;\nonset;condition\n1.5;a\n2.25;b\n",
        " onset , condition \n1.5, a\n2.25, b\n",
        "onset\tcondition\n1,5\ta\n2,25\tb\n",
        '\ufeff"onset","condition"\n"1.5","a"\n"2.25","b"\n',
    ],
)
def test_separators_and_decimal_commas_are_found(tmp_path: Path, text: str) -> None:
    path = tmp_path / "events.csv"
    path.write_text(text, encoding="utf-8")
    found = read_events(path)
    assert found.onsets.tolist() == [1.5, 2.25]
    assert found.conditions == ("a", "b")
