"""High and low, by each subject's own scale: k-means in the valence-arousal plane, thresholds at the midpoint."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ressin._extras import require
from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd

SAME = 1e-9  # centres closer than this in a dimension do not separate it


@dataclass(frozen=True)
class LabelRule:
    """How ratings become labels.

    Attributes
    ----------
    min_ratings
        A subject needs this many points with both ratings, and at least two different ones.
    few
        What happens to the others. ``"none"``: no labels. ``"pooled"``: the thresholds of one k-means over
        every subject's points.
    restarts
        Random starts of k-means; the best is kept.
    seed
        Seed of k-means, the same for every subject.
    """

    min_ratings: int = 4
    few: str = "none"
    restarts: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.few not in ("none", "pooled"):
            raise InvalidInputError(f"few={self.few!r} is not known: 'none' or 'pooled'")
        if self.min_ratings < 2:
            raise InvalidInputError(f"min_ratings={self.min_ratings}: two clusters need at least 2 ratings")
        if self.restarts < 1:
            raise InvalidInputError(f"restarts={self.restarts}: at least 1 is needed")


@dataclass(frozen=True)
class Thresholds:
    """One subject's centres as (arousal, valence), the lower sum first, their midpoint, and the rule that applied."""

    centre1: tuple[float, float]
    centre2: tuple[float, float]
    arousal: float
    valence: float
    rule: str


NOTHING = (math.nan, math.nan)
SUBJECT_COLUMNS = [
    "subject",
    "n_ratings",
    "centre1_arousal",
    "centre1_valence",
    "centre2_arousal",
    "centre2_valence",
    "threshold_arousal",
    "threshold_valence",
    "rule",
]


def thresholds_of(points: np.ndarray, rule: LabelRule) -> Thresholds:
    """Split points into two clusters and take the midpoint of their centres.

    Parameters
    ----------
    points
        n x 2, columns arousal and valence. Where one was not rated it is NaN in every row, and the other decides alone.
    rule
        Needed number of points, restarts and seed.

    Returns
    -------
    thresholds
        NaN in a dimension in which the two centres agree: nothing is high or low there. NaN in both, with the
        reason in `rule`, where there are too few points.

    Notes
    -----
    With centres c1 and c2 the threshold is (c1 + c2) / 2 in each dimension; a rating above it is high.
    The points are sorted first, so that the result does not depend on their order.
    """
    rated = ~np.isnan(points).any(axis=0)
    different = len(np.unique(points[:, rated], axis=0)) if len(points) else 0
    if len(points) < rule.min_ratings:
        return Thresholds(NOTHING, NOTHING, *NOTHING, f"too few ratings ({len(points)} of {rule.min_ratings} needed)")
    if different < 2:
        return Thresholds(NOTHING, NOTHING, *NOTHING, f"all {len(points)} ratings are identical")
    cluster = require("sklearn.cluster", "data", "labels by k-means")
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))][:, rated]
    fit = cluster.KMeans(n_clusters=2, n_init=rule.restarts, random_state=rule.seed).fit(ordered)
    found = np.full((2, 2), math.nan)
    found[:, rated] = sorted(fit.cluster_centers_.tolist(), key=sum)
    centres = found.tolist()
    first, second = ((float(arousal), float(valence)) for arousal, valence in centres)
    middle = [0.5 * (a + b) if abs(a - b) > SAME else math.nan for a, b in zip(first, second, strict=True)]
    names = ("arousal", "valence")
    flat = [name for name, value, known in zip(names, middle, rated, strict=True) if known and math.isnan(value)]
    alone = "" if rated.all() else f" of {names[int(np.argmax(rated))]} alone"
    said = f"k-means{alone}" + (f", no contrast in {flat[0]}" if flat else "")
    return Thresholds(first, second, middle[0], middle[1], said)


def label_ratings(ratings: "pd.DataFrame", rule: LabelRule) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Label every rating with its subject's thresholds.

    Parameters
    ----------
    ratings
        One row per pair with the columns subject, stimulus, arousal, valence. Only rows with both ratings take part in
        the clustering, several windows of one listening once; a row with one is still labelled in that dimension. Where
        nobody rated the other dimension, the clustering is along the one.
    rule
        See `LabelRule`.

    Returns
    -------
    labels
        Columns arousal_label and valence_label (Int8: 0 low, 1 high, missing), index as in `ratings`.
    subjects
        One row per subject: n_ratings, the two centres, the thresholds, the rule that applied.
    """
    import pandas as pd

    both = _clustered(ratings)
    pooled = None
    if rule.few == "pooled":
        pooled = thresholds_of(ratings.loc[both, ["arousal", "valence"]].to_numpy(np.float64), rule)
    points_of = dict(
        list(ratings[both].drop_duplicates(["subject", "stimulus", "arousal", "valence"]).groupby("subject"))
    )
    rows = []
    require("sklearn.cluster", "data", "labels by k-means")  # only libraries that are loaded can be limited
    threads = require("threadpoolctl", "data", "labels by k-means")
    with threads.threadpool_limits(1):  # waking other threads costs thirty times the work on a dozen points
        for subject in sorted(ratings["subject"].unique()):
            group = points_of.get(subject, ratings.iloc[:0])
            points = group[["arousal", "valence"]].to_numpy(np.float64)
            found = thresholds_of(points, rule)
            if pooled is not None and not found.rule.startswith("k-means"):
                rule_text = f"pooled: {found.rule}"
                found = Thresholds(pooled.centre1, pooled.centre2, pooled.arousal, pooled.valence, rule_text)
            rows.append(_subject_row(str(subject), len(points), found))
    subjects = pd.DataFrame(rows, columns=SUBJECT_COLUMNS)
    return _apply(ratings, subjects), subjects


def label_dimension(
    identity: "pd.DataFrame", rating: "pd.Series", rule: LabelRule
) -> tuple["pd.Series", "pd.DataFrame"]:
    """Label ratings of one other dimension, each subject's along it.

    Parameters
    ----------
    identity
        Columns subject and stimulus of each row; several windows of one listening are clustered once.
    rating
        Of each row; NaN where it was not rated.
    rule
        See `LabelRule`.

    Returns
    -------
    labels, thresholds
        Int8: 0 low, 1 high, missing; and for each subject, by name, the columns threshold and rule.
    """
    import pandas as pd

    ratings = identity[["subject", "stimulus"]].assign(arousal=rating, valence=math.nan)
    labels, subjects = label_ratings(ratings, rule)
    said = subjects["rule"].str.replace(" of arousal alone", "").str.replace("in arousal", "in it")
    return labels["arousal_label"], pd.DataFrame({"threshold": subjects["threshold_arousal"], "rule": said})


def _clustered(ratings: "pd.DataFrame") -> "pd.Series":
    """Mark the rows that are clustered: those with both ratings, or with the one where nobody gave the other."""
    known = ratings[["arousal", "valence"]].notna()
    return known.all(axis=1) if known.any().all() else known.any(axis=1)


def label_song_means(ratings: "pd.DataFrame", rule: LabelRule) -> tuple["pd.DataFrame", "pd.DataFrame"]:
    """Label ratings that are means over a song's listeners: one k-means over the songs, the same for everyone.

    Parameters
    ----------
    ratings
        One row per pair with the columns subject, stimulus, arousal, valence; the ratings are the song's.
    rule
        See `LabelRule`; `min_ratings` counts songs.

    Returns
    -------
    labels, subjects
        As in `label_ratings`; every subject has the same thresholds, and the rule says where they come from.
    """
    import pandas as pd

    songs = ratings.drop_duplicates("stimulus")[["arousal", "valence"]].dropna().to_numpy(np.float64)
    found = thresholds_of(songs, rule)
    shared = Thresholds(found.centre1, found.centre2, found.arousal, found.valence, f"song means: {found.rule}")
    counts = ratings[ratings[["arousal", "valence"]].notna().all(axis=1)].groupby("subject").size()
    rows = [_subject_row(str(name), int(counts.get(name, 0)), shared) for name in sorted(ratings["subject"].unique())]
    subjects = pd.DataFrame(rows, columns=SUBJECT_COLUMNS)
    return _apply(ratings, subjects), subjects


def _apply(ratings: "pd.DataFrame", subjects: "pd.DataFrame") -> "pd.DataFrame":
    """Compare every rating with its subject's thresholds: 1 above, 0 not above, missing where either is."""
    import pandas as pd

    labels = pd.DataFrame(index=ratings.index)
    for dimension in ("arousal", "valence"):
        limits = dict(zip(subjects["subject"], subjects[f"threshold_{dimension}"], strict=True))
        threshold = ratings["subject"].map(limits).astype("float64")
        known = ratings[dimension].notna() & threshold.notna()
        labels[f"{dimension}_label"] = (ratings[dimension] > threshold).astype("Int8").where(known)
    return labels


def _subject_row(subject: str, count: int, found: Thresholds) -> dict[str, object]:
    return {
        "subject": subject,
        "n_ratings": count,
        "centre1_arousal": found.centre1[0],
        "centre1_valence": found.centre1[1],
        "centre2_arousal": found.centre2[0],
        "centre2_valence": found.centre2[1],
        "threshold_arousal": found.arousal,
        "threshold_valence": found.valence,
        "rule": found.rule,
    }
