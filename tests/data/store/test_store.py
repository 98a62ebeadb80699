"""The prepared folder read back: by ressin, by other programs, and where it may have been tampered with."""

import json
import shutil
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import ressin
from ressin.data.store import schema, store
from ressin.data.store.store import Prepared, load
from ressin.errors import InvalidInputError, RecordingError


def test_channels_are_those_of_a_single_decomposition(prepared: Prepared, simulated: Path) -> None:
    place = 17
    row = prepared.recordings.iloc[place]
    folder = {"arousal": "Arousal", "valence": "Valence"}[row["dimension"]]
    file = simulated / "EDA" / folder / f"{row['recording_id']}.csv"
    signal = pd.read_csv(file)["EDA(microsiemens)"].to_numpy()[750:]
    single = ressin.decompose(signal, 50.0)
    assert row["n_samples"] == len(signal)
    for name, expected in (("origin", signal), ("phasic", single.phasic), ("tonic", single.tonic)):
        np.testing.assert_allclose(prepared.channel(name)[place], expected, atol=2e-6)
    assert row["relative_gap"] < 1e-8
    assert row["status"] == "optimal"


def test_tables_fit_together(prepared: Prepared) -> None:
    recordings, ratings = prepared.recordings, prepared.ratings.set_index("pair")
    assert recordings["recording_id"].is_unique
    assert set(recordings["pair"]) <= set(ratings.index)
    assert set(recordings["subject"]) <= set(prepared.subjects["subject"])
    assert set(recordings["stimulus"]) <= set(prepared.stimuli["stimulus"])
    np.testing.assert_array_equal(recordings["arousal"], ratings.loc[recordings["pair"], "arousal"])
    thresholds = prepared.subjects.set_index("subject").loc[recordings["subject"], "threshold_arousal"].to_numpy()
    labels = recordings["arousal_label"].astype("float64").to_numpy()
    known = np.isfinite(labels)
    assert known.sum() > 50
    np.testing.assert_array_equal(labels[known], (recordings["arousal"].to_numpy() > thresholds)[known])
    assert prepared.meta["counts"]["prepared"] == len(recordings)
    assert prepared.meta["ressin_version"] == ressin.__version__


def test_polars_and_duckdb_read_it_without_ressin(prepared: Prepared) -> None:
    path = prepared.folder / schema.RECORDINGS
    frame = polars.read_parquet(path)
    assert frame.columns == schema.recording_schema(("arousal", "valence")).names
    np.testing.assert_array_equal(frame["phasic"][3].to_numpy(), prepared.channel("phasic")[3])
    query = f"select recording_id, len(tonic), tonic[1], arousal_label from '{path}' order by recording_id"
    rows = duckdb.connect().execute(query).fetchall()
    expected = prepared.recordings.assign(first=[values[0] for values in prepared.channel("tonic")])
    expected = expected.sort_values("recording_id")
    assert [row[:2] for row in rows] == list(zip(expected["recording_id"], expected["n_samples"], strict=True))
    np.testing.assert_array_equal([row[2] for row in rows], expected["first"])
    plain = pd.read_parquet(path)
    assert plain["origin"][0].dtype == np.float32


def test_frames_load_lazily_and_channels_are_views(prepared: Prepared) -> None:
    fresh = load(prepared.folder)
    assert not {"recordings", "ratings", "music"} & vars(fresh).keys()
    assert fresh.recordings is fresh.recordings
    channel = fresh.channel("tonic")
    assert channel[-1].base is not None
    assert len(channel) == len(list(channel)) == 60
    with pytest.raises(IndexError):
        channel[60]
    with pytest.raises(InvalidInputError, match="one of origin, phasic, tonic, driver"):
        fresh.channel("residual")


@pytest.fixture
def copied(prepared: Prepared, tmp_path: Path) -> Path:
    shutil.copytree(prepared.folder, tmp_path / "copy")
    return tmp_path / "copy"


def change_meta(folder: Path, **values: object) -> None:
    meta = json.loads((folder / schema.META).read_text())
    (folder / schema.META).write_text(json.dumps({**meta, **values}))


def test_folders_that_are_not_whole_say_so(copied: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is not a folder"):
        load(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordingError, match="is not a prepared folder"):
        load(tmp_path / "empty")
    change_meta(copied, schema_version=99)
    with pytest.raises(RecordingError, match="schema version 99"):
        load(copied)
    change_meta(copied, schema_version=schema.SCHEMA_VERSION, labels=[1])
    with pytest.raises(RecordingError, match="'labels' must be a list of different names"):
        load(copied)
    (copied / schema.META).write_text("{")
    with pytest.raises(RecordingError, match="is not JSON"):
        load(copied)
    (copied / schema.META).unlink()
    with pytest.raises(RecordingError, match="was not finished"):
        load(copied)


def test_foreign_tables_are_refused_by_column(copied: Path) -> None:
    table = pq.read_table(copied / schema.RECORDINGS)
    pq.write_table(table.drop_columns(["subject"]), copied / schema.RECORDINGS)
    with pytest.raises(RecordingError, match="column 'subject' is missing"):
        _ = load(copied).recordings
    place = table.schema.get_field_index("n_samples")
    pq.write_table(table.set_column(place, "n_samples", pa.array(["x"] * len(table))), copied / schema.RECORDINGS)
    with pytest.raises(RecordingError, match="column 'n_samples' is string, needs int32"):
        _ = load(copied).recordings
    (copied / schema.RECORDINGS).write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(RecordingError, match="not a readable Parquet file"):
        _ = load(copied).recordings


@pytest.mark.parametrize("change", [[1], [5, -5], [-5000], [None]], ids=["more", "swapped", "negative", "null"])
def test_lengths_that_are_not_those_of_the_channels_are_refused(copied: Path, change: list[int | None]) -> None:
    table = pq.read_table(copied / schema.RECORDINGS)
    place = table.schema.get_field_index("n_samples")
    lengths = table.column("n_samples").to_pylist()
    for row, more in enumerate(change):
        lengths[row] = None if more is None else lengths[row] + more
    changed = table.set_column(place, table.schema.field(place), pa.array(lengths, pa.int32()))
    pq.write_table(changed, copied / schema.RECORDINGS)
    with pytest.raises(RecordingError, match=r"recordings.parquet: row 1 has n_samples -?\d+, its phasic \d+ values"):
        load(copied).channel("phasic")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": ["arousal", "arousal"]}, "'labels' must be a list of different names"),
        ({"settings": None}, "'settings' must be an object, not 'None'"),
        ({"settings": {"window": 5}}, "'settings.window' must be an object, not '5'"),
        ({"counts": []}, "'counts' must be an object"),
        ({"simulation": "x"}, "'simulation' must be null or a ceiling's rows"),
        ({"simulation": {"ceiling": [{"dimension": "arousal"}]}}, "'simulation' must be null or a ceiling's rows"),
    ],
)
def test_a_description_of_another_shape_is_refused(copied: Path, changes: dict[str, object], words: str) -> None:
    change_meta(copied, **changes)
    with pytest.raises(RecordingError, match=words):
        load(copied)


def test_a_description_without_bottom_is_refused(copied: Path) -> None:
    (copied / schema.META).write_text("[" * 100_000)
    with pytest.raises(RecordingError, match="is not JSON"):
        load(copied)


def test_a_store_that_unpacks_to_too_much_is_refused(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_STORE_BYTES", 1000)
    with pytest.raises(RecordingError, match=r"recordings.parquet: unpacks to 0 MiB, at most 0"):
        _ = load(copied).recordings
    monkeypatch.setattr("ressin.data.store.meta.MAX_JSON_BYTES", 10)
    with pytest.raises(RecordingError, match="at most 0 MiB is read"):
        load(copied)
