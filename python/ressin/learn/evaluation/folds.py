"""What cross-validation needs of folds, and the checks: nothing divided, nothing shared, both classes in each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.data.samples.overlap import overlapping
from ressin.errors import InvalidInputError

DISJOINT = {
    "random": ("file",),
    "subject": ("subject",),
    "song": ("stimulus",),
    "one-subject": ("subject",),
}
GROUPS = {"random": "file", "subject": "person", "song": "stimulus", "one-subject": "person"}


class Folds(Protocol):
    """What `ressin.data.samples.splits.Splits` gives: training and test rows, fold by fold."""

    @property
    def kind(self) -> str:
        """``"random"``, ``"subject"``, ``"song"`` or ``"one-subject"``."""

    @property
    def n_folds(self) -> int:
        """Number of folds."""

    @property
    def recording_id(self) -> NDArray[Any]:
        """Which sample each row is."""

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Training and test rows of each fold."""


def check_evaluation(data: LabelledData, folds: Folds) -> str:
    """Check all that an evaluation needs of folds: `check_folds`, `check_training` and `check_classes`.

    Returns
    -------
    str
        What a reader must know of the folds; empty where there is nothing.

    Raises
    ------
    InvalidInputError
        As they do.
    """
    check_folds(data, folds)
    check_training(data, folds)
    return check_classes(data, folds)


def check_training(data: LabelledData, folds: Folds) -> None:
    """Check that every training part holds both classes.

    Raises
    ------
    InvalidInputError
        With the first fold whose training part does not.
    """
    for number, (train, _) in enumerate(folds):
        if len(np.unique(data.label[train])) < 2:
            raise InvalidInputError(
                f"fold {number}: the labels of its {len(train)} training samples are all {data.label[train[0]]}: "
                f"nothing to learn; {groups_of_one_kind(data, folds.kind)}; more recordings or another split are needed"
            )


def check_folds(data: LabelledData, folds: Folds) -> None:
    """Check that folds fit the samples, divide no pair, file, subject or song, and share no stretch of a file.

    Raises
    ------
    InvalidInputError
        With the first sample, pair, file, subject or song that is where it must not be.
    """
    if not np.array_equal(np.asarray(folds.recording_id, dtype=str), data.recording_id):
        raise InvalidInputError("the folds are for other samples: use splits.take(data.recording_id)")
    tested = np.zeros(len(data), np.int64)
    for number, (train, test) in enumerate(folds):
        if not len(train) or not len(test):
            overlap = len(test) and len(overlapping(data.file, data.start, data.end, test)) == len(data) - len(test)
            why = ": every other sample overlaps a tested one in its file" if overlap else ""
            raise InvalidInputError(f"fold {number} has {len(train)} training and {len(test)} test samples{why}")
        tested[test] += 1
        for column in ("recording_id", "pair", *DISJOINT[folds.kind]):
            values = getattr(data, column)
            both = np.intersect1d(values[train], values[test])
            if len(both):
                raise InvalidInputError(
                    f"fold {number}: {column} {str(both[0])!r} is in the training and in the test part"
                )
        shared = np.intersect1d(train, overlapping(data.file, data.start, data.end, test))
        if len(shared):
            raise InvalidInputError(
                f"fold {number}: the training sample {str(data.recording_id[shared[0]])!r} shares a stretch of the "
                f"file {str(data.file[shared[0]])!r} with a tested one"
            )
    if not (tested == 1).all():
        odd = int(np.flatnonzero(tested != 1)[0])
        raise InvalidInputError(f"{str(data.recording_id[odd])!r} is tested {tested[odd]} times, not once")


def check_classes(data: LabelledData, folds: Folds) -> str:
    """Check that the test parts hold both classes.

    Returns
    -------
    str
        A remark where some test parts hold one class only; empty where none does.

    Raises
    ------
    InvalidInputError
        If every test part holds one class only: then nothing is compared within a fold, and scores compared between
        folds say the opposite of the truth, since a fold that tests only high was trained with fewer of them.
    """
    one_class = [number for number, (_, test) in enumerate(folds) if len(np.unique(data.label[test])) < 2]
    if not one_class:
        return ""
    what, reason = GROUPS[folds.kind], groups_of_one_kind(data, folds.kind)
    if len(one_class) == folds.n_folds:
        raise InvalidInputError(
            f"under a {folds.kind} split every test part holds one class only: {reason}, so that {what} and label "
            "cannot be told apart; use another split, or fewer folds"
        )
    numbers = ", ".join(str(number) for number in one_class[:5]) + (", ..." if len(one_class) > 5 else "")
    return (
        f"{len(one_class)} of {folds.n_folds} test parts of the {folds.kind} split hold one class only (fold "
        f"{numbers}): {reason}; ROC-AUC then compares scores of different models, and comes out too low"
    )


def remark_on_stimuli(data: LabelledData, kind: str) -> str:
    """Say of how few stimuli the labels are, where a song split is of labels that belong to the stimuli; else ""."""
    names = np.unique(data.stimulus)
    pure = [np.unique(data.label[data.stimulus == name]) for name in names] if kind == "song" else []
    if not pure or any(len(labels) > 1 for labels in pure):
        return ""
    high = sum(int(labels[0]) for labels in pure)
    return (
        f"under the song split each of the {len(names)} stimuli has one {data.label_name} label ({high} high, "
        f"{len(names) - high} low): the intervals, which are over people, do not tell how other stimuli would come out"
    )


def groups_of_one_kind(data: LabelledData, kind: str) -> str:
    """Say of how many files, people or stimuli, whichever a split keeps together, all labels are the same."""
    what = GROUPS[kind]
    values = getattr(data, {"person": "subject"}.get(what, what))
    pure = [name for name in np.unique(values) if len(np.unique(data.label[values == name])) < 2]
    return f"{len(pure)} of {len(np.unique(values))} values of {what} have {data.label_name} labels of one kind only"
