"""Overlaps and occasions against loops over all pairs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ressin.data.samples.overlap import occasions, overlapping


@given(st.integers(1, 25), st.integers(0, 2**32))
def test_overlaps_are_those_of_all_pairs(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    file = np.array([f"f{k}" for k in rng.integers(0, 3, size=n)])
    start = rng.integers(0, 10, size=n).astype(float)
    end = start + rng.integers(1, 5, size=n)
    start[rng.random(n) < 0.1] = np.nan
    chosen = np.flatnonzero(rng.random(n) < 0.4)
    known, last = np.where(np.isnan(start), -1.0, start), np.where(np.isnan(start), 99.0, end)
    expected = [
        i
        for i in range(n)
        if i not in chosen and any(file[i] == file[k] and known[i] < last[k] and known[k] < last[i] for k in chosen)
    ]
    assert overlapping(file, start, np.where(np.isnan(start), np.nan, end), chosen).tolist() == expected


@given(st.integers(0, 20), st.integers(0, 2**32))
def test_occasions_connect_what_any_column_shares(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = (np.array([f"{k}" for k in rng.integers(0, 8, size=n)], dtype=str) for _ in range(2))
    together = np.eye(n, dtype=bool) | (first[:, None] == first) | (second[:, None] == second)
    for _ in range(n):
        together = (together.astype(int) @ together) > 0
    names = occasions(first, second)
    np.testing.assert_array_equal(names[:, None] == names, together)
