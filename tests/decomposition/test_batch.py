"""A batch gives the same results, bit for bit, as its signals one by one, for any threads, order and other signals."""

from __future__ import annotations

import copy
import signal
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ressin
from ressin import InvalidInputError
from tests.signals import simulate

PARTS = ("phasic", "tonic", "driver", "residual", "spline", "drift")
RATE = 25.0
# 13 signals in three lengths: no multiple of any number of lanes or threads
SIGNALS = [simulate(RATE, duration, seed) for seed, duration in enumerate([40.0] * 7 + [33.0] * 5 + [61.3])]


def bits(found: Any) -> list[bytes]:
    return [getattr(found, part).tobytes() for part in PARTS] + [
        repr((found.status, found.iterations, found.objective, found.relative_gap)).encode()
    ]


@pytest.fixture(scope="module")
def serial() -> list[list[bytes]]:
    return [bits(found) for found in ressin.decompose_batch(SIGNALS, RATE, n_threads=1)]


@pytest.mark.parametrize("n_threads", [0, 1, 2, 3, 8, 64])
def test_threads_change_no_bit(serial: list[list[bytes]], n_threads: int) -> None:
    assert [bits(found) for found in ressin.decompose_batch(SIGNALS, RATE, n_threads=n_threads)] == serial


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_order_changes_no_bit(serial: list[list[bytes]], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(SIGNALS))
    shuffled = ressin.decompose_batch([SIGNALS[i] for i in order], RATE, n_threads=2)
    assert [bits(found) for found in shuffled] == [serial[i] for i in order]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7])
def test_neighbours_change_no_bit(serial: list[list[bytes]], count: int) -> None:
    """The first signal with fewer signals, or with hard ones, in the other lanes of its group."""
    assert bits(ressin.decompose_batch(SIGNALS[:count], RATE, n_threads=1)[0]) == serial[0]
    rng = np.random.default_rng(count)
    hard = [np.cumsum(rng.normal(size=SIGNALS[0].size)) for _ in range(count)]
    mixed = ressin.decompose_batch([*hard, SIGNALS[0], *hard], RATE, n_threads=1)
    assert bits(mixed[count]) == serial[0]


def test_a_batch_equals_the_single_calls() -> None:
    for one, found in zip(SIGNALS, ressin.decompose_batch(SIGNALS, RATE, n_threads=2), strict=True):
        single = ressin.decompose(one, RATE)
        assert single.converged
        assert found.converged
        for part in ("phasic", "tonic", "residual"):
            assert np.abs(getattr(single, part) - getattr(found, part)).max() <= 1e-10


def test_the_containers_agree() -> None:
    stack = np.stack(SIGNALS[:7])
    from_array = ressin.decompose_batch(stack, RATE)
    from_list = ressin.decompose_batch(list(stack), [RATE] * 7)
    from_mapping = ressin.decompose_batch({f"song {i}": row for i, row in enumerate(stack)}, RATE)
    assert list(from_mapping) == [f"song {i}" for i in range(7)]
    assert [bits(a) for a in from_array] == [bits(b) for b in from_list]
    assert [bits(a) for a in from_array] == [bits(b) for b in from_mapping.values()]


def test_rates_may_differ_within_a_batch() -> None:
    rates = [4.0, 25.0, 4.0, 100.0]
    signals = [simulate(rate, 30.0, seed) for seed, rate in enumerate(rates)]
    for samples, rate, found in zip(signals, rates, ressin.decompose_batch(signals, rates), strict=True):
        assert found.sampling_rate == rate
        assert np.abs(found.phasic - ressin.decompose(samples, rate).phasic).max() <= 1e-10


def test_osqp_in_a_batch_agrees_with_the_interior_point() -> None:
    exact = ressin.decompose_batch(SIGNALS, RATE)
    osqp = ressin.decompose_batch(SIGNALS, RATE, solver="osqp", n_threads=2)
    for a, b in zip(exact, osqp, strict=True):
        assert np.abs(a.phasic - b.phasic).max() < 1e-5
        assert np.abs(a.tonic - b.tonic).max() < 1e-5


def test_one_bad_recording_is_returned_in_its_place() -> None:
    bad = SIGNALS[1].copy()
    bad[5] = np.inf
    found = ressin.decompose_batch([SIGNALS[0], bad, SIGNALS[2]], RATE, errors="return")
    assert isinstance(found[0], ressin.Decomposition)
    assert isinstance(found[2], ressin.Decomposition)
    assert found[0].converged
    assert found[2].converged
    assert isinstance(found[1], ressin.InvalidInputError)
    assert "infinite" in str(found[1])
    with pytest.raises(ressin.InvalidInputError, match=r"infinite") as caught:
        ressin.decompose_batch([SIGNALS[0], bad, SIGNALS[2]], RATE)
    assert "1" in str(caught.value)  # says which


def test_a_bad_recording_of_a_mapping_is_named() -> None:
    with pytest.raises(ressin.InvalidInputError, match="song b"):
        ressin.decompose_batch({"song a": SIGNALS[0], "song b": SIGNALS[1] * np.nan}, RATE)


def test_progress_counts_every_signal_once() -> None:
    seen: list[tuple[int, int]] = []
    ressin.decompose_batch(SIGNALS, RATE, progress=lambda done, total: seen.append((done, total)), n_threads=2)
    assert seen[-1] == (len(SIGNALS), len(SIGNALS))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {total for _, total in seen} == {len(SIGNALS)}


def test_an_error_in_the_progress_callback_reaches_the_caller() -> None:
    def stop(done: int, total: int) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        ressin.decompose_batch(SIGNALS, RATE, progress=stop)


@pytest.mark.parametrize(("rates", "words"), [([RATE] * 3, "3"), ([RATE] * 12 + [-1.0], "-1")])
def test_bad_rates_of_a_batch(rates: list[float], words: str) -> None:
    with pytest.raises(ressin.InvalidInputError, match=words):
        ressin.decompose_batch(SIGNALS, rates)


def test_a_batch_takes_weights_by_place_or_by_name() -> None:
    weight = np.r_[np.zeros(20), np.ones(SIGNALS[0].size - 20)]
    alone = ressin.decompose(SIGNALS[0], RATE, sample_weight=weight)
    by_place = ressin.decompose_batch(SIGNALS[:2], RATE, sample_weight=[weight, None])
    by_name = ressin.decompose_batch(
        {"a": SIGNALS[0], "b": SIGNALS[1]}, {"a": RATE, "b": RATE}, sample_weight={"b": None, "a": weight}
    )
    np.testing.assert_allclose(by_place[0].phasic, alone.phasic, atol=1e-10)
    np.testing.assert_array_equal(by_name["a"].phasic, by_place[0].phasic)
    assert by_place[1].weights is None


@pytest.mark.parametrize(
    ("signals", "choice", "words"),
    [
        (SIGNALS[:2], {"sample_weight": [None]}, "sample_weight has 1 entries for 2 signals"),
        (SIGNALS[:2], {"sample_weight": [None, [1.0]]}, r"signal 1: sample_weight has shape \(1,\)"),
        ({"a": SIGNALS[0]}, {"sample_weight": {"b": None}}, "sample_weight.*no entry for 'a'"),
        (SIGNALS[:1], {"sampling_rate": [[8.0]]}, r"signal 0: sampling_rate is \[8.0\]"),
        (SIGNALS[:1], {"progress": "yes"}, "progress is 'yes'"),
        (pd.DataFrame({"a": SIGNALS[0]}), {}, r"DataFrame.*frame\.items"),
        ([1.0, 2.0, 3.0, 4.0], {}, "signal 0: the signal is of type float"),
    ],
)
def test_bad_choices_of_a_batch(signals: Any, choice: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        ressin.decompose_batch(signals, **{"sampling_rate": RATE, **choice})


@pytest.mark.parametrize("solver", ["auto", "active_set", "interior_point", "osqp"])
def test_ctrl_c_calls_a_batch_off(solver: Any) -> None:
    long = np.cumsum(np.random.default_rng(0).standard_normal(20_000))
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        ressin.decompose_batch([long] * 400, 50.0, solver=solver, n_threads=1)
    timer.join()


def test_an_empty_batch_is_an_empty_list() -> None:
    assert ressin.decompose_batch([], RATE) == []


def test_a_deep_copy_of_a_result_does_not_keep_its_batch() -> None:
    results = ressin.decompose_batch([simulate(25.0, 40.0, seed) for seed in range(3)], 25.0)
    kept = copy.deepcopy(results[1])
    for name in ("signal", "phasic", "tonic", "driver", "residual"):
        own, shared = getattr(kept, name), getattr(results[1], name)
        np.testing.assert_array_equal(own, shared)
        assert not np.shares_memory(own, shared)
        assert own.base is None or own.base.nbytes == own.nbytes
        assert not own.flags.writeable
