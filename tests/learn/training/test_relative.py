"""What the network on features is given: each feature relative to the person's other samples."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from ressin.data.samples.features import CLASSICAL, channel_of, classical_features
from ressin.errors import InvalidInputError
from ressin.learn.model.perceptron import columns_of
from ressin.learn.model.recipes import changed, recipe
from ressin.learn.training.relative import RelativeFeatures
from tests.learn.samples import made_up

MIX = recipe("mlp")


def test_each_feature_comes_as_z_score_and_rank_within_the_person() -> None:
    data = made_up(n=24, n_subjects=3)
    given = RelativeFeatures(data, MIX).of(np.arange(24), None).numpy()
    own = classical_features(data)
    assert given.shape == (24, 2 * len(CLASSICAL))
    for k, name in enumerate(CLASSICAL):
        for person in np.unique(data.subject):
            values = own[data.subject == person, k]
            known = np.isfinite(values)
            z, rank = (given[data.subject == person, k + form * len(CLASSICAL)] for form in (0, 1))
            assert (z[~known] == 0.0).all(), name
            assert (rank[~known] == 0.0).all(), name
            if known.sum() < 2 or np.ptp(values[known]) < 1e-9:
                continue
            expected = (values[known] - values[known].mean()) / values[known].std()
            np.testing.assert_allclose(z[known], np.clip(expected, -4.0, 4.0), atol=1e-4, err_msg=name)
            if np.unique(values[known]).size == known.sum():
                share = (np.argsort(np.argsort(values[known])) + 0.5) / known.sum()
                np.testing.assert_allclose(rank[known], (share - 0.5) * math.sqrt(12.0), atol=1e-6, err_msg=name)


def test_a_sample_far_out_is_cut_at_four_deviations() -> None:
    data = made_up(n=60, n_subjects=1)
    recordings = [data.signal(i) * (1000.0 if i == 7 else 1.0) for i in range(60)]
    far = dataclasses.replace(data, signals=type(data.signals).pack(recordings, 8.0))
    given = RelativeFeatures(far, MIX).of(np.array([7, 8]), None).numpy()
    assert given[0].max() == 4.0
    assert np.abs(given[1, : len(CLASSICAL)]).max() < 4.0


def test_labels_have_no_part_and_channels_divide_the_features() -> None:
    data = made_up(n=24, n_subjects=3)
    every = RelativeFeatures(data, MIX).of(np.arange(24), None)
    turned = dataclasses.replace(data, label=1 - data.label)
    assert every.equal(RelativeFeatures(turned, MIX).of(np.arange(24), None))
    parts = [columns_of((name,)) for name in ("origin", "phasic", "tonic")]
    assert sorted(sum(parts, ())) == list(range(len(CLASSICAL)))
    assert all(channel_of(CLASSICAL[k]) == "tonic" and "Tonic" in CLASSICAL[k] for k in parts[2])
    tonic = changed(MIX, {"channels": "tonic"}, {})
    one = RelativeFeatures(data, tonic).of(np.arange(24), None)
    n, at = len(CLASSICAL), list(parts[2])
    assert one.equal(every[:, at + [n + k for k in at]])


def test_people_of_one_sample_each_cannot_be_compared() -> None:
    with pytest.raises(InvalidInputError, match="each of the 12 samples is of another one"):
        RelativeFeatures(made_up(n=12, n_subjects=12), MIX)
