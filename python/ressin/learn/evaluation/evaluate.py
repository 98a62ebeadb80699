"""Cross-validation: every sample predicted once by a model that has not seen it, together with its subject and song."""

from __future__ import annotations

import hashlib
import json
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ressin import _core
from ressin._files.atomic import remove_leftovers_of, replacing
from ressin._files.json_text import parse_json
from ressin.data.samples.labelled import LabelledData
from ressin.errors import EvaluationWarning, InvalidInputError
from ressin.learn.evaluation.folds import Folds, check_evaluation, remark_on_stimuli
from ressin.learn.evaluation.metrics import Estimate, difference, metrics
from ressin.learn.training.machine import agreed, processes
from ressin.learn.training.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("fold", "recording_id", "pair", "subject", "stimulus", "label", "rating", "score")


@dataclass(frozen=True)
class Fold:
    """One fold's work: where a classifier may keep things (or None), and how it tells of its progress."""

    number: int
    name: str
    folder: Path | None
    progress: Progress


class Classifier(Protocol):
    """Learns from some samples and scores others."""

    @property
    def name(self) -> str:
        """Short name for tables, such as ``"fusion mix"``."""

    @property
    def threshold(self) -> float:
        """Scores above it mean high."""

    def key(self) -> dict[str, Any]:
        """All settings that decide the scores, as JSON values."""

    def scores(
        self, data: LabelledData, train: NDArray[np.int64], test: NDArray[np.int64], fold: Fold
    ) -> NDArray[np.float64]:
        """Fit on `train` alone and score `test`, (len(test),)."""


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Predictions of all folds.

    Attributes
    ----------
    classifier, label_name, split
        What was predicted, by what, under which kind of split.
    threshold
        Scores above it mean high.
    table
        One row per sample: fold, recording_id, pair, subject, stimulus, label, rating, score.
    majority
        Score of the majority baseline for each row: 1 where high was the more frequent label in that fold's training
        part, else 0.
    seconds
        Of computing, fold by fold; 0 for a fold that was read.
    remark
        What a reader of the metrics must know of the folds; empty where there is nothing.
    left_out
        How many samples each fold left out of training because they overlap a tested one in their file.
    """

    classifier: str
    label_name: str
    split: str
    threshold: float
    table: pd.DataFrame
    majority: NDArray[np.float64]
    seconds: tuple[float, ...]
    remark: str = ""
    left_out: tuple[int, ...] = ()

    def metrics(self, *, n_resamples: int = 2000, seed: int = 0) -> dict[str, Estimate]:
        """`ressin.learn.evaluation.metrics.metrics` of the predictions of all folds together."""
        table = self.table
        return metrics(
            table["label"],
            table["score"],
            table["subject"],
            threshold=self.threshold,
            n_resamples=n_resamples,
            seed=seed,
        )

    def majority_metrics(self, *, n_resamples: int = 2000, seed: int = 0) -> dict[str, Estimate]:
        """Return the same metrics for the majority label of each training part, on the same rows."""
        table = self.table
        return metrics(table["label"], self.majority, table["subject"], n_resamples=n_resamples, seed=seed)

    def less(self, other: CrossValidation, *, n_resamples: int = 2000, seed: int = 0) -> dict[str, Estimate]:
        """`ressin.learn.evaluation.metrics.difference` of these metrics and those of another model on the same samples.

        Raises
        ------
        InvalidInputError
            If the other one was not computed on the same samples with the same labels.
        """
        mine, theirs = (of.table[["recording_id", "label"]].reset_index(drop=True) for of in (self, other))
        if not mine.equals(theirs):
            raise InvalidInputError(
                f"{self.classifier} and {other.classifier} were not evaluated on the same samples: {len(mine)} and "
                f"{len(theirs)}, in the same order, are needed"
            )
        return difference(
            self.table["label"],
            self.table["score"],
            other.table["score"],
            self.table["subject"],
            threshold=self.threshold,
            other_threshold=other.threshold,
            n_resamples=n_resamples,
            seed=seed,
        )


def cross_validate(
    data: LabelledData,
    folds: Folds,
    classifier: Classifier,
    *,
    folder: str | Path | None = None,
    progress: Progress = False,
    done: Callable[[int, int], None] | None = None,
) -> CrossValidation:
    """Fit and score fold by fold.

    Parameters
    ----------
    data
        Samples.
    folds
        For exactly these samples in this order: ``splits.take(data.recording_id)``.
    classifier
        What is fitted; for the network `ressin.learn.evaluation.network.NetworkClassifier`, the others in
        `ressin.learn.evaluation.baselines`.
    folder
        Where each finished fold is kept, in a folder whose name holds a digest of settings, data and rows: a second run
        reads it, and goes on with the first fold that is missing.
    progress
        Given to the classifier.
    done
        Called with (finished folds, all folds).

    Returns
    -------
    CrossValidation
        One row per sample, in the order of the samples.

    Raises
    ------
    InvalidInputError
        If the folds are for other samples, do not test every sample exactly once, are not disjoint as their kind
        says, share a stretch of a file, leave a training part with labels of one kind, or every test part.

    Warns
    -----
    EvaluationWarning
        If some test parts hold labels of one kind only; `CrossValidation.remark` keeps it, and says so, too, where each
        stimulus of a song split has one label.
    """
    remark = check_evaluation(data, folds)
    if remark:
        warnings.warn(remark, EvaluationWarning, stacklevel=2)
    remark = ". ".join(text for text in (remark, remark_on_stimuli(data, folds.kind)) if text)
    root = None if folder is None else Path(folder)
    scores = np.full(len(data), np.nan)
    number_of = np.zeros(len(data), np.int64)
    majority = np.zeros(len(data))
    seconds = []
    for number, (train, test) in enumerate(folds):
        name = f"{data.label_name}, {classifier.name}, {folds.kind} split, fold {number + 1}/{folds.n_folds}"
        key = _key(data, classifier, train, test)
        place = None if root is None else root / f"fold_{number:02d}_{key[:12]}"
        scores[test], spent = _one_fold(data, classifier, train, test, key, Fold(number, name, place, progress))
        number_of[test] = number
        majority[test] = float(2 * data.label[train].sum() >= len(train))
        seconds.append(spent)
        if done is not None:
            done(number + 1, folds.n_folds)
    return CrossValidation(
        classifier=classifier.name,
        label_name=data.label_name,
        split=folds.kind,
        threshold=classifier.threshold,
        table=_table(data, number_of, scores),
        majority=majority,
        seconds=tuple(seconds),
        remark=remark,
        left_out=tuple(len(data) - len(train) - len(test) for train, test in folds),
    )


def _one_fold(
    data: LabelledData,
    classifier: Classifier,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    key: str,
    fold: Fold,
) -> tuple[NDArray[np.float64], float]:
    """Scores of the test part and seconds they took; read where they were computed before."""
    stored = None if fold.folder is None else fold.folder / "scores.json"
    if stored is not None and agreed(stored.is_file()):
        found = _read_scores(stored, key, len(test))
        if found is not None:
            return found, 0.0
    if stored is not None and processes().first:
        remove_leftovers_of([stored, stored.parent / "training.csv"])
    begin = time.perf_counter()
    scores = np.asarray(classifier.scores(data, train, test, fold), dtype=np.float64)
    seconds = time.perf_counter() - begin
    if scores.shape != (len(test),) or not np.isfinite(scores).all():
        raise InvalidInputError(f"{fold.name}: scores of shape {scores.shape}; {len(test)} finite numbers are needed")
    if stored is not None and processes().first:
        stored.parent.mkdir(parents=True, exist_ok=True)
        with replacing(stored) as temporary:
            temporary.write_text(json.dumps({"key": key, "scores": scores.tolist()}), encoding="utf-8")
    return scores, seconds


def _key(data: LabelledData, classifier: Classifier, train: NDArray[np.int64], test: NDArray[np.int64]) -> str:
    about = json.dumps([_core.__version__, data.fingerprint, data.label_name, classifier.name, classifier.key()])
    digest = hashlib.blake2b(about.encode(), digest_size=16)
    digest.update(train.astype(np.int64).tobytes())
    digest.update(b"test")
    digest.update(test.astype(np.int64).tobytes())
    return digest.hexdigest()


def _read_scores(path: Path, key: str, n: int) -> NDArray[np.float64] | None:
    """Scores stored under this key; None where the file holds others."""
    try:
        stored = parse_json(path.read_text(encoding="utf-8"))
        scores = np.array(stored["scores"], dtype=np.float64)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(f"{path} is damaged: delete it to compute the fold again ({error})") from error
    return scores if stored.get("key") == key and scores.shape == (n,) else None


def _table(data: LabelledData, fold: NDArray[np.int64], score: NDArray[np.float64]) -> pd.DataFrame:
    import pandas as pd

    columns = {name: getattr(data, name) for name in COLUMNS[1:-1]}
    return pd.DataFrame({"fold": fold, **columns, "score": score})
