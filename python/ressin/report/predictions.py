"""Predictions of the cells, sample by sample, and what the figures show of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from ressin.report.grid import classifier_of, predictions_file
from ressin.report.plan import Cell

if TYPE_CHECKING:
    from ressin.report.grid import Bench
    from ressin.report.tables import Results

BINS = 10  # of equally many samples, for the calibration
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Predictions:
    """What a model said of every sample, by folds that had not seen it.

    Attributes
    ----------
    label
        (n,) 0 low, 1 high.
    score
        (n,) larger means more likely high.
    subject
        (n,) whose sample it is.
    threshold
        A score above it predicts high.
    """

    label: NDArray[np.int64]
    score: Array
    subject: NDArray[np.str_]
    threshold: float

    @property
    def is_probability(self) -> bool:
        """Whether the scores can be read as probabilities of high."""
        return self.threshold == 0.5 and bool(((self.score >= 0) & (self.score <= 1)).all())

    @property
    def high(self) -> NDArray[np.bool_]:
        """(n,) whether high is predicted."""
        return np.asarray(self.score > self.threshold)


def read_predictions(bench: Bench, results: Results) -> dict[Cell, Predictions]:
    """Read the predictions that were kept with the cells; a cell without any, as the regression, is left out."""
    found = {}
    for cell, result in results.items():
        path = predictions_file(bench, cell, result["key"])
        if "metrics" not in result or not path.is_file():
            continue
        table = pd.read_csv(path, dtype={"subject": str})
        found[cell] = Predictions(
            table["label"].to_numpy(np.int64),
            table["score"].to_numpy(np.float64),
            table["subject"].to_numpy(str),
            classifier_of(bench.plan, cell.model).threshold,
        )
    return found


def roc_points(predictions: Predictions) -> tuple[Array, Array]:
    """Return false and true positive rates, from (0, 0) to (1, 1)."""
    false, true, _ = roc_curve(predictions.label, predictions.score)
    return np.asarray(false), np.asarray(true)


def calibration(predictions: Predictions) -> pd.DataFrame:
    """Compare predicted probabilities with what happened, in `BINS` bins of equally many samples.

    Returns
    -------
    DataFrame
        A row a bin: predicted (mean probability), observed (share of high), low and high (Wilson's 95 % interval of
        that share), n.
    """
    order = np.argsort(predictions.score, kind="stable")
    rows = []
    for part in np.array_split(order, min(BINS, order.size)):
        n, share = part.size, float(predictions.label[part].mean())
        low, high = wilson(share, n)
        rows.append((float(predictions.score[part].mean()), share, low, high, n))
    return pd.DataFrame(rows, columns=["predicted", "observed", "low", "high", "n"])


def wilson(share: float, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's interval of a share of n (Wilson 1927): it stays within 0 and 1, also for few."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def confusion(predictions: Predictions) -> NDArray[np.int64]:
    """Count samples, (2, 2): rows are what they are, low and high, columns what was predicted."""
    counts = np.zeros((2, 2), np.int64)
    np.add.at(counts, (predictions.label, predictions.high.astype(np.int64)), 1)
    return counts


def people(predictions: Predictions) -> pd.DataFrame:
    """Return the accuracy of each person, the lowest first: subject, accuracy, majority (of their own labels), n."""
    table = pd.DataFrame(
        {
            "subject": predictions.subject,
            "right": predictions.high == (predictions.label == 1),
            "label": predictions.label,
        }
    )
    found = table.groupby("subject").agg(accuracy=("right", "mean"), high=("label", "mean"), n=("right", "size"))
    found["majority"] = np.maximum(found["high"], 1.0 - found["high"])
    found = found.sort_values(["accuracy", "n"], kind="stable").reset_index()
    return found[["subject", "accuracy", "majority", "n"]]
