"""An upper bound for every model: the accuracy of a classifier that is told the simulator's latent variables.

It is trained and tested on the same folds as the models, so it has the same few subjects and uncertain thresholds, but
none of the noise in the signals.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin._extras import require
from ressin.data.sources.catalog import DIMENSIONS

if TYPE_CHECKING:
    import pandas as pd

    from ressin.data.samples.splits import Splits

LATENTS = ("felt_arousal", "felt_valence", "song_arousal", "song_valence", "bias", "spread")


def measure_ceiling(
    recordings: "pd.DataFrame", latents: "pd.DataFrame", splits: Sequence["Splits"]
) -> list[dict[str, Any]]:
    """Cross-validate a logistic regression on the latent variables.

    Parameters
    ----------
    recordings
        Columns recording_id, pair, subject, stimulus, dimension, arousal_label, valence_label: the table of the models.
    latents
        One row per pair: pair and `LATENTS`.
    splits
        The models' own folds, which cover the recordings.

    Returns
    -------
    rows
        For each dimension that has labels and each kind of split: dimension, split, n, accuracy (pooled over folds),
        majority (that of always answering with the training part's more frequent label).
    """
    known = latents.set_index("pair")
    rows = []
    for folds in splits:
        for dimension in DIMENSIONS:
            own = recordings["dimension"].isin(["", dimension]) & recordings[f"{dimension}_label"].notna()
            if not own.any():
                continue
            part = recordings[own]
            x = known.loc[part["pair"], list(LATENTS)].to_numpy(np.float64)
            y = part[f"{dimension}_label"].to_numpy(np.int64)
            accuracy, majority = _cross_validate(x, y, folds.take(part["recording_id"]))
            rows.append(
                {"dimension": dimension, "split": folds.kind, "n": len(y), "accuracy": accuracy, "majority": majority}
            )
    return rows


def _cross_validate(x: np.ndarray, y: np.ndarray, splits: "Splits") -> tuple[float, float]:
    """Accuracy of the regression and of the majority, over all test rows."""
    linear = require("sklearn.linear_model", "data", "measuring the ceiling")
    right, often = np.zeros(len(y), bool), np.zeros(len(y), bool)
    for train, test in splits:
        if len(test) == 0:
            continue
        majority = int(np.bincount(y[train], minlength=2).argmax())
        often[test] = y[test] == majority
        if len(np.unique(y[train])) < 2:
            right[test] = often[test]
            continue
        mean, deviation = x[train].mean(axis=0), x[train].std(axis=0)
        deviation[deviation == 0.0] = 1.0
        model = linear.LogisticRegression(max_iter=1000).fit((x[train] - mean) / deviation, y[train])
        right[test] = model.predict((x[test] - mean) / deviation) == y[test]
    return float(right.mean()), float(often.mean())
