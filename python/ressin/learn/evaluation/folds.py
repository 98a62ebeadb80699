"""What cross-validation needs of folds, and the check that no pair, subject or song is divided."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError

DISJOINT = {"random": (), "subject": ("subject",), "song": ("stimulus",)}


class Folds(Protocol):
    """What `ressin.data.samples.splits.Splits` gives: training and test rows, fold by fold."""

    @property
    def kind(self) -> str:
        """``"random"``, ``"subject"`` or ``"song"``."""

    @property
    def n_folds(self) -> int:
        """Number of folds."""

    @property
    def recording_id(self) -> NDArray[Any]:
        """Which sample each row is."""

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Training and test rows of each fold."""


def check_folds(data: LabelledData, folds: Folds) -> None:
    """Check that folds fit the samples and divide no pair, subject or song.

    Raises
    ------
    InvalidInputError
        With the first sample, pair, subject or song that is where it must not be.
    """
    if not np.array_equal(np.asarray(folds.recording_id, dtype=str), data.recording_id):
        raise InvalidInputError("the folds are for other samples: use splits.take(data.recording_id)")
    tested = np.zeros(len(data), np.int64)
    for number, (train, test) in enumerate(folds):
        if not len(train) or not len(test):
            raise InvalidInputError(f"fold {number} has {len(train)} training and {len(test)} test samples")
        tested[test] += 1
        for column in ("recording_id", "pair", *DISJOINT[folds.kind]):
            values = getattr(data, column)
            both = np.intersect1d(values[train], values[test])
            if len(both):
                raise InvalidInputError(
                    f"fold {number}: {column} {str(both[0])!r} is in the training and in the test part"
                )
    if not (tested == 1).all():
        odd = int(np.flatnonzero(tested != 1)[0])
        raise InvalidInputError(f"{str(data.recording_id[odd])!r} is tested {tested[odd]} times, not once")
