"""The signals of the speed table: simulated, z-scored, seeded."""

from __future__ import annotations

from functools import lru_cache

from tests.reference import Array
from tests.signals import simulate, zscore

BATCH, BATCH_RATE, BATCH_SECONDS = 512, 50.0, 45.0


@lru_cache(maxsize=1)
def batch() -> tuple[Array, ...]:
    """Return 512 signals of 45 s at 50 Hz."""
    return tuple(zscore(simulate(BATCH_RATE, BATCH_SECONDS, seed)) for seed in range(BATCH))


@lru_cache(maxsize=2)
def long_signal(sampling_rate: float, duration: float) -> Array:
    """Return one signal of duration seconds."""
    return zscore(simulate(sampling_rate, duration, seed=1))
