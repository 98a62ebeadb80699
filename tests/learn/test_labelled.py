"""From a prepared folder to samples of one label, and through training."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import Preparation, PrepareSettings
from ressin.data.samples.labelled import LabelledData, labelled_data
from ressin.data.samples.splits import make_splits
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.store.store import Prepared, load
from ressin.errors import InvalidInputError
from ressin.learn.evaluation.evaluate import cross_validate
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.learn.evaluation.regression import regress
from ressin.learn.model.settings import ModelSettings, TrainSettings
from ressin.simulation.pmemo import simulate_pmemo
from ressin.simulation.population import SimulationSettings
from tests.learn.samples import small

PEOPLE = SimulationSettings(n_subjects=6, n_songs=6, n_pairs=30, min_seconds=18.0, max_seconds=22.0)
N_FEATURES = 6373


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A small simulated PMEmo-2018 folder with a table of music features for all songs but number 1."""
    raw = tmp_path_factory.mktemp("labelled") / "raw"
    simulate_pmemo(raw, seed=5, settings=PEOPLE, audio="none", n_processes=1)
    features = np.random.default_rng(0).normal(size=(5, N_FEATURES))
    names = ["musicId", *(f"feature{k}" for k in range(N_FEATURES))]
    rows = [",".join([str(song), *map("{:.4g}".format, row)]) for song, row in zip(range(2, 7), features, strict=True)]
    (raw / "static_features.csv").write_text("\n".join([",".join(names), *rows]))
    prepare(read_pmemo(raw), raw.parent / "prepared", settings=PrepareSettings(music="read"), n_threads=1)
    return load(raw.parent / "prepared")


@pytest.mark.parametrize("label_name", ["arousal", "valence"])
def test_samples_are_the_rows_of_the_store(prepared: Prepared, label_name: str) -> None:
    data, table = labelled_data(prepared, label_name), prepared.recordings
    rows = table[(table["dimension"] == label_name) & table[f"{label_name}_label"].notna()].reset_index()
    assert data.recording_id.tolist() == rows["recording_id"].tolist()
    for name in ("pair", "subject", "stimulus"):
        assert getattr(data, name).tolist() == rows[name].tolist()
    assert data.label.tolist() == rows[f"{label_name}_label"].tolist()
    np.testing.assert_array_equal(data.rating, rows[label_name].to_numpy(np.float64))
    for sample, row in ((0, int(rows["index"][0])), (len(data) - 1, int(rows["index"].iloc[-1]))):
        for channel, name in enumerate(("origin", "phasic", "tonic")):
            np.testing.assert_array_equal(data.signal(sample)[channel], prepared.channel(name)[row])
    has = data.music_row >= 0
    assert set(data.stimulus[~has]) == {"1"}
    for sample in np.flatnonzero(has)[:3]:
        expected = prepared.music.loc[data.stimulus[sample]].to_numpy()
        np.testing.assert_array_equal(data.music_of(np.array([sample]))[0], expected)
    assert data.label_rule["min_ratings"] == 4
    assert data.preparation == Preparation()
    np.testing.assert_allclose(data.sampling_rates(), 50.0)


def test_both_recordings_of_a_pair_if_asked_for(prepared: Prepared) -> None:
    own, both = labelled_data(prepared, "arousal"), labelled_data(prepared, "arousal", recordings="all")
    assert len(both) == 2 * len(own)
    assert set(own.recording_id) < set(both.recording_id)


def test_what_cannot_take_part_is_listed_with_its_reason(prepared: Prepared) -> None:
    names = [f"arousal, row {k}" for k in range(3)]
    altered = Prepared(prepared.folder, prepared.meta)
    table = prepared.recordings.copy()
    own = np.flatnonzero(table["dimension"] == "arousal")[:3]
    table.loc[own, "recording_id"] = names
    table.loc[own[0], "arousal_label"] = None
    table.loc[own[1], "sampling_rate"] = 0.5
    table.loc[own[2], "sampling_rate"] = 5000.0
    altered.__dict__["recordings"] = table
    data = labelled_data(altered, "arousal")
    assert data.left_out[:3] == (
        (names[0], "no arousal label"),
        (names[1], "sampled below 1 Hz"),
        (names[2], "shorter than two seconds"),
    )
    assert not set(names) & set(data.recording_id)
    table["arousal_label"] = table["arousal_label"].where(table["arousal_label"] > 1)
    with pytest.raises(InvalidInputError, match=r"no recording can be used for 'arousal': \d+ x no arousal label"):
        labelled_data(altered, "arousal")


def test_unknown_names_are_refused(prepared: Prepared) -> None:
    with pytest.raises(InvalidInputError, match="there is no label 'joy': the folder has arousal, valence"):
        labelled_data(prepared, "joy")
    with pytest.raises(InvalidInputError, match="recordings='none' is not known: one of own, all"):
        labelled_data(prepared, "arousal", recordings="none")


def test_the_fingerprint_follows_every_part(prepared: Prepared) -> None:
    data = labelled_data(prepared, "arousal")
    assert labelled_data(prepared, "arousal").fingerprint == data.fingerprint
    first = data.signals.recording(0)
    signals = data.signals.pack([first * (1 if k else 1.0001) for k in range(1)], 50.0)
    altered: list[LabelledData] = [
        dataclasses.replace(data, label=1 - data.label),
        dataclasses.replace(data, music=data.music + 1),
        dataclasses.replace(data, subject=data.subject[::-1].copy()),
        dataclasses.replace(data, signals=signals, place=np.zeros(len(data), np.int64)),
    ]
    assert len({other.fingerprint for other in [data, *altered]}) == 5
    without = dataclasses.replace(data, music=np.zeros((0, 0), np.float32), music_row=np.full(len(data), -1))
    assert without.fingerprint != data.fingerprint


def test_a_prepared_folder_goes_through_the_network_and_the_regression(prepared: Prepared, tmp_path: Path) -> None:
    data = labelled_data(prepared, "valence").with_music()
    splits = make_splits(prepared.recordings, "subject", n_folds=2, seed=1).take(data.recording_id)
    training = TrainSettings(iterations=2, batch_size=8, crop_padding=2)
    result = cross_validate(data, splits, NetworkClassifier(small(ModelSettings(), training)), folder=tmp_path)
    assert np.isfinite(result.table["score"]).all()
    assert result.table["subject"].tolist() == data.subject.tolist()
    cells = regress(data, splits, methods=("MLR",), n_resamples=20)
    assert [cell.channel for cell in cells] == ["origin", "phasic", "tonic"]
