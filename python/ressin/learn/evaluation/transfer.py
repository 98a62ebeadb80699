"""A trained model on another prepared folder: its metrics, and those of what it must beat there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.data.samples.splits import make_splits
from ressin.errors import InvalidInputError
from ressin.learn.evaluation.confounds import TimeOnly, WithinPerson, has_times
from ressin.learn.evaluation.evaluate import Classifier, Fold
from ressin.learn.evaluation.folds import check_folds
from ressin.learn.evaluation.metrics import Estimate, difference, few_people, metrics
from ressin.learn.trained.checkpoint import TrainedModel

Scores = NDArray[np.float64]
_NOWHERE = Fold(0, "", None, False)


@dataclass(frozen=True)
class Row:
    """One line of the result.

    Attributes
    ----------
    name
        Of the model or baseline.
    metrics
        As `ressin.learn.evaluation.metrics.metrics` gives them.
    less
        The model's metrics less these, with the interval of the difference; empty for the model itself.
    """

    name: str
    metrics: dict[str, Estimate]
    less: dict[str, Estimate]


@dataclass(frozen=True, eq=False)
class Transfer:
    """A trained model's evaluation on samples that it was not trained on.

    Attributes
    ----------
    label_name
        What is predicted.
    n_samples, n_subjects
        How many samples, of how many people.
    rows
        The model first, then what it must beat.
    notes
        What a reader must know: how the samples differ from those of the training, and which row is missing and why.
    table
        One row per sample: recording_id, subject, stimulus, label, score.
    """

    label_name: str
    n_samples: int
    n_subjects: int
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    table: pd.DataFrame


def evaluate_trained(
    trained: TrainedModel,
    data: LabelledData,
    *,
    device: str = "auto",
    n_resamples: int = 2000,
    seed: int = 0,
) -> Transfer:
    """Evaluate a trained model on all samples of another prepared folder.

    Parameters
    ----------
    trained
        From `ressin.learn.trained.checkpoint.load`.
    data
        The samples; with music where the model hears it.
    device
        See `TrainedModel.predict`.
    n_resamples, seed
        Of the bootstrap over subjects behind the intervals, and of the baselines.

    Returns
    -------
    Transfer
        The model takes nothing from these samples. "majority" is the class that is more frequent in them; "time only"
        and "within-person level" learn from these samples themselves, by cross-validation over people, as no model of
        another folder can.

    Raises
    ------
    InvalidInputError
        If the model was trained on these samples, they are all of one class, or do not suit the model.
    """
    if trained.run.get("data") == data.fingerprint:
        raise InvalidInputError(
            "the model was trained on samples of this very folder: evaluate it on another one, or cross-validate with "
            "ressin reproduce"
        )
    if len(np.unique(data.label)) < 2:
        raise InvalidInputError(f"the {len(data)} samples of {data.label_name!r} are all of one class")
    score = trained.predict(data, device=device)
    others: list[tuple[str, Scores, float]] = [("majority", np.full(len(data), data.label.mean() >= 0.5, float), 0.5)]
    few = few_people(len(np.unique(data.subject)))
    notes = [*([few] if few else []), *_unlike(trained, data)]
    for model in (TimeOnly(seed=seed), WithinPerson()):
        try:
            others.append((model.name, _by_person(model, data, seed), model.threshold))
        except InvalidInputError as error:
            notes.append(f"no row for {model.name}: {error}")
    sizes: dict[str, Any] = {"n_resamples": n_resamples, "seed": seed}
    own = metrics(data.label, score, data.subject, threshold=trained.threshold, **sizes)
    rows = [Row("the model", own, {})]
    for name, values, threshold in others:
        less = difference(
            data.label, score, values, data.subject,
            threshold=trained.threshold, other_threshold=threshold, **sizes,
        )  # fmt: skip
        rows.append(Row(name, metrics(data.label, values, data.subject, threshold=threshold, **sizes), less))
    columns = {name: getattr(data, name) for name in ("recording_id", "subject", "stimulus", "label")}
    return Transfer(
        data.label_name,
        len(data),
        len(np.unique(data.subject)),
        tuple(rows),
        (*notes, *_beaten(rows, shown=not few)),
        pd.DataFrame({**columns, "score": score}),
    )


def _by_person(model: Classifier, data: LabelledData, seed: int) -> Scores:
    """Scores of a baseline by cross-validation over people."""
    if isinstance(model, TimeOnly) and not has_times(data):
        raise InvalidInputError("the samples all begin at the same time of their files")
    names = ("recording_id", "pair", "subject", "stimulus", "file", "start", "end")
    table = pd.DataFrame({name: getattr(data, name) for name in names})
    table["own_label"] = data.label
    folds = make_splits(table, "subject", n_folds=min(10, len(np.unique(data.subject))), seed=seed)
    check_folds(data, folds)
    scores = np.full(len(data), np.nan)
    for train, test in folds:
        if len(np.unique(data.label[train])) < 2:
            raise InvalidInputError("without one of the people, the others have labels of one kind only")
        scores[test] = model.scores(data, train, test, _NOWHERE)
    return scores


def _beaten(rows: list[Row], *, shown: bool) -> list[str]:
    """Say which rows the model does not beat: where the interval of the difference in ROC-AUC reaches below zero.

    Of too few people (`shown` is False) no interval shows anything.
    """
    return [
        f"the model does not beat {row.name}: ROC-AUC less by {row.less['roc_auc']}"
        if shown and row.less["roc_auc"].high < 0.0
        else f"it is not shown that the model beats {row.name}: difference in ROC-AUC {row.less['roc_auc']}"
        for row in rows[1:]
        if not (shown and row.less["roc_auc"].low > 0.0)
    ]


def _unlike(trained: TrainedModel, data: LabelledData) -> list[str]:
    """Say how the samples differ from the training samples."""
    found: dict[str, int] = {}
    for rate, seconds in zip(data.sampling_rates().tolist(), data.seconds().tolist(), strict=True):
        for note in trained.domain.unlike(rate, seconds):
            found[note] = found.get(note, 0) + 1
    notes = [f"{number} of {len(data)} samples are {note}" for note, number in found.items()]
    if trained.preparation is not None and data.preparation is not None:
        then, now = trained.preparation.as_dict(), data.preparation.as_dict()
        changed = [name for name in now if now[name] != then.get(name)]
        if changed:
            notes.append(f"prepared with other settings than the training samples: {', '.join(changed)}")
    if trained.label_name != data.label_name:
        notes.append(f"the model was trained on {trained.label_name!r}, and is judged by {data.label_name!r}")
    return notes
