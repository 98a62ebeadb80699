"""The real recordings through everything: manifest, preparation, image, a (barely) trained model, prediction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin.cli import main
from ressin.data.preparation.prepare import prepare
from ressin.data.samples.labelled import labelled_data
from ressin.data.sources.manifest import read_manifest
from ressin.data.store.store import Prepared, load
from ressin.image import to_image
from ressin.io import read_recording
from ressin.learn.model.settings import ModelSettings, TrainSettings
from ressin.learn.trained.predict import predict_file
from ressin.learn.trained.train import train
from ressin.report.prepared_figures import round_trip
from tests.learn.samples import small
from tests.signals import RECORDINGS

WINDOWS = {  # seconds, of the recordings that are too long for one picture
    "neurokit/bio_resting_8min_100hz.csv": ((0, 60), (120, 180)),
    "empatica_e4/EDA.csv": ((600, 660), (1800, 1860)),
    "empatica_e4_flat/EDA.csv": ((300, 360),),
}


@pytest.fixture(scope="module")
def manifest(recordings_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All files as the rows of a manifest; the ready label says whether a row's number is even."""
    rows: list[dict[str, object]] = []
    for source in RECORDINGS:
        for start, end in WINDOWS.get(source.path, ((0, None),)):
            about = {"recording": source.path, "column": source.column, "sampling_rate": source.sampling_rate}
            who = {"subject": source.column or source.path.split("/")[0], "stimulus": f"{source.path} from {start} s"}
            rows.append({**about, **who, "start": start, "end": end, "even_label": 1 - len(rows) % 2})
    path = tmp_path_factory.mktemp("real") / "manifest.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def real(manifest: Path, recordings_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The same, prepared."""
    folder = tmp_path_factory.mktemp("real") / "prepared"
    prepare(read_manifest(manifest, root=recordings_folder), folder, n_threads=1)
    return load(folder)


def test_every_real_recording_is_prepared_and_proved(manifest: Path, real: Prepared) -> None:
    rows = real.recordings
    assert len(rows) == len(pd.read_csv(manifest)) == 26
    assert (real.rejects["action"] == "kept").all()
    assert rows["converged"].all()
    assert rows["relative_gap"].max() < 1e-8
    assert sorted(rows["sampling_rate"].round(2).unique()) == [4.0, 9.96, 12.18, 13.26, 50.0, 100.0]


def test_every_real_recording_is_drawn_and_read_back(real: Prepared) -> None:
    channels = [real.channel(name) for name in ("origin", "phasic", "tonic")]
    rows = real.recordings
    for place, (name, rate) in enumerate(zip(rows["recording_id"], rows["sampling_rate"], strict=True)):
        image = to_image(np.stack([channel[place] for channel in channels]), float(rate))
        assert image.shape == (3, 224, 224)
        assert image.min() >= 0.0
        assert image.max() <= 1.0
        assert max(round_trip(real, name).error) < 0.05  # a 4 Hz row has four samples for 224 pixels


def test_prediction_from_the_file_is_the_one_from_the_prepared_folder(
    real: Prepared, recordings_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = labelled_data(real, "even")
    brief = TrainSettings(iterations=2, batch_size=8, precision="fp32")
    trained = train(data, np.arange(len(data)), small(ModelSettings(use_music=False, hidden=8), brief))
    expected = dict(zip(data.recording_id, trained.predict(data, device="cpu"), strict=True))
    row = 0
    for source in RECORDINGS:
        path = recordings_folder / source.path
        recording = read_recording(path, column=source.column, sampling_rate=source.sampling_rate)
        for start, end in WINDOWS.get(source.path, ((0, None),)):
            row += 1
            found = predict_file(trained, recording, start=start, end=end, device="cpu")
            assert found.probability == pytest.approx(expected[f"{source.path}#{row}"], abs=1e-5)
            assert not any("trained on" in note for note in found.notes)
    trained.save(tmp_path / "model.safetensors")
    trace = recordings_folder / "pmemo_web" / "108_eda_z.csv"
    command = ["predict", str(tmp_path / "model.safetensors"), str(trace), "--column", "100083", "--device", "cpu"]
    assert main(command) == 0
    assert "even is " in capsys.readouterr().out
