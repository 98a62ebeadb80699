"""Table 1 of the paper: ratings regressed on statistics of the origin, tonic and phasic channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ressin.data.samples.features import channel_features
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.image import CHANNELS
from ressin.learn.evaluation.folds import Folds, check_folds
from ressin.learn.evaluation.metrics import Estimate, resampled_weights

METHODS = ("MLR", "SVR")


@dataclass(frozen=True, eq=False)
class Regression:
    """One cell of Table 1.

    Attributes
    ----------
    method
        ``"MLR"``, multiple linear regression, or ``"SVR"``, support vector regression.
    channel
        ``"origin"``, ``"phasic"`` or ``"tonic"``.
    label_name
        Whose rating.
    rmse
        Root mean square error, in units of the rating, with its interval.
    correlation
        Pearson's r of predicted and true ratings, with its interval; NaN where the prediction is constant.
    predicted
        (n,), of all folds; NaN where there is no rating.
    """

    method: str
    channel: str
    label_name: str
    rmse: Estimate
    correlation: Estimate
    predicted: NDArray[np.float64]


def less_error(
    data: LabelledData, one: Regression, other: Regression, *, n_resamples: int = 2000, seed: int = 0
) -> Estimate:
    """RMSE of one cell less that of another, with an interval from the same resamples of subjects; below 0 is better.

    Parameters
    ----------
    data
        The samples of both.
    one, other
        From `regress`.
    n_resamples, seed
        Of the bootstrap over subjects.
    """
    rated = np.isfinite(data.rating)
    truth, subject = data.rating[rated], data.subject[rated]
    first, second = (_resampled(truth, cell.predicted[rated], subject, n_resamples, seed)[0] for cell in (one, other))
    return _interval(first - second)


def regress(
    data: LabelledData,
    folds: Folds,
    *,
    methods: tuple[str, ...] = METHODS,
    channels: tuple[str, ...] = CHANNELS,
    n_resamples: int = 2000,
    seed: int = 0,
) -> list[Regression]:
    """Predict the ratings of each fold from the other folds, by channel and method.

    Parameters
    ----------
    data
        Samples with ratings; those without take no part.
    folds
        For exactly these samples.
    methods, channels
        Rows of the table.
    n_resamples, seed
        Of the bootstrap over subjects behind the intervals.

    Returns
    -------
    list of Regression
        One for each method and channel; the features are described at
        `ressin.data.samples.features.channel_features`. Features are z-scored by the training part; SVR is
        scikit-learn's with its defaults and an epsilon of 0.05.

    Raises
    ------
    InvalidInputError
        If no sample has a rating, a method or channel is unknown, or the folds do not fit.
    """
    check_folds(data, folds)
    rated = np.isfinite(data.rating)
    if not rated.any():
        raise InvalidInputError(f"no sample has a rating of {data.label_name}: there is nothing to regress on")
    for name, known in ((methods, METHODS), (channels, CHANNELS)):
        unknown = [item for item in name if item not in known]
        if unknown:
            raise InvalidInputError(f"{unknown[0]!r} is not known: one of {', '.join(known)}")
    results = []
    for channel in channels:
        features = channel_features(data, CHANNELS.index(channel))
        for method in methods:
            predicted = np.full(len(data), np.nan)
            for train, test in folds:
                fitted = _model(method).fit(features[train[rated[train]]], data.rating[train[rated[train]]])
                asked = test[rated[test]]
                if len(asked):
                    predicted[asked] = fitted.predict(features[asked])
            rmse, r = _scores(data.rating[rated], predicted[rated], data.subject[rated], n_resamples, seed)
            results.append(Regression(method, channel, data.label_name, rmse, r, predicted))
    return results


def _model(method: str) -> Any:
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVR

    return make_pipeline(StandardScaler(), LinearRegression() if method == "MLR" else SVR(epsilon=0.05))


def _scores(
    truth: NDArray[np.float64],
    predicted: NDArray[np.float64],
    subject: NDArray[np.str_],
    n_resamples: int,
    seed: int,
) -> tuple[Estimate, Estimate]:
    """RMSE and r with intervals by resampling subjects."""
    rmse, r = _resampled(truth, predicted, subject, n_resamples, seed)
    return _interval(rmse), _interval(r)


def _resampled(
    truth: NDArray[np.float64],
    predicted: NDArray[np.float64],
    subject: NDArray[np.str_],
    n_resamples: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """RMSE and r of the samples and of each resample: both are functions of six sums over a subject's samples."""
    _, code = np.unique(subject, return_inverse=True)
    n_subjects = int(code.max()) + 1
    y, p = truth - truth.mean(), predicted - predicted.mean()
    terms = [np.ones_like(y), y, p, y * y, p * p, y * p, (truth - predicted) ** 2]
    sums = np.stack([np.bincount(code, term, minlength=n_subjects) for term in terms], axis=1)
    weights = np.concatenate([np.ones((1, n_subjects)), resampled_weights(n_subjects, n_resamples, seed)])
    n, sy, sp, syy, spp, syp, see = (weights @ sums).T
    rmse = np.sqrt(see / n)
    below = (syy - sy * sy / n) * (spp - sp * sp / n)
    above = syp - sy * sp / n
    r = np.divide(above, np.sqrt(np.maximum(below, 0.0)), out=np.full_like(above, np.nan), where=below > 1e-24 * n * n)
    return rmse, r


def _interval(values: NDArray[np.float64]) -> Estimate:
    known = values[1:][np.isfinite(values[1:])]
    if not len(known) or not np.isfinite(values[0]):
        return Estimate(float(values[0]), float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(float(values[0]), float(low), float(high))
