"""`ressin train`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin.cli import main
from ressin.data.samples.labelled import labelled_data
from ressin.data.store.store import Prepared, load

BRIEF = ("--iterations", 4, "--batch", 8, "--length", 16, "--branches", "eda", "--device", "cpu")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_options_reach_the_model_that_is_written(
    prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ressin.learn.trained.checkpoint import load as load_model

    chosen = ("--label", "arousal", "--network", "cnn1d", "--members", 2, "--class-weights", "balanced")
    held = ("--validation-share", 0.4, "--validate-every", 2, "--threshold", "tuned", "--channels", "phasic")
    status, out, _ = run(capsys, "train", prepared.folder, "-o", tmp_path, *chosen, *held, *BRIEF, "--seed", 3)
    assert status == 0
    assert "samples of arousal of" in out
    assert "held back: loss" in out
    assert "high above 0." in out
    trained = load_model(tmp_path / "model.safetensors")
    model, training = trained.settings.model, trained.settings.training
    assert (model.network, model.members, model.length, model.channels) == ("cnn1d", 2, 16, "phasic")
    assert (model.use_eda, model.use_music) == (True, False)
    assert (training.class_weights, training.validation_group, training.threshold) == ("balanced", "subject", "tuned")
    assert (training.iterations, training.decay_every, training.seed) == (4, 4, 3)
    assert len(pd.read_csv(tmp_path / "log.csv")) == 4
    status, again, _ = run(capsys, "train", prepared.folder, "-o", tmp_path, *chosen, *held, *BRIEF, "--seed", 3)
    assert (status, again) == (0, out)  # read, not trained


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "has 2 labels (arousal, valence): choose one, --label"),
        (("--label", "joy"), "there is no label 'joy'"),
        (("--label", "arousal", "--threshold", "tuned"), "give a validation_share"),
        (("--label", "arousal", "--length", "3"), "length=3 is outside"),
        (("--label", "arousal", "--network", "cnn1d", "--imagenet", "x.pth", "--norm", "batch"), "has no pictures"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_line(
    prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    status, _, err = run(capsys, "train", prepared.folder, "-o", tmp_path / "out", *arguments)
    assert status == 1
    assert err.startswith("ressin: ")
    assert message in err
    assert not (tmp_path / "out").exists()


def test_processes_of_torchrun_train_one_model(prepared: Prepared, tmp_path: Path) -> None:
    """By the documented command; the first process alone prints and writes, and the losses are those of one."""
    command = ["-m", "ressin", "train", str(prepared.folder), "--label", "arousal", "--network", "cnn1d"]
    options = [str(option) for option in BRIEF]
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    curves = []
    for name, start in (("one", []), ("two", launcher)):
        words = [sys.executable, *start, *command, *options, "-o", str(tmp_path / name)]
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("model.safetensors") == 1
        curves.append(pd.read_csv(tmp_path / name / "log.csv")["loss"])
    assert "in 2 processes" in done.stdout
    np.testing.assert_allclose(curves[1], curves[0], rtol=5e-5)


def test_json_of_a_prediction_holds_the_tuned_threshold(
    prepared: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ("--label", "arousal", "--network", "rtcan1d", "--validation-share", 0.4, "--threshold", "tuned")
    status, _, _ = run(capsys, "train", prepared.folder, "-o", tmp_path, *chosen, *BRIEF, "--quiet")
    assert status == 0
    rows = labelled_data(load(prepared.folder), "arousal")
    signal = rows.signal(0)[0]
    file = tmp_path / "one.csv"
    time = np.arange(len(signal)) / rows.sampling_rates()[0]
    pd.DataFrame({"time": time, "eda": signal}).to_csv(file, index=False)
    status, out, _ = run(capsys, "predict", tmp_path / "model.safetensors", file, "--json", "--drop", 0)
    assert status == 0
    assert 0.0 < json.loads(out)["threshold"] < 1.0
