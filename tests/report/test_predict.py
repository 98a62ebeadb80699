"""One recording predicted from its file, and a model written as ONNX."""

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ressin import decompose
from ressin.cli import main
from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.settings import DecompositionChoice, Preparation
from ressin.errors import ConvergenceError, InvalidInputError
from ressin.io import read_recording
from ressin.learn.model.settings import ModelSettings, TrainSettings
from ressin.learn.trained.checkpoint import TrainedModel, load
from ressin.learn.trained.export import export_onnx
from ressin.learn.trained.predict import predict_file, predict_recording
from ressin.learn.trained.train import train
from ressin.learn.training.dataset import SignalImages
from tests.data.folders import wave, write_wave
from tests.learn.samples import RATE, made_up, small

TRAIN = np.arange(60)
SHORT = TrainSettings(iterations=2, batch_size=8, precision="fp32")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(scope="module")
def eda_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that was trained on 10 to 14 s at 8 Hz."""
    path = tmp_path_factory.mktemp("models") / "eda.safetensors"
    train(made_up(), TRAIN, small(ModelSettings(norm="none", hidden=8, use_music=False), SHORT)).save(path)
    return path


@pytest.fixture(scope="module")
def fusion() -> TrainedModel:
    """A model of both branches, with twelve music features."""
    return train(made_up(), TRAIN, small(ModelSettings(hidden=8), SHORT))


def test_a_file_is_prepared_as_the_training_data_were(eda_only: Path, tmp_path: Path) -> None:
    write_wave(tmp_path / "one.csv", 27.0, RATE)
    trained = load(eda_only)
    found = predict_file(trained, read_recording(tmp_path / "one.csv"), device="cpu")
    result = decompose(wave(27.0, RATE)[1][round(15 * RATE) :], RATE)
    channels = np.stack([result.signal, result.phasic, result.tonic])
    direct = predict_recording(trained, channels, RATE, device="cpu")
    assert found.probability == pytest.approx(direct.probability, abs=1e-6)
    assert found.label_name == "arousal"
    assert not any("trained on" in note for note in found.notes)


@pytest.mark.parametrize("choice", [{"alpha": 0.05, "gamma": 0.1, "revision": "2015"}, {"programme": "robust"}])
def test_the_models_own_preparation_is_used(tmp_path: Path, choice: dict[str, Any]) -> None:
    """Another drop and another programme in the prepared folder: the checkpoint records them."""
    window = WindowRule(drop_seconds=11.0, drop="after")
    preparation = Preparation(window, DecompositionChoice(**choice))
    data = dataclasses.replace(made_up(), preparation=preparation)
    model = train(data, TRAIN, small(ModelSettings(hidden=8, use_music=False), SHORT))
    model.save(tmp_path / "model.safetensors")
    write_wave(tmp_path / "one.csv", 23.0, RATE)
    recording = read_recording(tmp_path / "one.csv")
    trained = load(tmp_path / "model.safetensors")
    found = predict_file(trained, recording, device="cpu")
    result = decompose(wave(23.0, RATE)[1], RATE, **choice)
    channels = np.stack([result.signal, result.phasic, result.tonic])[:, round(11 * RATE) :]
    assert found.probability == pytest.approx(predict_recording(trained, channels, RATE).probability, abs=1e-6)
    assert not any("preparation" in note or "dropped" in note for note in found.notes)
    other = predict_file(trained, recording, window=WindowRule(drop_seconds=12.0), device="cpu")
    said = "the first 12 s were dropped before the decomposition; in training 11 s after it"
    assert said in other.notes
    silent = dataclasses.replace(trained, preparation=None)
    notes = predict_file(silent, recording, device="cpu").notes
    assert "the model does not say how its recordings were prepared; this one was with the defaults" in notes


def test_what_is_unlike_the_training_data_is_said(
    eda_only: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    time, signal = wave(60.0, 50.0)
    signal[1000:1050] = np.nan
    rows = "\n".join(f"{t:.3f},{'' if np.isnan(x) else x}" for t, x in zip(time, signal, strict=True))
    (tmp_path / "other.csv").write_text(f"time(s),EDA\n{rows}\n")
    status, out, _ = run(capsys, "predict", eda_only, tmp_path / "other.csv", "--device", "cpu", "--json")
    assert status == 0
    said = json.loads(out)
    assert 0.0 <= said["probability"] <= 1.0
    assert "sampled at 50 Hz; trained on 8 Hz" in said["notes"]
    assert any(note.startswith("45.0 s long after the start was dropped; trained on 10 to ") for note in said["notes"])
    assert any("50 missing sample(s) (2.2%) were solved through" in note for note in said["notes"])
    status, out, _ = run(capsys, "predict", eda_only, tmp_path / "other.csv", "--device", "cpu")
    assert status == 0
    assert "arousal is " in out
    assert "unlike the training data, or doubtful: sampled at 50 Hz; trained on 8 Hz" in out


def test_what_cannot_be_predicted_is_refused(
    eda_only: Path, fusion: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wave(tmp_path / "short.csv", 16.0, RATE)
    status, _, err = run(capsys, "predict", eda_only, tmp_path / "short.csv")
    assert status == 1
    assert "1.00 s are left after the first 15 s, at least 2 s are needed" in err
    write_wave(tmp_path / "one.csv", 27.0, RATE)
    status, _, err = run(capsys, "predict", eda_only, tmp_path / "one.csv", "--music", "clip.mp3")
    assert status == 1
    assert "the model hears no music, and the clip clip.mp3 was given: leave it out" in err
    with pytest.raises(InvalidInputError, match="the model hears music: give the clip"):
        predict_file(fusion, read_recording(tmp_path / "one.csv"))
    status, _, err = run(capsys, "predict", tmp_path / "one.csv", tmp_path / "one.csv")
    assert status == 1
    assert "is not a safetensors file" in err


def test_a_clip_is_heard(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile", reason="hearing a clip needs the extra 'music'")
    pytest.importorskip("opensmile", reason="hearing a clip needs the extra 'music'")
    data = made_up(n_music=6373)
    trained = train(data, TRAIN, small(ModelSettings(norm="none", hidden=8), SHORT))
    time = np.arange(16000 * 2) / 16000
    soundfile.write(tmp_path / "clip.wav", 0.3 * np.sin(2 * np.pi * 440.0 * time), 16000)
    write_wave(tmp_path / "one.csv", 27.0, RATE)
    found = predict_file(trained, read_recording(tmp_path / "one.csv"), music=tmp_path / "clip.wav", device="cpu")
    assert 0.0 <= found.probability <= 1.0


def test_onnx_gives_the_probabilities_of_torch_on_real_samples(
    fusion: TrainedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="ONNX needs the extra 'export'")
    pytest.importorskip("onnxscript", reason="ONNX needs the extra 'export'")
    fusion.save(tmp_path / "model.safetensors")
    status, out, _ = run(capsys, "export", tmp_path / "model.safetensors", tmp_path / "model.onnx")
    assert status == 0
    assert "input image: batch x 3 x 24 x 24\ninput music: batch x 12\noutput probability: batch x 2" in out
    assert {path.name for path in tmp_path.iterdir()} == {"model.onnx", "model.safetensors"}
    data, index = made_up(), np.arange(7)
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    images = SignalImages(data, settings=fusion.settings.image).draw(index).numpy()
    (found,) = session.run(["probability"], {"image": images, "music": data.music_of(index)})
    assert np.asarray(found)[:, 1] == pytest.approx(fusion.predict(data, index, device="cpu"), abs=1e-5)


def test_onnx_that_disagrees_is_not_written(
    fusion: TrainedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="ONNX needs the extra 'export'")
    pytest.importorskip("onnxscript", reason="ONNX needs the extra 'export'")
    real = torch.onnx.export

    def other_weights(model: Any, *arguments: Any, **keywords: Any) -> Any:
        other = copy.deepcopy(model)
        with torch.no_grad():
            other.model.classifier.out.bias[0] += 0.1
        return real(other, *arguments, **keywords)

    monkeypatch.setattr(torch.onnx, "export", other_weights)
    with pytest.raises(ConvergenceError, match="onnxruntime and torch differ by"):
        export_onnx(fusion, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
