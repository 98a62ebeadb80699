"""Labels: two clusters, midpoints, and the rule for subjects whose ratings cannot be divided."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ressin.data.preparation.labels import LabelRule, label_ratings, label_song_means, thresholds_of
from ressin.errors import InvalidInputError

EIGHTHS = st.integers(0, 8).map(lambda eighth: eighth / 8.0)


def best_split(points: np.ndarray) -> float:
    """Smallest sum of squared distances of any division in two: the slow oracle."""
    n = len(points)
    best = np.inf
    for chosen in itertools.product((False, True), repeat=n - 1):
        first = np.array([True, *chosen])
        if first.all():
            continue
        best = min(best, sum(((part - part.mean(axis=0)) ** 2).sum() for part in (points[first], points[~first])))
    return float(best)


@settings(max_examples=40)
@given(st.lists(st.tuples(EIGHTHS, EIGHTHS), min_size=4, max_size=9))
def test_centres_are_those_of_the_best_division(pairs: list[tuple[float, float]]) -> None:
    points = np.array(pairs)
    found = thresholds_of(points, LabelRule(restarts=100))  # ten can all end in another division
    if len(np.unique(points, axis=0)) < 2:
        assert found.rule == f"all {len(points)} ratings are identical"
        return
    centres = np.array([found.centre1, found.centre2])
    distance = ((points[:, None, :] - centres) ** 2).sum(axis=2).min(axis=1).sum()
    assert distance == pytest.approx(best_split(points), abs=1e-9)
    for middle, pair in zip((found.arousal, found.valence), centres.T, strict=True):
        assert np.isnan(middle) == (abs(pair[0] - pair[1]) < 1e-9)
        if not np.isnan(middle):
            assert middle == pytest.approx(pair.mean())


def test_order_of_the_ratings_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    points = np.round(rng.uniform(size=(17, 2)) * 8) / 8
    first = thresholds_of(points, LabelRule())
    assert thresholds_of(points[rng.permutation(17)], LabelRule()) == first


def ratings(subject: str, pairs: list[tuple[float, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject": subject,
            "stimulus": [str(number) for number in range(len(pairs))],
            "arousal": [pair[0] for pair in pairs],
            "valence": [pair[1] for pair in pairs],
        }
    )


def test_each_subject_has_an_own_scale() -> None:
    frame = pd.concat(
        [
            ratings("shy", [(0.0, 0.1), (0.1, 0.0), (0.3, 0.3), (0.3, 0.4)]),
            ratings("loud", [(0.6, 0.7), (0.7, 0.6), (1.0, 0.9), (0.9, 1.0)]),
        ],
        ignore_index=True,
    )
    labels, subjects = label_ratings(frame, LabelRule())
    assert labels["arousal_label"].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert labels["valence_label"].tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    thresholds = subjects.set_index("subject")["threshold_arousal"]
    assert thresholds["shy"] == pytest.approx(0.175)
    assert thresholds["loud"] == pytest.approx(0.8)


def test_subjects_without_enough_are_excluded_or_pooled_by_a_stated_rule() -> None:
    many = [(0.1, 0.2), (0.2, 0.1), (0.9, 0.8), (0.8, 0.9)]
    frame = pd.concat(
        [ratings("many", many), ratings("one", [(0.9, 0.9)]), ratings("same", [(0.25, 0.5)] * 6)], ignore_index=True
    )
    labels, subjects = label_ratings(frame, LabelRule())
    rules = dict(zip(subjects["subject"], subjects["rule"], strict=True))
    assert rules == {
        "many": "k-means",
        "one": "too few ratings (1 of 4 needed)",
        "same": "all 6 ratings are identical",
    }
    assert labels["arousal_label"][4:].isna().all()
    labels, subjects = label_ratings(frame, LabelRule(few="pooled"))
    assert labels["arousal_label"].notna().all()
    assert labels["arousal_label"][4] == 1
    assert labels["arousal_label"][5:].tolist() == [0] * 6
    assert subjects.set_index("subject")["rule"]["one"] == "pooled: too few ratings (1 of 4 needed)"


def test_a_dimension_without_contrast_has_no_labels() -> None:
    labels, subjects = label_ratings(ratings("s", [(0.5, 0.0), (0.5, 0.1), (0.5, 0.9), (0.5, 1.0)]), LabelRule())
    assert labels["arousal_label"].isna().all()
    assert labels["valence_label"].tolist() == [0, 0, 1, 1]
    assert subjects["rule"].tolist() == ["k-means, no contrast in arousal"]


def test_a_rating_at_the_threshold_is_low() -> None:
    pairs = [(0.0, 0.0), (0.25, 0.25), (0.75, 0.75), (1.0, 1.0), (0.5, np.nan), (np.nan, 0.5)]
    labels, subjects = label_ratings(ratings("s", pairs), LabelRule())
    assert subjects[["threshold_arousal", "threshold_valence"]].to_numpy().tolist() == [[0.5, 0.5]]
    assert labels["arousal_label"][4] == 0
    assert labels["valence_label"][5] == 0


def test_a_rating_alone_is_labelled_but_does_not_move_the_centres() -> None:
    pairs = [(0.1, 0.2), (0.2, 0.1), (0.9, 0.8), (0.8, 0.9), (1.0, np.nan)]
    labels, subjects = label_ratings(ratings("s", pairs), LabelRule())
    assert subjects["n_ratings"].tolist() == [4]
    assert subjects["threshold_arousal"][0] == pytest.approx(0.5)
    assert labels["arousal_label"].tolist() == [0, 0, 1, 1, 1]
    assert pd.isna(labels["valence_label"][4])


def test_windows_of_one_listening_count_once() -> None:
    pairs = [(0.1, 0.2), (0.3, 0.1), (0.9, 0.8), (0.8, 0.9)]
    once = ratings("s", pairs)
    often = pd.concat([once, *[once.iloc[:1]] * 9], ignore_index=True)
    pd.testing.assert_frame_equal(label_ratings(often, LabelRule())[1], label_ratings(once, LabelRule())[1])


def test_song_means_share_one_threshold() -> None:
    frame = pd.concat([ratings("a", [(0.2, 0.2), (0.3, 0.1), (0.8, 0.9), (0.9, 0.7)])] * 2, ignore_index=True)
    frame.loc[4:, "subject"] = "b"
    labels, subjects = label_song_means(frame, LabelRule())
    assert labels["arousal_label"].tolist() == [0, 0, 1, 1] * 2
    assert subjects["rule"].tolist() == ["song means: k-means"] * 2
    assert subjects["threshold_arousal"].nunique() == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"few": "all"}, "few='all' is not known"),
        ({"min_ratings": 1}, "need at least 2"),
        ({"restarts": 0}, "at least 1"),
    ],
)
def test_rules_are_checked(options: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        LabelRule(**options)  # type: ignore[arg-type]
