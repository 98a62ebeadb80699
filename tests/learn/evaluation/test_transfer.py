"""A trained model on samples of another folder."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.settings import Preparation
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.learn.evaluation.metrics import difference, metrics
from ressin.learn.evaluation.transfer import evaluate_trained
from ressin.learn.model.settings import ModelSettings, TrainSettings
from ressin.learn.trained.checkpoint import TrainedModel
from ressin.learn.trained.train import train
from tests.learn.samples import in_files, made_up, small


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    data = made_up(n=40, n_subjects=8)
    training = TrainSettings(iterations=3, batch_size=16, crop_padding=0, precision="fp32")
    return train(data, np.arange(40), small(ModelSettings(use_music=False), training, 16))


@pytest.fixture(scope="module")
def other() -> LabelledData:
    return in_files(made_up(n=60, n_subjects=10, seed=1))


def test_its_metrics_are_those_of_its_predictions(trained: TrainedModel, other: LabelledData) -> None:
    found = evaluate_trained(trained, other, n_resamples=100)
    assert [row.name for row in found.rows] == ["the model", "majority", "time only", "within-person level"]
    score = trained.predict(other)
    np.testing.assert_array_equal(found.table["score"], score)
    assert found.rows[0].metrics == metrics(other.label, score, other.subject, n_resamples=100)
    always = np.full(60, float(other.label.mean() >= 0.5))
    assert found.rows[1].metrics["accuracy"].value == max(other.label.mean(), 1 - other.label.mean())
    assert found.rows[1].less == difference(other.label, score, always, other.subject, n_resamples=100)
    for row in found.rows[1:]:
        said = any(row.name in note and "beat" in note for note in found.notes)
        assert said == (not row.less["roc_auc"].low > 0)


def test_of_a_handful_of_people_nothing_is_shown(trained: TrainedModel) -> None:
    few = in_files(made_up(n=30, n_subjects=4, seed=2))
    found = evaluate_trained(trained, few, n_resamples=100)
    assert found.notes[0] == "of 4 people: an interval over fewer than 6 shows nothing at 95 %"
    for row in found.rows[1:]:
        assert any(note.startswith(f"it is not shown that the model beats {row.name}") for note in found.notes)


def test_its_own_training_samples_are_refused(trained: TrainedModel) -> None:
    with pytest.raises(InvalidInputError, match="trained on samples of this very folder"):
        evaluate_trained(trained, made_up(n=40, n_subjects=8))


def test_what_is_unlike_the_training_samples_is_said(trained: TrainedModel, other: LabelledData) -> None:
    alike = evaluate_trained(trained, other, n_resamples=100)
    assert not [note for note in alike.notes if "settings" in note or "trained on" in note]
    changed = dataclasses.replace(
        other,
        label_name="calm",
        preparation=Preparation(window=WindowRule(drop_seconds=3.0)),
        start=np.zeros(60),
        end=np.full(60, 60.0),
        file=other.recording_id,
    )
    notes = evaluate_trained(trained, changed, n_resamples=100).notes
    assert "prepared with other settings than the training samples: window" in notes
    assert "the model was trained on 'arousal', and is judged by 'calm'" in notes
    assert any(note.startswith("no row for time only: the samples all begin at the same time") for note in notes)


def test_samples_of_one_class_are_refused(trained: TrainedModel, other: LabelledData) -> None:
    with pytest.raises(InvalidInputError, match="the 60 samples of 'arousal' are all of one class"):
        evaluate_trained(trained, dataclasses.replace(other, label=np.ones(60, np.int64)))
