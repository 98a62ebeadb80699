"""`ressin evaluate`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin.cli import main
from ressin.data.preparation.prepare import prepare
from ressin.data.sources.manifest import read_manifest
from ressin.data.store.store import Prepared, load
from ressin.simulation.work import write_trace
from tests.data.folders import wave


def study(folder: Path, level: float) -> Path:
    """Overlapping windows of 30 s of six people, high in their second half."""
    folder.mkdir()
    rows = []
    for person in range(6):
        write_trace(folder / f"{person}.csv", *wave(120.0 + person, level=level + person))
        rows += [(f"{person}.csv", f"p{person}", f"task{k % 2}", 10 * k, 10 * k + 30, int(k >= 4)) for k in range(1, 9)]
    names = ["recording", "subject", "stimulus", "start", "end", "calm_label"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "manifest.csv", index=False)
    prepare(read_manifest(folder / "manifest.csv"), folder / "prepared", n_threads=1)
    return folder / "prepared"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A model, and the folder that it was trained on."""
    from ressin.data.samples.labelled import labelled_data
    from ressin.learn.model.settings import ModelSettings, TrainSettings
    from ressin.learn.trained.train import train
    from tests.learn.samples import small

    root = tmp_path_factory.mktemp("evaluate")
    folder = study(root / "first", 5.0)
    data = labelled_data(load(folder), "calm")
    training = TrainSettings(iterations=3, batch_size=16, crop_padding=0, precision="fp32")
    train(data, np.arange(len(data)), small(ModelSettings(use_music=False), training, 16), folder=root / "model")
    return root / "model" / "model.safetensors", folder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study(tmp_path_factory.mktemp("evaluate") / "second", 2.0)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_model_is_evaluated_beside_what_it_must_beat(
    model: tuple[Path, Path], other: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = tmp_path / "scores.csv"
    command = ("evaluate", model[0], other, "--resamples", 100, "--predictions", written, "--device", "cpu")
    status, out, _ = run(capsys, *command)
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("calm: 48 samples of 6 people")
    assert lines[1].split()[:3] == ["balanced", "acc.", "ROC-AUC"]
    assert [line.split("  ")[0] for line in lines[2:6]] == ["the model", "majority", "time only", "within-person level"]
    assert any(line.startswith("note: ") and "beat" in line and "time only" in line for line in lines)
    status, out, _ = run(capsys, *command, "--json")
    found = json.loads(out)
    time_only = next(row for row in found["rows"] if row["name"] == "time only")
    assert time_only["metrics"]["roc_auc"][0] > 0.95
    assert time_only["model_less"]["roc_auc"][1] <= time_only["model_less"]["roc_auc"][0]
    table = pd.read_csv(written)
    assert len(table) == 48
    right = np.mean((table["score"] > 0.5) == table["label"])
    assert found["rows"][0]["metrics"]["accuracy"][0] == pytest.approx(right)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--resamples", 5), "--resamples 5: at least 100 are needed"),
        (("--label", "joy"), "there is no label 'joy'"),
    ],
)
def test_wrong_options_are_refused(
    more: tuple[object, ...], message: str, model: tuple[Path, Path], other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, "evaluate", model[0], other, *more)
    assert status == 1
    assert message in err


def test_the_folder_of_the_training_is_refused(
    model: tuple[Path, Path], prepared: Prepared, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, "evaluate", *model)
    assert status == 1
    assert "trained on samples of this very folder" in err
    status, _, err = run(capsys, "evaluate", model[0], prepared.folder)
    assert status == 1
    assert "there is no label 'calm': the folder has arousal, valence" in err
