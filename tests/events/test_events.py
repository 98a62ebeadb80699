"""Events from markers, tables and arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin.errors import InvalidInputError
from ressin.events.events import Events, read_events
from ressin.recording import Marker, Recording

START = pd.Timestamp("2024-05-01 12:00:00", tz="UTC")


def test_an_array_is_seconds_in_order_of_time() -> None:
    events = read_events([30, 10.5, 20])
    assert events.onsets.tolist() == [10.5, 20.0, 30.0]
    assert events.conditions == ("", "", "")
    assert events.trials == ("2", "3", "1")
    assert np.isnan(events.durations).all()
    assert not events.onsets.flags.writeable
    assert read_events(events) is events


def test_neurokit_s_dictionary_of_samples() -> None:
    found = read_events(
        {"onset": np.array([100, 300]), "duration": np.array([50, 50]), "label": ["1", "2"], "condition": ["a", "b"]},
        sampling_rate=100,
        unit="samples",
    )
    assert found.onsets.tolist() == [1.0, 3.0]
    assert found.durations.tolist() == [0.5, 0.5]
    assert found.conditions == ("a", "b")


@pytest.mark.parametrize("suffix", ["csv", "tsv", "txt"])
def test_a_file_of_bids_events(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sub-01_events.{suffix}"
    separator = "," if suffix == "csv" else "\t"
    rows = (("onset", "duration", "trial_type"), ("1.5", "n/a", "cs+"), ("4", "2", "cs-"))
    path.write_text("\n".join(separator.join(row) for row in rows) + "\n", "utf-8")
    events = read_events(path)
    assert events.onsets.tolist() == [1.5, 4.0]
    assert np.isnan(events.durations[0])
    assert events.durations[1] == 2
    assert events.conditions == ("cs+", "cs-")


@pytest.mark.parametrize(
    "clock",
    [
        [START + pd.Timedelta(seconds=3), START + pd.Timedelta(seconds=7.5)],
        ["2024-05-01 12:00:03", "2024-05-01 12:00:07.5"],
        ["2024-05-01T14:00:03+02:00", "2024-05-01T14:00:07.5+02:00"],
        [START.timestamp() + 3, START.timestamp() + 7.5],
    ],
)
def test_clock_times_are_matched_to_the_recording_s_start(clock: list[object]) -> None:
    table = pd.DataFrame({"Onset (s)": clock, "Condition": [1.0, 2.0]})
    events = read_events(table, start_time=START.timestamp())
    np.testing.assert_allclose(events.onsets, [3.0, 7.5], atol=1e-6)
    assert events.conditions == ("1", "2")
    with pytest.raises(InvalidInputError, match="start_time"):
        read_events(table)


def test_a_recording_s_markers() -> None:
    recording = Recording(np.ones(40), 4.0, markers=(Marker(2.0, "tag"), Marker(5.0, "button")))
    events = read_events(recording)
    assert events.onsets.tolist() == [2.0, 5.0]
    assert events.conditions == ("tag", "button")
    with pytest.raises(InvalidInputError, match="has no markers"):
        read_events(Recording(np.ones(40), 4.0))


def test_given_conditions_win() -> None:
    assert read_events([1, 2], conditions=["a", "b"]).conditions == ("a", "b")
    with pytest.raises(InvalidInputError, match="1 conditions for 2 events"):
        read_events([1, 2], conditions=["a"])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ([], "no events"),
        ([1.0, np.nan], "onset 2 is"),
        ([1.0, np.inf], "onset 2 is inf"),
        (["a", "b"], "onset 1 is 'a'"),
        ({"begin": [1]}, "one named 'onset' is needed"),
        ({"onset": [1, 2], "duration": [1, -1]}, "duration 2 is -1"),
        ({"onset": [1, 2], "duration": ["1", "long"]}, "duration 2 is 'long'"),
        ("nowhere.csv", "no such file of events"),
    ],
)
def test_what_is_no_event_is_named(source: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_events(source)  # type: ignore[arg-type]


def test_samples_need_a_rate_and_units_are_known() -> None:
    with pytest.raises(InvalidInputError, match="sampling_rate"):
        read_events([1], unit="samples")
    with pytest.raises(InvalidInputError, match="'hours'"):
        read_events([1], unit="hours")  # type: ignore[arg-type]


def test_the_table_gives_the_same_events_again() -> None:
    events = read_events({"onset": [1.0, 2.0], "duration": [0.5, 1.0], "condition": ["a", "b"], "trial": ["x", "y"]})
    again = read_events(events.to_frame())
    assert isinstance(again, Events)
    assert len(again) == 2
    for name in ("onsets", "durations"):
        np.testing.assert_array_equal(getattr(again, name), getattr(events, name))
    assert (again.conditions, again.trials) == (events.conditions, events.trials)
