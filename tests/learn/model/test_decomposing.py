"""Res-SIN with the decomposition inside: it learns, is saved and resumes like the one without."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

import ressin
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.image import PackedSignals
from ressin.learn.model.decomposing import DecomposingResSIN
from ressin.learn.model.settings import LearnSettings, ModelSettings, TrainSettings
from ressin.learn.trained.checkpoint import load
from ressin.learn.trained.export import export_onnx
from ressin.learn.trained.predict import predict_recording
from ressin.learn.trained.train import train
from ressin.learn.training.progress import TrainingProgress
from tests.learn.samples import RATE, small

TRAIN = np.arange(60)
BRIEF = TrainSettings(iterations=6, batch_size=16, optimizer="adamw", crop_padding=2, precision="fp32")
LAYER = ModelSettings(decompose="layer")


def settings(training: TrainSettings = BRIEF) -> LearnSettings:
    return small(LAYER, training)


def test_alpha_and_the_time_constants_are_learned_with_the_rest(data: LabelledData) -> None:
    trained = train(data, TRAIN, settings())
    assert isinstance(trained.model, DecomposingResSIN)
    now = trained.model.decomposition.program()
    for name, start in (("alpha", 8e-4), ("tau0", 2.0), ("tau1", 0.7)):
        value = now[name]
        assert isinstance(value, torch.Tensor)
        assert 1e-4 < abs(float(value.detach()) / start - 1) < 0.5
    losses = [row.loss for row in trained.history.rows]
    assert np.isfinite(losses).all()


def test_untrained_it_sees_what_the_fixed_one_sees(data: LabelledData) -> None:
    origins = [data.signal(i)[0] for i in range(len(data))]
    found = ressin.decompose_batch(origins, RATE)
    recordings = [np.stack([y, x.phasic, x.tonic]).astype(np.float32) for y, x in zip(origins, found, strict=True)]
    prepared = dataclasses.replace(data, signals=PackedSignals.pack(recordings, RATE))
    still = dataclasses.replace(BRIEF, learning_rate=0.0, iterations=2)
    fixed, inside = (train(prepared, TRAIN, small(model, still)) for model in (ModelSettings(), LAYER))
    np.testing.assert_allclose(inside.predict(prepared), fixed.predict(prepared), rtol=0, atol=1e-4)
    for one, other in zip(fixed.history.rows, inside.history.rows, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-4)


def test_a_checkpoint_gives_the_same_probabilities(data: LabelledData, tmp_path: Path) -> None:
    trained = train(data, TRAIN, settings())
    trained.save(tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(data), trained.predict(data))
    one = predict_recording(again, data.signal(3), RATE, music=data.music_of(np.array([3]))[0])
    assert one.probability == pytest.approx(trained.predict(data, np.array([3]))[0], abs=1e-6)


def test_an_interrupted_training_goes_on_to_the_same_numbers(data: LabelledData, tmp_path: Path) -> None:
    whole = train(data, TRAIN, settings())

    def stop(progress: TrainingProgress) -> None:
        if progress.step == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train(data, TRAIN, settings(), folder=tmp_path, save_every=2, progress=stop)
    resumed = train(data, TRAIN, settings(), folder=tmp_path, save_every=2)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name


def test_what_it_cannot_do_is_said(data: LabelledData, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="learns from the parts"):
        ModelSettings(decompose="layer", channels="origin")
    with pytest.raises(InvalidInputError, match="decompose='inside' is not known"):
        ModelSettings(decompose="inside")
    rates = np.full(len(data), RATE)
    rates[7] = 7.0
    signals = PackedSignals.pack([data.signal(i) for i in range(len(data))], rates)
    with pytest.raises(InvalidInputError, match="one sampling rate; these have 7 to 8 Hz"):
        train(dataclasses.replace(data, signals=signals), TRAIN, settings())
    trained = train(data, TRAIN, settings(dataclasses.replace(BRIEF, iterations=1)))
    with pytest.raises(InvalidInputError, match="ONNX"):
        export_onnx(trained, tmp_path / "model.onnx")
    other = dataclasses.replace(data, signals=PackedSignals.pack([data.signal(i) for i in range(len(data))], 10.0))
    with pytest.raises(InvalidInputError, match="10 Hz; the model decomposes those of 8 Hz"):
        trained.predict(other)
