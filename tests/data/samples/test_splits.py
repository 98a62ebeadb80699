"""Folds: every row is tested once, no subject or song is divided between folds; saved and read back unchanged."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ressin.data.samples.splits import COLUMNS, GROUP_COLUMN, KINDS, Splits, make_splits, read_splits
from ressin.data.store.store import Prepared
from ressin.errors import InvalidInputError, RecordingError


def table(n_subjects: int, n_songs: int, share: float, seed: int) -> pd.DataFrame:
    """Recordings of some of the pairs of subjects and songs, two of each."""
    rng = np.random.default_rng(seed)
    pairs = [(s, m) for s in range(n_subjects) for m in range(n_songs) if rng.random() < share] or [(0, 0)]
    rows = [(f"{m}_{s}_{d}", f"{m}_{s}", str(s), str(m)) for s, m in pairs for d in "AV"]
    return pd.DataFrame(rows, columns=["recording_id", "pair", "subject", "stimulus"])


@given(
    st.integers(3, 15),
    st.integers(3, 15),
    st.floats(0.5, 1.0),
    st.integers(0, 2**32),
    st.sampled_from(KINDS),
    st.data(),
)
def test_every_row_is_tested_once_and_nothing_is_divided(
    n_subjects: int, n_songs: int, share: float, seed: int, kind: str, data: st.DataObject
) -> None:
    frame = table(n_subjects, n_songs, share, seed)
    column = GROUP_COLUMN[kind]
    groups = frame[column].nunique()
    if groups < 2:
        return
    n_folds = data.draw(st.integers(2, min(groups, 10)))
    splits = make_splits(frame, kind, n_folds=n_folds, seed=seed)
    assert len(splits) == (groups if kind == "one-subject" else n_folds)
    tested = np.concatenate([test for _, test in splits])
    assert sorted(tested) == list(range(len(frame)))
    for train, test in splits:
        assert len(train) + len(test) == len(frame)
        assert len(test) > 0
        assert not set(frame[column].iloc[train]) & set(frame[column].iloc[test])
        assert not set(frame["pair"].iloc[train]) & set(frame["pair"].iloc[test])
    sizes = np.bincount(splits.fold)
    assert sizes.max() - sizes.min() <= frame[column].value_counts().max()


def test_the_seed_decides_and_the_order_of_the_table_does_not() -> None:
    frame = table(12, 12, 0.8, 0)
    first = make_splits(frame, "subject", seed=1)
    shuffled = frame.sample(frac=1.0, random_state=0)
    again = make_splits(shuffled, "subject", seed=1).take(frame["recording_id"])
    np.testing.assert_array_equal(first.fold, again.fold)
    assert (make_splits(frame, "subject", seed=2).fold != first.fold).any()


@pytest.mark.parametrize("suffix", ["parquet", "json"])
@pytest.mark.parametrize("kind", KINDS)
def test_saved_folds_come_back(prepared: Prepared, tmp_path: Path, kind: str, suffix: str) -> None:
    splits = make_splits(prepared.recordings, kind, n_folds=3, seed=7)
    path = tmp_path / f"folds.{suffix}"
    splits.write(path)
    back = read_splits(path)
    assert (back.kind, back.n_folds, back.seed) == (kind, 6 if kind == "one-subject" else 3, 7)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(back, name), getattr(splits, name))
    arousal = prepared.recordings[prepared.recordings["dimension"] == "arousal"]
    part = back.take(arousal["recording_id"])
    assert list(part.recording_id) == list(arousal["recording_id"])


def windows(n_files: int = 12, n_windows: int = 8, step: float = 30.0) -> pd.DataFrame:
    """Windows of 60 s of some files, one a person, in which stimuli take turns; the second half is high."""
    rows = [
        (f"f{f}_{k}", f"f{f}_{k}", f"person{f}", f"task{k % 4}", f"f{f}.csv", step * k, step * k + 60.0, int(k >= 4))
        for f in range(n_files)
        for k in range(n_windows)
    ]
    names = ["recording_id", "pair", "subject", "stimulus", "file", "start", "end", "stress_label"]
    return pd.DataFrame(rows, columns=names)


def shared_seconds(frame: pd.DataFrame, train: np.ndarray, test: np.ndarray) -> float:
    """The longest stretch of a file that a training and a test window share."""
    both = frame.iloc[train].merge(frame.iloc[test], on="file", suffixes=("", "_test"))
    shared = np.minimum(both["end"], both["end_test"]) - np.maximum(both["start"], both["start_test"])
    return float(shared.max()) if len(shared) else 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_training_and_test_share_no_stretch_of_a_file(kind: str, tmp_path: Path) -> None:
    frame = windows()
    splits = make_splits(frame, kind, n_folds=4)
    splits.write(tmp_path / "folds.json")
    for folds in (splits, splits.take(frame["recording_id"]), read_splits(tmp_path / "folds.json")):
        for train, test in folds:
            assert shared_seconds(frame, train, test) <= 0
            if kind == "random":
                assert not set(frame["file"].iloc[train]) & set(frame["file"].iloc[test])
    assert (sum(splits.left_out) > 0) == (kind == "song")
    assert len(splits) == (12 if kind == "one-subject" else 4)
    assert make_splits(windows(step=60.0), "song", n_folds=4).left_out == (0, 0, 0, 0)


def test_folds_have_as_much_of_every_label_as_groups_allow() -> None:
    rng = np.random.default_rng(3)
    people = np.repeat(np.arange(40), 10)
    frame = pd.DataFrame({"recording_id": [f"r{k}" for k in range(400)], "subject": [f"s{p}" for p in people]})
    frame["pair"], frame["stimulus"] = frame["recording_id"], "one"
    frame["stress_label"] = ((people % 4 == 0) & (rng.random(400) < 0.5)).astype(np.int8)
    frame["joy_label"] = pd.Series(people % 2 == 0).astype("Int8").mask(rng.random(400) < 0.1)
    splits = make_splits(frame, "subject", n_folds=5, seed=1)
    for name in ("stress_label", "joy_label"):
        share = frame[name].astype("Float64").groupby(splits.fold).mean()
        assert share.max() - share.min() < 0.06, name
    sizes = np.bincount(splits.fold)
    assert sizes.max() - sizes.min() <= 10


def test_files_of_earlier_versions_know_no_places(tmp_path: Path) -> None:
    splits = make_splits(table(6, 6, 1.0, 0), "subject", n_folds=3)
    splits.write(tmp_path / "folds.json")
    content = json.loads((tmp_path / "folds.json").read_text())
    for name in ("file", "start", "end"):
        del content["rows"][name]
    (tmp_path / "folds.json").write_text(json.dumps(content))
    np.testing.assert_array_equal(read_splits(tmp_path / "folds.json").file, splits.pair)


@pytest.mark.parametrize(("kind", "what"), [("one-subject", "subjects"), ("subject", "subjects"), ("random", "files")])
def test_one_group_cannot_be_divided(kind: str, what: str) -> None:
    with pytest.raises(
        InvalidInputError, match=f"a {kind} split keeps {what} whole, and there is 1: at least 2 are needed"
    ):
        make_splits(windows(n_files=1), kind)


def test_both_recordings_of_a_pair_share_their_fold(prepared: Prepared) -> None:
    splits = make_splits(prepared.recordings, "random", n_folds=5)
    by_pair = pd.DataFrame({"pair": splits.pair, "fold": splits.fold}).groupby("pair")["fold"]
    assert (by_pair.nunique() == 1).all()
    assert (by_pair.size() == 2).all()


def test_a_divided_subject_is_found() -> None:
    identity = {name: np.array(["a", "b", "c"]) for name in ("recording_id", "pair", "stimulus")}
    with pytest.raises(
        InvalidInputError, match=r"subject 's' is in folds \[0, 1\]: a subject split must not divide it"
    ):
        Splits("subject", 2, 0, subject=np.array(["s", "t", "s"]), fold=np.array([0, 0, 1]), **identity)
    Splits("song", 2, 0, subject=np.array(["s", "t", "s"]), fold=np.array([0, 0, 1]), **identity)


def test_bad_requests_say_what_is_possible(prepared: Prepared, tmp_path: Path) -> None:
    frame = prepared.recordings
    with pytest.raises(InvalidInputError, match=r"n_folds=10 with 6 subjects: 2..6 are possible"):
        make_splits(frame, "subject")
    with pytest.raises(InvalidInputError, match="one of random, subject, song"):
        make_splits(frame, "people")
    with pytest.raises(InvalidInputError, match="no column 'pair'"):
        make_splits(frame.drop(columns="pair"), "random")
    splits = make_splits(frame, "song", n_folds=3)
    with pytest.raises(InvalidInputError, match="1 of 1 recordings are not in the split, such as 'other'"):
        splits.take(np.array(["other"]))
    with pytest.raises(InvalidInputError, match=r"saved as .parquet or .json"):
        splits.write(tmp_path / "folds.pkl")
    with pytest.raises(InvalidInputError, match=r"fold 3 of 3: 0..2"):
        splits.rows(3)


def test_damaged_or_tampered_files_are_refused(prepared: Prepared, tmp_path: Path) -> None:
    splits = make_splits(prepared.recordings, "subject", n_folds=3)
    path = tmp_path / "folds.json"
    splits.write(path)
    content = json.loads(path.read_text())
    content["rows"]["fold"][0] = (content["rows"]["fold"][0] + 1) % 3
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidInputError, match="must not divide it"):
        read_splits(path)
    path.write_text("{}")
    with pytest.raises(RecordingError, match="not saved splits"):
        read_splits(path)
    with pytest.raises(RecordingError, match="missing"):
        read_splits(tmp_path / "none.json")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "x.parquet")
    with pytest.raises(RecordingError, match="not saved splits"):
        read_splits(tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(RecordingError, match="not a readable Parquet file"):
        read_splits(tmp_path / "y.parquet")
