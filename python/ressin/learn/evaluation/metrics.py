"""Metrics of predictions, with intervals by resampling subjects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ressin.errors import InvalidInputError

METRICS = ("balanced_accuracy", "roc_auc", "accuracy", "f1", "precision", "recall")
LEVEL = 0.95
LEAST_PEOPLE = 6  # of n people all differ in one direction by chance in 1 of 2^n cases: 2^-5 is more than 2.5 %


def few_people(number: int) -> str:
    """Say that people are too few for an interval to show a difference; "" where they are not."""
    if number >= LEAST_PEOPLE:
        return ""
    return f"of {number} people: an interval over fewer than {LEAST_PEOPLE} shows nothing at 95 %"


@dataclass(frozen=True)
class Estimate:
    """A number and its bootstrap interval; NaN where it is not defined (ROC-AUC of a single class)."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def metrics(
    label: ArrayLike,
    score: ArrayLike,
    subject: ArrayLike,
    *,
    threshold: float = 0.5,
    n_resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Balanced accuracy, ROC-AUC, accuracy, F1, precision and recall, high being the positive class.

    Parameters
    ----------
    label
        (n,), 0 low, 1 high.
    score
        (n,), larger means more likely high; such as a probability.
    subject
        (n,), whose answers they are.
    threshold
        A score above it predicts high.
    n_resamples
        Bootstrap resamples of subjects.
    seed
        Of the resampling.

    Returns
    -------
    dict
        An `Estimate` for each of `METRICS`, with percentile intervals at 95 %.

    Raises
    ------
    InvalidInputError
        If lengths differ, nothing is given, a label is not 0 or 1 or a score not finite.

    Notes
    -----
    Whole subjects are drawn with replacement, so the intervals are for other people of the same population. A ratio
    without a denominator is 0, as in scikit-learn (precision where nothing was predicted high); balanced accuracy is
    the mean recall of the classes that occur, likewise. A ROC-AUC counts ties by half and is undefined (NaN) where only
    one class occurs; resamples of that kind are left out of its interval. The interval of fewer than `LEAST_PEOPLE`
    people is too narrow to show anything.
    """
    draws = _draws(label, score, subject, threshold, n_resamples, seed)
    return {name: _estimate(float(draws[name][0]), draws[name][1:]) for name in METRICS}


def difference(
    label: ArrayLike,
    score: ArrayLike,
    other: ArrayLike,
    subject: ArrayLike,
    *,
    threshold: float = 0.5,
    other_threshold: float = 0.5,
    n_resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Compare two models on the same samples: each metric of the first less that of the second.

    Parameters
    ----------
    label, subject, n_resamples, seed
        As in `metrics`.
    score, other
        (n,), of the two models.
    threshold, other_threshold
        A score above it predicts high, for each.

    Returns
    -------
    dict
        An `Estimate` for each of `METRICS`. The interval is of the difference: both models are scored on the same
        resamples of subjects. Above 0 from end to end, the first is better.

    Raises
    ------
    InvalidInputError
        As `metrics`.
    """
    first = _draws(label, score, subject, threshold, n_resamples, seed)
    second = _draws(label, other, subject, other_threshold, n_resamples, seed)
    draws = {name: first[name] - second[name] for name in METRICS}
    return {name: _estimate(float(values[0]), values[1:]) for name, values in draws.items()}


def _draws(
    label: ArrayLike, score: ArrayLike, subject: ArrayLike, threshold: float, n_resamples: int, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Each metric on the samples themselves and on every resample, (1 + n_resamples,)."""
    truth, scores = np.asarray(label), np.asarray(score, dtype=np.float64)
    people = np.asarray(subject)
    if not len(truth) == len(scores) == len(people) or not len(truth):
        raise InvalidInputError(
            f"{len(truth)} labels, {len(scores)} scores and {len(people)} subjects: one of each per sample is needed"
        )
    if not np.isin(truth, (0, 1)).all():
        raise InvalidInputError(f"labels hold {np.setdiff1d(truth, (0, 1))[0]}; 0 and 1 are possible")
    if not np.isfinite(scores).all():
        raise InvalidInputError(f"the score of sample {np.flatnonzero(~np.isfinite(scores))[0]} is not finite")
    positive = truth == 1
    _, code = np.unique(people, return_inverse=True)
    weights = resampled_weights(int(code.max()) + 1, n_resamples, seed)
    weights = np.concatenate([np.ones((1, weights.shape[1])), weights])  # (1 + n_resamples, n_subjects)
    draws = _ratios(weights @ _counts(positive, scores > threshold, code))
    order = np.argsort(scores, kind="stable")
    area = [_roc_auc(positive[order], scores[order], w[code[order]]) for w in weights]
    return {**draws, "roc_auc": np.array(area)}


def resampled_weights(n_groups: int, n_resamples: int, seed: int) -> NDArray[np.float64]:
    """How often each group occurs in each bootstrap resample, (n_resamples, n_groups); rows sum to n_groups."""
    rng = np.random.default_rng(seed)
    shares = np.full(n_groups, 1.0 / n_groups)
    return rng.multinomial(n_groups, shares, size=n_resamples).astype(np.float64)


def _counts(positive: NDArray[np.bool_], predicted: NDArray[np.bool_], code: NDArray[np.intp]) -> NDArray[np.float64]:
    """Count true and false positives, false and true negatives of each subject, (n_subjects, 4)."""
    cells = [positive & predicted, ~positive & predicted, positive & ~predicted, ~positive & ~predicted]
    return np.stack([np.bincount(code, cell, minlength=code.max() + 1) for cell in cells], axis=1)


def _ratios(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    tp, fp, fn, tn = counts.T
    recall, specificity = _divided(tp, tp + fn), _divided(tn, tn + fp)
    classes = (tp + fn > 0).astype(np.float64) + (tn + fp > 0)
    return {
        "accuracy": _divided(tp + tn, tp + fp + fn + tn),
        "f1": _divided(2 * tp, 2 * tp + fp + fn),
        "precision": _divided(tp, tp + fp),
        "recall": recall,
        "balanced_accuracy": _divided(recall + specificity, classes),
    }


def _divided(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _roc_auc(positive: NDArray[np.bool_], score: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """P(score of a high > score of a low) + half of P(equal), by weight; samples in order of their scores."""
    high, low = weight * positive, weight * ~positive
    if high.sum() == 0 or low.sum() == 0:
        return float("nan")
    starts = np.flatnonzero(np.r_[True, np.diff(score) > 0])  # of groups of equal scores
    high_at, low_at = np.add.reduceat(high, starts), np.add.reduceat(low, starts)
    below = np.cumsum(low_at) - low_at
    return float((high_at * (below + 0.5 * low_at)).sum() / (high.sum() * low.sum()))


def _estimate(value: float, draws: NDArray[np.float64]) -> Estimate:
    known = draws[np.isfinite(draws)]
    if not len(known) or not np.isfinite(value):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Estimate(value, float(low), float(high))
