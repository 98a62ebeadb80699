"""What a manifest's rows can say: times of every kind, windows, labels in words, and ratings of one dimension."""

from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.samples.labelled import labelled_data
from ressin.data.samples.splits import make_splits
from ressin.data.sources.manifest import read_manifest
from ressin.data.sources.manifest_times import Time, parse_time
from ressin.data.store.store import Prepared, load
from ressin.errors import InvalidInputError
from tests.data.folders import found, wave

BEGAN = 1_600_000_000.0
RATE = 4.0


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A wristband's file that says when it began, and a table that does not."""
    folder = tmp_path / "own"
    folder.mkdir()
    t, y = wave(200.0, RATE)
    np.savetxt(folder / "EDA.csv", y, fmt="%.6f", header=f"{BEGAN}\n{RATE}", comments="")
    pd.DataFrame({"time": t, "EDA": y}).to_csv(folder / "a.csv", index=False)
    return folder


def write(folder: Path, rows: list[str]) -> Path:
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder / "manifest.csv"


def run(manifest: Path, target: Path, **options: object) -> Prepared:
    prepare(read_manifest(manifest, **options), target, settings=PrepareSettings(), n_threads=1)  # type: ignore[arg-type]
    return load(target)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", Time(0.0)),
        ("75.5", Time(75.5)),
        ("00:01:15.5", Time(75.5)),
        ("27:00:00", Time(97200.0)),
        ("1600000060.25", Time(1600000060.25, True)),
        ("2020-09-13T12:27:40Z", Time(1600000060.0, True)),
        ("2020-09-13 12:27:40.250", Time(1600000060.25, True)),
        ("2020-09-13T14:27:40+02:00", Time(1600000060.0, True)),
        ("2020-09-13T07:57:40-0430", Time(1600000060.0, True)),
        ("2020-09-13T12:27", Time(1600000020.0, True)),
    ],
)
def test_times_of_every_kind(text: str, expected: Time) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("noon", "'noon' is not a time: seconds or hh:mm:ss"),
        ("12:30", "is not a time"),
        ("00:61:00", "is not a time"),
        ("2020-13-13T12:00:00", "is not a day and a time"),
        ("-1", "-1 must be a time in seconds from 0 on"),
        ("inf", "inf must be finite"),
        ("1_000", "must be finite"),
        ("1600000000000", "are these milliseconds"),
    ],
)
def test_what_is_no_time_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_time(text)


def test_one_window_in_every_kind_of_time(own: Path, tmp_path: Path) -> None:
    iso = datetime.fromtimestamp(BEGAN + 60, timezone.utc).isoformat()
    later = datetime.fromtimestamp(BEGAN + 120, timezone.utc).isoformat()
    times = ["60,120", "00:01:00,00:02:00", f"{BEGAN + 60},{BEGAN + 120}", f"{iso},{later}", f",{BEGAN + 120}"]
    rows = [f"EDA.csv,s,m{place},{time}" for place, time in enumerate(times)]
    result = run(write(own, ["recording,subject,stimulus,start,end", *rows]), tmp_path / "out")
    assert result.recordings["start"].tolist() == [60.0] * 4 + [0.0]
    assert result.recordings["end"].tolist() == [120.0] * 5
    for place in range(1, 4):
        assert np.array_equal(result.channel("tonic")[place], result.channel("tonic")[0])


def test_a_time_of_day_needs_a_file_that_says_when_it_began(own: Path, tmp_path: Path) -> None:
    rows = [f"a.csv,s,m,{BEGAN + 60},", f"EDA.csv,s,m,{BEGAN - 60},{BEGAN + 60}", "EDA.csv,s,m,0,60"]
    result = run(write(own, ["recording,subject,stimulus,start,end", *rows]), tmp_path / "out")
    assert len(result.recordings) == 1
    assert "the file does not say when it began: give seconds of the file" in found(result, "a.csv")[-1][2]
    assert any("the window begins 60.00 s before the file" in reason for _, _, reason in found(result, "EDA.csv"))
    with pytest.raises(InvalidInputError, match=r"row 1 .*start and end must be of one kind"):
        read_manifest(write(own, ["recording,subject,stimulus,start,end", f"EDA.csv,s,m,60,{BEGAN + 90}"]))


def test_a_row_is_divided_into_windows_that_share_its_labels(own: Path, tmp_path: Path) -> None:
    rows = ["a.csv,s,film,20,140,1,60,30", "a.csv,s,rest,140,,0,25,", "a.csv,s,talk,0,30,1,,", "EDA.csv,s,x,0,9,1,10,5"]
    head = "recording,subject,stimulus,start,end,busy_label,window,step"
    result = run(write(own, [head, *rows]), tmp_path / "out")
    table = result.recordings
    assert table["start"].tolist() == [20.0, 50.0, 80.0, 140.0, 165.0, 0.0]
    assert table["end"].tolist() == [80.0, 110.0, 140.0, 165.0, 190.0, 30.0]
    assert table["recording_id"].tolist()[:2] == ["a.csv#1@20", "a.csv#1@50"]
    assert table["pair"].tolist() == ["a.csv#1"] * 3 + ["a.csv#2"] * 2 + ["a.csv#3"]
    assert table["busy_label"].tolist() == [1, 1, 1, 0, 0, 1]
    assert set(table["file"]) == {"a.csv"}
    assert "9.00 s long: no window of 10 s fits" in found(result, "EDA.csv")[-1][2]
    assert result.decompose == "recording"


def test_windows_for_all_rows_that_have_none(own: Path, tmp_path: Path) -> None:
    rows = ["recording,subject,stimulus,start,end,window", "a.csv,s,film,0,120,", "a.csv,s,rest,120,200,80"]
    result = run(write(own, rows), tmp_path / "out", window=60.0, step=20.0)
    assert result.recordings["start"].tolist() == [0.0, 20.0, 40.0, 60.0, 120.0]
    assert result.recordings["n_samples"].tolist() == [240] * 4 + [320]
    plain = run(write(own, ["recording,subject,stimulus", "a.csv,s,film"]), tmp_path / "plain", window=60.0)
    assert plain.recordings["start"].tolist() == [0.0, 60.0, 120.0]
    with pytest.raises(InvalidInputError, match="step=5 needs a window"):
        read_manifest(own / "manifest.csv", step=5.0)
    with pytest.raises(InvalidInputError, match=r"column 'step': 5 needs a window, whose steps it is"):
        read_manifest(write(own, ["recording,subject,stimulus,step", "a.csv,s,film,5"]))


def test_labels_in_words_and_of_several_classes(own: Path, tmp_path: Path) -> None:
    states = ["calm", "stress", "play", "calm", "stress", ""]
    levels = ["3", "1", "2", "1", "", "3"]
    busy = ["yes", "no", "no", "yes", "no", "yes"]
    rows = [
        f"a.csv,p{k % 3},m{k},{30 * k},{30 * k + 30},{state},{level},{word}"
        for k, (state, level, word) in enumerate(zip(states, levels, busy, strict=True))
    ]
    head = "recording,subject,stimulus,start,end,state_label,level_label,busy_label"
    result = run(write(own, [head, *rows]), tmp_path / "out")
    assert result.classes["state"] == ("calm", "play", "stress")
    assert result.classes["level"] == ("1", "2", "3")
    assert result.classes["busy"] == ("no", "yes")
    assert result.classes["arousal"] == ("low", "high")
    assert result.two_class_labels == ("busy",)
    names = np.array([*result.classes["state"], ""])
    assert names[result.recordings["state_label"].fillna(3).astype(int)].tolist() == states
    assert result.recordings["level_label"].fillna(9).tolist() == [2, 0, 1, 0, 9, 2]
    assert labelled_data(result, "busy").label.tolist() == [1, 0, 0, 1, 0, 1]
    assert labelled_data(result, "state=stress").label.tolist() == [0, 1, 0, 0, 1]
    with pytest.raises(InvalidInputError, match=r"'state' has 3 classes \(calm, play, stress\): name one of them"):
        labelled_data(result, "state")
    with pytest.raises(InvalidInputError, match="label 'state' has no class 'joy': it has calm, play, stress"):
        labelled_data(result, "state=joy")
    folds = make_splits(result.recordings, "subject", n_folds=3)
    assert len(folds.take(labelled_data(result, "state=calm").recording_id)) == 3


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["high", "low"], ("low", "high")),
        (["High", "Medium", "Low"], ("Low", "Medium", "High")),
        (["high", "no"], ("no", "high")),
        (["low", "high", "rest"], ("high", "low", "rest")),
    ],
)
def test_words_that_are_amounts_are_in_their_order(
    own: Path, tmp_path: Path, words: list[str], order: tuple[str, ...]
) -> None:
    rows = [f"a.csv,p,m{k},{30 * k},{30 * k + 30},{words[k % len(words)]}" for k in range(6)]
    manifest = write(own, ["recording,subject,stimulus,start,end,load_label", *rows])
    catalog = read_manifest(manifest)
    assert catalog.classes["load"] == order
    assert catalog.ratings["load_label"].tolist() == [order.index(words[k % len(words)]) for k in range(6)]


def test_one_dimension_of_ratings_will_do(own: Path, tmp_path: Path) -> None:
    ratings = {"p": [1.0, 2.0, 8.0, 9.0, 7.0], "q": [3.0, 3.1, 3.9, 4.0, 3.0]}
    rows = [f"a.csv,{who},m{k},{value}" for who, values in ratings.items() for k, value in enumerate(values)]
    result = run(write(own, ["recording,subject,stimulus,valence", *rows]), tmp_path / "out")
    assert result.recordings["valence_label"].tolist() == [0, 0, 1, 1, 1, 0, 0, 1, 1, 0]
    assert result.recordings["arousal_label"].isna().all()
    subjects = result.subjects.set_index("subject")
    assert subjects["rule"].tolist() == ["k-means of valence alone"] * 2
    middles = [(1.5 + 8.0) / 2, (9.1 / 3 + 3.95) / 2]
    assert subjects["threshold_valence"].tolist() == pytest.approx(middles, abs=1e-6)
    assert result.recordings["valence"].tolist() == pytest.approx([*ratings["p"], *ratings["q"]])


def test_ratings_of_any_other_dimension(own: Path, tmp_path: Path) -> None:
    ratings: dict[str, list[float | None]] = {"p": [10, 20, 80, 90, None], "q": [0.1, 0.2, 0.1, 0.9, 0.8]}
    rows = [f"a.csv,{p},m{k},{'' if v is None else v}" for p, values in ratings.items() for k, v in enumerate(values)]
    result = run(write(own, ["recording,subject,stimulus,stress_rating", *rows]), tmp_path / "out")
    assert result.label_names == ("arousal", "valence", "stress")
    assert result.rating_names == ("stress",)
    assert result.classes["stress"] == ("low", "high")
    assert result.recordings["stress_label"].fillna(9).tolist() == [0, 0, 1, 1, 9, 0, 0, 0, 1, 1]
    assert result.subjects["rule_stress"].tolist() == ["k-means", "k-means"]
    assert result.subjects["threshold_stress"].tolist() == pytest.approx([50.0, (0.4 / 3 + 0.85) / 2])
    data = labelled_data(result, "stress")
    assert data.rating.tolist() == pytest.approx([10, 20, 80, 90, 0.1, 0.2, 0.1, 0.9, 0.8])
    with pytest.raises(InvalidInputError, match=r"column 'stress_rating': 'much' is not a number"):
        read_manifest(write(own, ["recording,subject,stimulus,stress_rating", "a.csv,p,m,much"]))
    with pytest.raises(InvalidInputError, match="column 'arousal_rating' is named 'arousal'"):
        read_manifest(write(own, ["recording,subject,stimulus,arousal_rating", "a.csv,p,m,1"]))


def test_rows_of_one_file_name_its_column_in_all_or_none(own: Path) -> None:
    rows = ["recording,subject,stimulus,column,start,end", "a.csv,s,m,EDA,0,60", "a.csv,s,m,,30,90"]
    with pytest.raises(InvalidInputError, match=r"row 2 \(line 3\), column 'column': '' is empty, but other rows"):
        read_manifest(write(own, rows))
