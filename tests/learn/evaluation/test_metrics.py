from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as reference
from numpy.typing import NDArray

from ressin.errors import InvalidInputError
from ressin.learn.evaluation.metrics import METRICS, difference, metrics, resampled_weights


def answers(n: int = 240, n_subjects: int = 12, seed: int = 0) -> tuple[NDArray, NDArray, NDArray]:  # type: ignore[type-arg]
    rng = np.random.default_rng(seed)
    subject = np.sort(rng.integers(0, n_subjects, size=n))
    skill = rng.uniform(-0.5, 1.5, size=n_subjects)
    label = rng.integers(0, 2, size=n)
    score = 1 / (1 + np.exp(-(skill[subject] * (2 * label - 1) + rng.normal(size=n))))
    return label, np.round(score, 2), np.array([f"s{s}" for s in subject])  # rounded: with ties


def expected(label: NDArray, score: NDArray) -> dict[str, float]:  # type: ignore[type-arg]
    predicted = score > 0.5
    return {
        "accuracy": reference.accuracy_score(label, predicted),
        "f1": reference.f1_score(label, predicted, zero_division=0),
        "precision": reference.precision_score(label, predicted, zero_division=0),
        "recall": reference.recall_score(label, predicted, zero_division=0),
        "balanced_accuracy": reference.balanced_accuracy_score(label, predicted),
        "roc_auc": reference.roc_auc_score(label, score),
    }


@pytest.mark.parametrize("seed", range(5))
def test_values_are_scikit_learns(seed: int) -> None:
    label, score, subject = answers(seed=seed)
    found = metrics(label, score, subject, n_resamples=10)
    assert set(found) == set(METRICS)
    for name, value in expected(label, score).items():
        assert found[name].value == pytest.approx(value, abs=1e-12), name


def test_intervals_are_those_of_resampled_subjects() -> None:
    label, score, subject = answers()
    names = np.unique(subject)
    draws: dict[str, list[float]] = {name: [] for name in METRICS}
    for weights in resampled_weights(len(names), 200, seed=3):
        rows = np.concatenate(
            [np.flatnonzero(subject == s) for s, w in zip(names, weights, strict=True) for _ in range(int(w))]
        )
        for name, value in expected(label[rows], score[rows]).items():
            draws[name].append(value)
    found = metrics(label, score, subject, n_resamples=200, seed=3)
    for name in METRICS:
        low, high = np.quantile(draws[name], [0.025, 0.975])
        assert (found[name].low, found[name].high) == pytest.approx((low, high), abs=1e-12), name


def test_samples_of_one_person_count_together() -> None:
    label, score, subject = answers(n=400, n_subjects=8)
    grouped = metrics(label, score, subject)["accuracy"]
    apart = metrics(label, score, np.arange(400))["accuracy"]
    assert grouped.value == apart.value
    assert grouped.high - grouped.low > apart.high - apart.low


def test_nothing_predicted_high() -> None:
    label = np.array([0, 1, 0, 1])
    found = metrics(label, np.zeros(4), np.arange(4))
    assert (found["precision"].value, found["recall"].value, found["f1"].value) == (0.0, 0.0, 0.0)
    assert found["balanced_accuracy"].value == found["accuracy"].value == found["roc_auc"].value == 0.5


def test_roc_auc_of_a_single_class_is_not_a_number() -> None:
    found = metrics(np.ones(6, int), np.linspace(0, 1, 6), np.arange(6))
    assert np.isnan(found["roc_auc"].value)
    assert np.isnan(found["roc_auc"].low)
    assert found["recall"].value == 0.5


@pytest.mark.parametrize("high", [0, 1])
@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true:UserWarning")
def test_balanced_accuracy_of_a_single_class_is_scikit_learns(high: int) -> None:
    label, score = np.full(6, high), np.array([0.1, 0.9, 0.8, 0.7, 0.2, 0.6])
    found = metrics(label, score, ["a", "a", "a", "b", "b", "b"], n_resamples=50)["balanced_accuracy"]
    assert found.value == pytest.approx(reference.balanced_accuracy_score(label, score > 0.5))
    assert found.low <= found.value <= found.high


def test_a_difference_is_taken_on_the_same_resamples() -> None:
    label, score, subject = answers()
    better = np.clip(score + 0.15 * (2 * label - 1), 0, 1)
    found = difference(label, better, score - 1.0, subject, other_threshold=-0.5, n_resamples=80, seed=4)
    names = np.unique(subject)
    draws = []
    for weights in resampled_weights(len(names), 80, seed=4):
        rows = np.concatenate(
            [np.flatnonzero(subject == s) for s, w in zip(names, weights, strict=True) for _ in range(int(w))]
        )
        draws.append(expected(label[rows], better[rows])["roc_auc"] - expected(label[rows], score[rows])["roc_auc"])
    low, high = np.quantile(draws, [0.025, 0.975])
    assert (found["roc_auc"].low, found["roc_auc"].high) == pytest.approx((low, high), abs=1e-12)
    assert 0 < found["roc_auc"].low < found["roc_auc"].value < found["roc_auc"].high
    itself = difference(label, score, score, subject, n_resamples=50)
    assert all((e.value, e.low, e.high) == (0.0, 0.0, 0.0) for e in itself.values())


def test_the_threshold_is_the_callers() -> None:
    label, score, subject = answers()
    distances = np.log(np.clip(score, 0.01, 0.99) / (1 - np.clip(score, 0.01, 0.99)))
    by_distance = metrics(label, distances, subject, threshold=0.0, n_resamples=50)
    assert by_distance["accuracy"] == metrics(label, score, subject, n_resamples=50)["accuracy"]


@pytest.mark.parametrize(
    ("label", "score", "message"),
    [
        ([0, 1], [0.5], "2 labels, 1 scores and 2 subjects"),
        ([0, 2], [0.5, 0.5], "labels hold 2; 0 and 1 are possible"),
        ([0, 1], [0.5, np.nan], "the score of sample 1 is not finite"),
    ],
)
def test_says_what_is_wrong(label: list[int], score: list[float], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        metrics(label, score, ["a", "b"])
    with pytest.raises(InvalidInputError, match="0 labels"):
        metrics([], [], [])
