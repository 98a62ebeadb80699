"""OSQP as an independent check: it agrees, reports when it does not converge, prints nothing and can be interrupted."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import ressin
from ressin.settings import Baseline, Revision
from tests.signals import RECORDINGS, Source, read, simulate, zscore


def difference(a: ressin.Decomposition, b: ressin.Decomposition) -> float:
    return float(max(np.abs(a.phasic - b.phasic).max(), np.abs(a.tonic - b.tonic).max()))


@pytest.mark.parametrize("rate", [4.0, 50.0, 1000.0, 2000.0])
@pytest.mark.parametrize("revision", get_args(Revision))
def test_confirms_the_interior_point_at_every_rate(rate: float, revision: Revision) -> None:
    y = zscore(simulate(rate, 12.0, seed=11))
    exact = ressin.decompose(y, rate, revision=revision)
    confirmed = ressin.decompose(y, rate, revision=revision, solver="osqp")
    assert confirmed.converged
    assert difference(exact, confirmed) < 1e-5


@pytest.mark.parametrize("baseline", get_args(Baseline))
def test_confirms_with_gaps_and_weights(baseline: Baseline) -> None:
    y = zscore(simulate(8.0, 60.0, seed=12))
    y[100:180] = np.nan
    weights = np.linspace(0.5, 2.0, y.size)
    exact = ressin.decompose(y, 8.0, baseline=baseline, missing="solve", sample_weight=weights)
    confirmed = ressin.decompose(y, 8.0, baseline=baseline, missing="solve", sample_weight=weights, solver="osqp")
    assert confirmed.converged
    assert difference(exact, confirmed) < 1e-5


@pytest.mark.parametrize("source", RECORDINGS[:4], ids=lambda source: source.name)
def test_confirms_on_real_recordings(source: Source, recordings_folder: Path) -> None:
    y, rate = read(source, recordings_folder)
    y = zscore(y[: round(600 * rate)])
    assert difference(ressin.decompose(y, rate), ressin.decompose(y, rate, solver="osqp")) < 1e-5


def test_is_warm_started_unless_told_otherwise() -> None:
    y = zscore(simulate(4.0, 60.0, seed=13))
    warm = ressin.decompose(y, 4.0, solver="osqp")
    cold = ressin.decompose(y, 4.0, solver="osqp", warm_start=False)
    assert warm.iterations < 10
    assert cold.iterations > 10 * warm.iterations


def test_a_batch_equals_single_calls_whatever_the_threads_and_weights() -> None:
    signals = [zscore(simulate(4.0, 40.0 + 5 * (i % 2), seed=i)) for i in range(9)]
    for i in (2, 5, 6):
        signals[i][30 : 40 + i] = np.nan
    single = [ressin.decompose(y, 4.0, solver="osqp", missing="solve", warm_start=False) for y in signals]
    for n_threads in (1, 2, 5):
        batch = ressin.decompose_batch(
            signals, 4.0, solver="osqp", missing="solve", warm_start=False, n_threads=n_threads
        )
        for alone, together in zip(single, batch, strict=True):
            assert alone.iterations == together.iterations
            np.testing.assert_array_equal(alone.phasic, together.phasic)
            np.testing.assert_array_equal(alone.tonic, together.tonic)


def test_not_getting_there_is_an_error() -> None:
    y = zscore(simulate(4.0, 60.0, seed=14))
    with pytest.raises(ressin.ConvergenceError) as caught:
        ressin.decompose(y, 4.0, solver="osqp", warm_start=False, osqp_eps=1e-15)
    result = caught.value.result
    assert isinstance(result, ressin.Decomposition)
    assert result.status in ("inaccurate", "max_iterations")
    assert result.osqp_residuals is not None
    assert max(result.osqp_residuals) > 1e-15


def test_prints_nothing_and_leaves_the_signal_handler(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    ressin.decompose_batch([zscore(simulate(4.0, 60.0, seed=15))] * 3, 4.0, solver="osqp", n_threads=2)
    assert signal.getsignal(signal.SIGINT) is before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("n_threads", [1, 2])
def test_can_be_interrupted_while_it_iterates(n_threads: int) -> None:
    """One long cold solve, whose tolerance is out of reach, ends with the first Ctrl-C."""
    y = zscore(simulate(1000.0, 60.0, seed=16))
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            ressin.decompose_batch([y, y], 1000.0, solver="osqp", warm_start=False, osqp_eps=1e-15, n_threads=n_threads)
    finally:
        timer.cancel()
        timer.join()
