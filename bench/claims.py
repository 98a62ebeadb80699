"""A row of the README's speed table: work, peer and guaranteed ratio, and how they are checked and timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from tests import reference
from tests.reference import Array


@dataclass(frozen=True)
class Claim:
    """One row of the speed table."""

    work: str
    peer: str
    at_least: float | None  # ratio of the peer's time to ours; None where nothing is claimed
    aim: float | None


@dataclass(frozen=True)
class Race:
    """Both sides of a claim, ready to be timed; `check` raises where an answer is wrong."""

    claim: Claim
    ours: Callable[[], object]
    peer: Callable[[], object]
    check: Callable[[], None]
    ours_signals: int = 1  # signals that one call of `ours` decomposes
    peer_signals: int = 1
    rounds: int = 5
    clock: Callable[[], float] = time.thread_time  # of this thread, whatever else the machine does


@dataclass(frozen=True)
class Outcome:
    """Seconds a signal, the fastest of the interleaved rounds of each side."""

    claim: Claim
    ours: float
    peer: float

    @property
    def ratio(self) -> float:
        return self.peer / self.ours


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.thread_time, at_least: float = 0.02) -> float:
    """Mean time of a call, over as many calls in a row as take `at_least` seconds."""
    calls, start = 0, clock()
    while True:
        work()
        calls += 1
        elapsed = clock() - start
        if elapsed >= at_least:
            return elapsed / calls


def run(race: Race) -> Outcome:
    """Check the answers, then time both sides in turns."""
    race.check()
    race.ours()
    ours, peer = [], []
    for _ in range(race.rounds):
        peer.append(seconds(race.peer, race.clock))
        ours.append(seconds(race.ours, race.clock))
    return Outcome(race.claim, min(ours) / race.ours_signals, min(peer) / race.peer_signals)


def run_in_benchmark(benchmark: Any, race: Race) -> None:
    """Do the same and assert the claim's ratio; then have pytest-benchmark time our side for its own tables."""
    outcome = run(race)
    benchmark.pedantic(race.ours, rounds=race.rounds, iterations=1, warmup_rounds=1)
    benchmark.extra_info.update(work=race.claim.work, peer=race.claim.peer, ratio=outcome.ratio)
    if race.claim.at_least is None:
        return
    assert outcome.ratio >= race.claim.at_least, (
        f"{race.claim.work}: {outcome.ratio:.1f}x of {race.claim.peer}, at least {race.claim.at_least}x was claimed"
    )


def assert_optimal(signals: Sequence[Array], results: Sequence[Any], sampling_rate: float, oracle_on: int = 4) -> None:
    """Every result says that it converged; the oracle proves some of them, spread over the batch."""
    assert len(signals) == len(results)
    assert all(result.converged and result.relative_gap <= 1e-8 for result in results)
    for i in np.unique(np.linspace(0, len(signals) - 1, oracle_on).astype(int)):
        result = results[i]
        prog = reference.program(signals[i], sampling_rate)
        proof = reference.certify(prog, result.driver, result.spline, result.drift)
        assert proof.relative_gap <= 1e-8, f"signal {i}: the oracle's gap is {proof.relative_gap:.1e}"
        assert np.abs(proof.phasic - result.phasic).max() <= 1e-8


def assert_near(phasic: Array, peer: Array, within: float) -> None:
    """Both sides answer the same question; what remains is the peer's tolerance."""
    error = float(np.abs(phasic - peer).max())
    assert error <= within, f"the phasic parts differ by {error:.1e}, more than {within:.0e} z-units"
