"""Time one long signal against cvxeda; three rows of the table differ in the signal only."""

from __future__ import annotations

from typing import Any

import ressin
from bench import peers
from bench.claims import Claim, Race, assert_near, assert_optimal
from bench.work import long_signal


def one_signal_race(claim: Claim, sampling_rate: float, duration: float, *, within: float, rounds: int) -> Race:
    """Race one signal on one thread; `within` bounds the difference to the peer in z-units."""
    y, cvxeda = long_signal(sampling_rate, duration), peers.cvxeda(sampling_rate)

    def ours() -> Any:
        return ressin.decompose(y, sampling_rate, standardize=False, n_threads=1)

    def check() -> None:
        result = ours()
        assert_optimal([y], [result], sampling_rate)
        assert_near(result.phasic, cvxeda(y), within)

    return Race(claim, ours, lambda: cvxeda(y), check, rounds=rounds)
