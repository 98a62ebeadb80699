"""Two cells compared on the same samples, from the predictions that were kept."""

from __future__ import annotations

import pandas as pd

from ressin.errors import InvalidInputError
from ressin.learn.evaluation.metrics import difference
from ressin.report.grid import Bench, cell_key, classifier_of, plain, predictions_file
from ressin.report.plan import Cell


def compare_cells(bench: Bench, cell: Cell, other: Cell | None) -> dict[str, list[float | None]]:
    """Compare two computed cells of one label and split, from the predictions that were kept.

    Parameters
    ----------
    bench, cell
        The first model.
    other
        The second one; None is the majority of each training part.

    Returns
    -------
    dict
        [difference, low, high] of each metric, first less second, on the same resamples of subjects.
    """
    mine = _predictions(bench, cell)
    theirs = mine if other is None else _predictions(bench, other)
    if not (mine["recording_id"].equals(theirs["recording_id"]) and mine["label"].equals(theirs["label"])):
        raise InvalidInputError(f"{cell.name} and {other and other.name} were not evaluated on the same samples")
    found = difference(
        mine["label"],
        mine["score"],
        theirs["majority"] if other is None else theirs["score"],
        mine["subject"],
        threshold=classifier_of(bench.plan, cell.model).threshold,
        other_threshold=0.5 if other is None else classifier_of(bench.plan, other.model).threshold,
        n_resamples=bench.plan.n_resamples,
        seed=bench.plan.seed,
    )
    return {name: plain(value) for name, value in found.items()}


def _predictions(bench: Bench, cell: Cell) -> pd.DataFrame:
    path = predictions_file(bench, cell, cell_key(bench, cell))
    try:
        names = {"recording_id": str, "subject": str}
        columns = [*names, "label", "score", "majority"]
        return pd.read_csv(path, usecols=columns, dtype=names, keep_default_na=False)  # a person may be called NA
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{path} is missing or damaged: delete {path.stem}.json in cells ({error})") from error
