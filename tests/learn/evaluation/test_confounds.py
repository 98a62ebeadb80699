"""Guesses from the time, the person and the level: what they find, and what they must not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.image import PackedSignals
from ressin.learn.evaluation.confounds import PersonOnly, TimeOnly, WithinPerson, has_times, order_in_person
from ressin.learn.evaluation.evaluate import Classifier, Fold
from ressin.learn.evaluation.metrics import metrics
from tests.learn.samples import RATE, in_files, made_up

NOWHERE = Fold(0, "test", None, False)


@pytest.fixture(scope="module")
def windows() -> LabelledData:
    return in_files(made_up(n=180, n_subjects=15), windows=12)


def area(data: LabelledData, model: Classifier) -> float:
    """ROC-AUC on ten people after training on five."""
    known = np.isin(data.subject, [f"subject{k}" for k in range(5)])
    scores = model.scores(data, np.flatnonzero(known), np.flatnonzero(~known), NOWHERE)
    return metrics(data.label[~known], scores, data.subject[~known], n_resamples=10)["roc_auc"].value


def labelled(data: LabelledData, high: NDArray[np.bool_]) -> LabelledData:
    return dataclasses.replace(data, label=high.astype(np.int64))


def test_time_alone_finds_an_order_of_conditions_and_nothing_else(windows: LabelledData) -> None:
    order = order_in_person(windows)
    assert area(labelled(windows, (order > 0.3) & (order < 0.6)), TimeOnly(n_trees=50)) > 0.99
    chance = np.random.default_rng(0).random(len(windows)) < 0.5
    assert abs(area(labelled(windows, chance), TimeOnly(n_trees=50)) - 0.5) < 0.15


def test_time_alone_needs_times(windows: LabelledData) -> None:
    unknown = dataclasses.replace(windows, start=np.full(len(windows), np.nan))
    alike = dataclasses.replace(windows, start=np.zeros(len(windows)))
    assert [has_times(data) for data in (windows, unknown, alike)] == [True, False, False]
    for data in (unknown, alike):
        with pytest.raises(InvalidInputError, match="time alone tells nothing"):
            TimeOnly().scores(data, np.arange(90), np.arange(90, 180), NOWHERE)


def test_the_person_alone_is_the_share_of_high_in_training(windows: LabelledData) -> None:
    train, test = np.arange(100), np.arange(100, 180)
    scores = PersonOnly().scores(windows, train, test, NOWHERE)
    for row, score in zip(test, scores, strict=True):
        assert score == pytest.approx(windows.label[train[windows.subject[train] == windows.subject[row]]].mean())
    assert area(windows, PersonOnly()) == 0.5


@pytest.mark.parametrize("sign", [1, -1])
def test_the_level_within_the_person_is_ranked_and_turned_once(windows: LabelledData, sign: int) -> None:
    rng = np.random.default_rng(1)
    person = np.array([int(name.removeprefix("subject")) for name in windows.subject])
    windows = labelled(windows, np.arange(len(windows)) // 15 % 3 == 0)
    level = 2.0 + 3.0 * person + sign * windows.label + 0.1 * rng.normal(size=len(windows))
    flat = [np.stack([np.full(100, value), np.zeros(100), np.full(100, value)]) for value in level]
    data = dataclasses.replace(windows, signals=PackedSignals.pack(flat, RATE), start=np.full(len(windows), np.nan))
    assert area(data, WithinPerson()) > 0.98
