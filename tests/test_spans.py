"""Sums, means and maxima over stretches of samples."""

from __future__ import annotations

import numpy as np

from ressin._spans import Spans, ratio


def test_they_are_those_of_each_stretch() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=200)
    values[rng.random(200) < 0.1] = np.nan
    start = rng.integers(0, 200, 50)
    stop = np.minimum(start + rng.integers(0, 40, 50), 200)
    spans = Spans(start, stop)
    np.testing.assert_array_equal(spans.count, stop - start)
    for i, (a, b) in enumerate(zip(start, stop, strict=True)):
        own = values[a:b][np.isfinite(values[a:b])]
        np.testing.assert_allclose(spans.sums(np.nan_to_num(values))[i], own.sum(), atol=1e-12)
        np.testing.assert_allclose(spans.mean(values)[i], own.mean() if own.size else np.nan, atol=1e-12)
        np.testing.assert_equal(spans.largest(values)[i], own.max() if own.size else np.nan)


def test_nothing_and_all_empty() -> None:
    empty = Spans(np.array([3, 5]), np.array([3, 5]))
    assert np.isnan(empty.mean(np.ones(9))).all()
    assert np.isnan(empty.largest(np.ones(9))).all()
    np.testing.assert_array_equal(ratio(np.array([1.0, 2.0]), np.array([0.0, 4.0])), [np.nan, 0.5])
