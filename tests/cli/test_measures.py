"""`ressin events` and `ressin features` from files to a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ressin
from ressin.cli.main import main


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two people's recordings at 8 Hz with a response after each of four events, and the table of the events."""
    for person, height in (("p1", 0.5), ("p2", 0.2)):
        made = ressin.simulate_eda(
            120, 8, onsets=[12.0, 42.0, 72.0, 102.0], amplitudes=[height] * 4, rng=np.random.default_rng(len(person))
        )
        frame = pd.DataFrame({"time (s)": np.arange(960) / 8, "EDA (uS)": made.signal})
        frame.to_csv(tmp_path / f"{person}.csv", index=False)
    pd.DataFrame({"onset": [10, 25, 40, 70, 100], "condition": list("abaaa")}).to_csv(
        tmp_path / "events.csv", index=False
    )
    return tmp_path


def test_events_of_a_study(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = study / "trials.tsv"
    files = [str(study / f"{person}.csv") for person in ("p1", "p2")]
    assert main(["events", *files, "--events", str(study / "events.csv"), "-o", str(out)]) == 0
    table = pd.read_csv(out, sep="\t")
    assert table["Participant"].tolist() == ["p1"] * 5 + ["p2"] * 5
    assert table["EDA_SCR"].tolist() == [1, 0, 1, 1, 1] * 2
    assert table.groupby("Participant")["SCR_Magnitude_Range"].max().tolist() == [1.0, 1.0]
    assert "10 rows" in capsys.readouterr().out


def test_a_recording_without_markers_is_named_and_the_others_are_measured(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = study / "trials.csv"
    frame = pd.read_csv(study / "p1.csv")
    frame["marker"] = ""
    frame.loc[[80, 320], "marker"] = "tone"
    frame.to_csv(study / "marked.csv", index=False)
    status = main(["events", str(study / "p1.csv"), str(study / "marked.csv"), "-o", str(out)])
    assert status == 1
    assert "has no markers" in capsys.readouterr().err.replace("\n      ", " ")
    assert pd.read_csv(out)["Condition"].tolist() == ["tone", "tone"]


def test_features_of_a_study(study: Path) -> None:
    out = study / "features.csv"
    files = [str(study / f"{person}.csv") for person in ("p1", "p2")]
    assert main(["features", *files, "--window", "60", "-o", str(out), "-q"]) == 0
    table = pd.read_csv(out)
    assert table["Participant"].tolist() == ["p1", "p1", "p2", "p2"]
    assert table["SCR_Peaks_N"].tolist() == [2, 2, 2, 2]
    intervals = study / "intervals.csv"
    pd.DataFrame({"start": [0], "end": [100], "task": ["all"]}).to_csv(intervals, index=False)
    assert main(["features", files[0], "--intervals", str(intervals), "-o", str(out), "-q"]) == 0
    assert pd.read_csv(out)["task"].tolist() == ["all"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["events", "p1.csv", "-o", "trials.xlsx"], "a table is written as"),
        (["features", "p1.csv", "--intervals", "nowhere.csv"], "no such file of intervals"),
    ],
)
def test_a_wrong_command_line_is_told_before_anything_is_read(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
