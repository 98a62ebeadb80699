"""What a model must beat besides the majority: guesses from the time, from the person, from the mere level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ressin.data.samples.features import CLASSICAL, personal_features
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.learn.evaluation.evaluate import Fold

Index = NDArray[np.int64]


def has_times(data: LabelledData) -> bool:
    """Whether samples begin at different times of their files, so that time can tell something."""
    return bool(np.isfinite(data.start).all() and np.unique(data.start).size > 1)


@dataclass(frozen=True)
class TimeOnly:
    """The time in the session and nothing else: when a sample begins in its file, and as which of the person's.

    Where tasks come in one order, time alone tells them apart; a model that does not do better may have learnt the
    order, or what drifts with it.

    Attributes
    ----------
    n_trees, tree_leaf, seed
        Of the randomised trees (scikit-learn's) that map these two numbers to a probability.
    """

    n_trees: int = 100
    tree_leaf: int = 8
    seed: int = 0
    name: str = "time only"
    threshold: float = 0.5

    def key(self) -> dict[str, Any]:
        """Return the settings."""
        return {"n_trees": self.n_trees, "tree_leaf": self.tree_leaf, "seed": self.seed}

    def scores(self, data: LabelledData, train: Index, test: Index, fold: Fold) -> NDArray[np.float64]:
        """Probabilities of high.

        Raises
        ------
        InvalidInputError
            If no times are known, or all samples begin at the same one.
        """
        from sklearn.ensemble import ExtraTreesClassifier

        if not has_times(data):
            raise InvalidInputError(
                "the samples' times in their files are not known, or all the same: time alone tells nothing"
            )
        time = np.stack([data.start, order_in_person(data)], axis=1)
        trees = ExtraTreesClassifier(
            self.n_trees,
            min_samples_leaf=self.tree_leaf,
            max_features=None,
            class_weight="balanced",
            random_state=self.seed,
        )
        chances: NDArray[np.float64] = trees.fit(time[train], data.label[train]).predict_proba(time[test])[:, 1]
        return chances


def order_in_person(data: LabelledData) -> NDArray[np.float64]:
    """Return the share of a person's samples that begin before each one, ties by half, (n,)."""
    import pandas as pd

    people = pd.Series(data.start).groupby(pd.Series(data.subject))
    return np.asarray((people.rank() - 0.5) / people.transform("count"), dtype=np.float64)


@dataclass(frozen=True)
class PersonOnly:
    """How often the person's samples in the training part are high; over all people, for a person not seen there."""

    name: str = "person only"
    threshold: float = 0.5

    def key(self) -> dict[str, Any]:
        """There are no settings."""
        return {}

    def scores(self, data: LabelledData, train: Index, test: Index, fold: Fold) -> NDArray[np.float64]:
        """Shares of high."""
        people, code = np.unique(data.subject, return_inverse=True)
        seen = np.bincount(code[train], minlength=len(people))
        high = np.bincount(code[train], data.label[train], minlength=len(people))
        share = np.where(seen > 0, high / np.maximum(seen, 1), data.label[train].mean())
        return np.asarray(share[code[test]])


@dataclass(frozen=True)
class WithinPerson:
    """How high the mean conductance of a sample is among the person's samples, and nothing else.

    The rank itself is the score, 0 to 1, or 1 less the rank where in the training part low goes with a higher level:
    that one choice is all that is learnt.
    """

    name: str = "within-person level"
    threshold: float = 0.5

    def key(self) -> dict[str, Any]:
        """There are no settings."""
        return {}

    def scores(self, data: LabelledData, train: Index, test: Index, fold: Fold) -> NDArray[np.float64]:
        """Ranks within the person."""
        column = 2 * len(CLASSICAL) + CLASSICAL.index("EDA_Mean")
        rank = personal_features(data)[:, column]
        high, low = rank[train][data.label[train] == 1], rank[train][data.label[train] == 0]
        rising = not (len(high) and len(low)) or high.mean() >= low.mean()
        return np.asarray(rank[test] if rising else 1.0 - rank[test])
