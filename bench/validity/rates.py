"""Whether the same recording gives the same responses at 4, 8, 16 and 32 Hz, on the seeds for tuning."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

import ressin
from bench.validity.simulated import TUNING, recording
from bench.validity.tables import share, spread, table
from ressin.decomposition.scrs import find_scrs, match_onsets
from ressin.settings import Programme

Array = NDArray[np.float64]

RATES = (4, 8, 16, 32)  # Hz
KINDS = ("upsampled", "held", "laboratory", "laboratory_dense", "laboratory_steps")
WITHIN, PAIRED = 0.15, 1.0  # s between the onsets of one response, and of what may be one


@dataclass(frozen=True)
class Task:
    kind: str
    seed: int
    seconds: float
    programme: Programme


def run(task: Task) -> dict[int, Array]:
    """Return the onsets in seconds that each rate's block means give."""
    made = recording(task.kind, task.seed, task.seconds)
    times = np.arange(int(task.seconds * RATES[-1])) / RATES[-1]
    finest = np.interp(times, np.arange(made.signal.size) / made.sampling_rate, made.signal)
    return {rate: _onsets(finest, rate, task.programme) for rate in RATES}


def _onsets(finest: Array, rate: int, programme: Programme) -> Array:
    size = RATES[-1] // rate
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ressin.QualityWarning)
        means = finest.reshape(-1, size).mean(axis=1)
        result = ressin.decompose(means, float(rate), programme=programme, n_threads=1)
    later = 0.5 / rate - 0.5 / RATES[-1]  # a block's mean stands for its middle
    return find_scrs(result)["SCR_OnsetTime"].to_numpy() + later


def main(*, seeds: int, minutes: float, workers: int) -> None:
    """Print how many responses each rate gives, and how many onsets agree with those at the highest."""
    print("## Sampling rates\n")
    print(f"{len(KINDS)} kinds, {seeds} recordings of {minutes:g} min each, seeds for tuning.\n")
    rows = []
    for programme in get_args(Programme):
        tasks = [Task(kind, TUNING + k, 60.0 * minutes, programme) for k in range(seeds) for kind in KINDS]
        found = list(spread(run, tasks, workers))
        counts = (str(sum(onsets[rate].size for onsets in found)) for rate in RATES)
        apart = np.concatenate([_apart(onsets[rate], onsets[RATES[-1]]) for onsets in found for rate in RATES[:-1]])
        rows.append((programme, *counts, share(float(np.mean(apart <= WITHIN)))))
    table(("programme", *(f"at {rate} Hz" for rate in RATES), f"onsets within {WITHIN} s"), rows)


def _apart(onsets: Array, others: Array) -> Array:
    """Return how far the onsets of pairs are apart in seconds."""
    first, second = match_onsets(onsets, others, PAIRED)
    return np.abs(onsets[first] - others[second])
