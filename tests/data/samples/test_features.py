"""Classical features of samples: those of the recording that they were cut from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.stats import rankdata

import ressin
from ressin.data.samples import features as module
from ressin.data.samples.features import CLASSICAL, classical_features, personal_features, relative_to_person
from ressin.data.samples.labelled import LabelledData
from ressin.data.samples.pieces import Piece, driver_of, pieces_of
from ressin.image import PackedSignals
from tests.learn.samples import made_up

RATE = 8.0
WINDOW, STEP = 60.0, 30.0


@pytest.fixture(scope="module")
def whole() -> ressin.Decomposition:
    made = ressin.simulate_eda(300, RATE, n_scr=25, rng=np.random.default_rng(1))
    return ressin.decompose(made.signal, RATE)


def cut(whole: ressin.Decomposition, starts: NDArray[np.float64], file: str = "one.csv") -> LabelledData:
    """Windows of a recording that was decomposed as a whole, given in reverse order."""
    starts = starts[::-1]
    channels = np.stack([whole.signal, whole.phasic, whole.tonic])
    parts = [channels[:, round(s * RATE) : round((s + WINDOW) * RATE)] for s in starts]
    n = len(starts)
    some = made_up(n=n)
    return dataclasses.replace(
        some,
        signals=PackedSignals.pack(parts, RATE),
        place=np.arange(n),
        file=np.array([file] * n),
        start=starts,
        end=starts + WINDOW,
    )


def test_features_of_windows_are_those_of_their_recording(whole: ressin.Decomposition) -> None:
    starts = np.arange(0.0, 241.0, STEP)
    data = cut(whole, starts)
    (piece,) = pieces_of(data)
    assert piece.signal.size == whole.signal.size
    found = pd.DataFrame(classical_features(data)[::-1], columns=list(CLASSICAL))
    expected = ressin.features(whole, window=WINDOW, step=STEP)
    for name in CLASSICAL:
        size = expected[name].abs().max()
        # The driver is averaged over three samples and knows nothing before the first window.
        rough = 0.05 if name.startswith("SCR_") or name == "EDA_ISCR" else 1e-4
        np.testing.assert_allclose(found[name], expected[name], atol=rough * size, err_msg=name)
    np.testing.assert_array_equal(found["SCR_Peaks_N"], expected["SCR_Peaks_N"])


def test_windows_that_disagree_or_lie_apart_stand_alone(whole: ressin.Decomposition) -> None:
    apart = cut(whole, np.array([0.0, 60.0, 150.0, 180.0]))
    assert sorted(len(piece.samples) for piece in pieces_of(apart)) == [1, 1, 2]
    values = [apart.signal(k) + (0.5 if k == 0 else 0.0) for k in range(4)]  # decomposed by themselves
    alone = dataclasses.replace(apart, signals=PackedSignals.pack(values, RATE))
    assert [len(piece.samples) for piece in pieces_of(alone)] == [1, 1, 1, 1]
    unknown = dataclasses.replace(apart, start=np.full(4, np.nan), end=np.full(4, np.nan))
    pieces = list(pieces_of(unknown))
    assert sorted(int(piece.samples[0]) for piece in pieces) == [0, 1, 2, 3]
    assert all((piece.start[0], piece.end[0]) == (0.0, 60.0) for piece in pieces)


@pytest.mark.parametrize("taus", [(2.0, 0.7), (0.7, 2.0), (1.0, 1.0)])
@pytest.mark.parametrize("programme", ["cvxeda", "robust"])
def test_the_driver_is_found_from_the_phasic_part(programme: str, taus: tuple[float, float]) -> None:
    made = ressin.simulate_eda(60, RATE, n_scr=6, rng=np.random.default_rng(1))
    result = ressin.decompose(made.signal, RATE, programme=programme, tau0=taus[0], tau1=taus[1])  # type: ignore[arg-type]
    expected = np.convolve(result.driver, [0.25, 0.5, 0.25])[1:-1]
    found = driver_of(result.phasic, RATE, *taus)
    np.testing.assert_allclose(found[2:-1], expected[2:-1], atol=1e-4 * expected.max())
    assert driver_of(result.phasic[:2], RATE, *taus).tolist() == [0.0, 0.0]


def test_features_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = made_up(n=12)
    calls: list[int] = []

    def counted(samples: LabelledData) -> Iterator[Piece]:
        calls.append(len(samples))
        return pieces_of(samples)

    monkeypatch.setattr(module, "pieces_of", counted)
    for _ in range(3):
        assert personal_features(data).shape == (12, 3 * len(CLASSICAL))
    assert calls == [12]
    personal_features(data.take(np.arange(5)))
    assert calls == [12, 5]


def test_scaling_within_the_person_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    subject = np.array([f"s{k}" for k in rng.integers(0, 6, size=60)] + ["alone"])
    values = np.round(rng.normal(5.0, 1.0, size=(61, 4)), 1)  # with ties
    values[rng.random((61, 4)) < 0.2] = np.nan
    values[:, 3] = 0.1  # constant
    z, rank = relative_to_person(values, subject)
    for name in np.unique(subject):
        rows = np.flatnonzero(subject == name)
        for column in range(4):
            own = values[rows, column]
            known = np.isfinite(own)
            assert np.isnan(z[rows, column][~known]).all()
            assert np.isnan(rank[rows, column][~known]).all()
            if not known.any():
                continue
            deviation = own[known].std() if known.sum() > 1 and np.ptp(own[known]) > 0 else 1.0
            np.testing.assert_allclose(z[rows, column][known], (own[known] - own[known].mean()) / deviation, atol=1e-9)
            np.testing.assert_allclose(rank[rows, column][known], (rankdata(own[known]) - 0.5) / known.sum())
