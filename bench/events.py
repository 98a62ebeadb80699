"""Event-related responses where the truth is known: `python -m bench.events`, beside NeuroKit2; the model's coverage.

Trials follow each other every 0.5 to 8 s; each is responded to or not. A response "to an event" is one that begins in
its latency window of 1 to 4 s. NeuroKit2 is given the same signal: eda_process, epochs of the latency window plus the
time to a peak, and eda_eventrelated.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from typing import Literal

import neurokit2 as nk
import numpy as np
import pandas as pd
from tests.events.experiment import experiment

import ressin
from ressin.simulation.responses import shapes, stretched

RATE = 50.0
LATENCY = (1.0, 4.0)


@dataclass(frozen=True)
class Trials:
    """A recording with events at `onsets`, their true amplitudes (0: none) and the time from event to response."""

    signal: np.ndarray
    onsets: np.ndarray
    amplitudes: np.ndarray


def simulate(interval: float, seed: int, n: int = 40) -> Trials:
    """Events `interval` seconds apart, two thirds of them answered after 1.5 to 3 s by responses of varying shape."""
    rng = np.random.default_rng(seed)
    onsets = 5.0 + np.arange(n) * interval
    answered = rng.random(n) < 2 / 3
    amplitudes = np.where(answered, np.exp(rng.normal(np.log(0.3), 0.6, n)), 0.0)
    starts = onsets + rng.uniform(1.5, 3.0, n)
    length = round((onsets[-1] + 25.0) * RATE)
    time = np.arange(length) / RATE
    signal = 4.0 + np.cumsum(rng.normal(0.0, 0.0015, length)) + rng.normal(0.0, 0.004, length)
    for start, amplitude in zip(starts[answered], amplitudes[answered], strict=True):
        shape, rise = shapes()[rng.integers(len(shapes()))], rng.uniform(0.9, 2.0)
        signal += amplitude * stretched(shape, time - start - rise, rise, rng.uniform(1.5, 4.0))
    return Trials(signal, onsets, amplitudes)


def by_ressin(made: Trials, programme: str) -> pd.DataFrame:
    """Trials by ressin, EDA_SCR and amplitude."""
    result = ressin.decompose(made.signal, RATE, programme=programme)
    table = ressin.event_related(result, made.onsets, latency=LATENCY)
    return pd.DataFrame({"found": table["EDA_SCR"] == 1, "amplitude": table["SCR_Magnitude"]})


def by_neurokit(made: Trials) -> pd.DataFrame:
    """Trials by NeuroKit2's own functions and defaults."""
    signals, _ = nk.eda_process(made.signal, sampling_rate=RATE)
    events = np.round(made.onsets * RATE).astype(int)
    epochs = nk.epochs_create(signals, events, sampling_rate=RATE, epochs_start=0, epochs_end=LATENCY[1] + 3.0)
    table = nk.eda_eventrelated(epochs)
    found = table["EDA_SCR"].to_numpy() == 1
    amplitude = np.nan_to_num(table["SCR_Peak_Amplitude"].to_numpy(dtype=float)) * found
    return pd.DataFrame({"found": found, "amplitude": amplitude})


def score(found: pd.DataFrame, made: Trials) -> tuple[int, int, int, list[float]]:
    """True, false and missed trials, and the relative errors of the amplitudes of the true ones."""
    true = made.amplitudes > 0
    hits = found["found"].to_numpy() & true
    errors = np.abs(found["amplitude"].to_numpy()[hits] - made.amplitudes[hits]) / made.amplitudes[hits]
    return int(hits.sum()), int((found["found"].to_numpy() & ~true).sum()), int((~hits & true).sum()), errors.tolist()


METHODS = {
    "ressin robust": lambda made: by_ressin(made, "robust"),
    "ressin cvxEDA": lambda made: by_ressin(made, "cvxeda"),
    "NeuroKit2 eda_eventrelated": by_neurokit,
}


def table(seeds: range) -> pd.DataFrame:
    """F1 of "responded or not" and the median error of the amplitude, by the time between events."""
    rows = []
    for interval in (0.5, 1.0, 2.0, 4.0, 6.0, 8.0):
        row: dict[str, object] = {"seconds between events": interval}
        for name, method in METHODS.items():
            scores = [score(method(made), made) for made in (simulate(interval, seed) for seed in seeds)]
            hit, false, missed = (sum(one[k] for one in scores) for k in range(3))
            errors = [error for one in scores for error in one[3]]
            row[f"{name}: F1"] = 2 * hit / max(2 * hit + false + missed, 1)
            row[f"{name}: amplitude error"] = float(np.median(errors)) if errors else np.nan
        rows.append(row)
        print(pd.DataFrame(rows[-1:]).round(3).to_string(index=False, header=len(rows) == 1), flush=True)
    return pd.DataFrame(rows)


def coverage(draws: int, difference: float = 0.3) -> pd.DataFrame:
    """How often the 95 % interval of the model's contrast holds the truth, and the contrast's mean error."""
    rows = []
    sources: tuple[Literal["signal", "driver"], ...] = ("signal", "driver")
    for on in sources:
        inside, estimates = 0, []
        for seed in range(10_000, 10_000 + draws):
            made = experiment(seed, difference, on=on)
            source = ressin.decompose(made.recording.signal, 10.0) if on == "driver" else made.recording
            scale = made.scale
            found = ressin.response_estimate(source, made.events, on=on).contrast("a", "b")
            inside += found["Low"] / scale <= difference <= found["High"] / scale
            estimates.append(found["Amplitude"] / scale)
        error = np.std(estimates, ddof=1) / np.sqrt(draws)
        rows.append(
            {"on": on, "draws": draws, "mean": np.mean(estimates), "its error": error, "coverage": inside / draws}
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="recordings of 40 trials for each row")
    parser.add_argument("--draws", type=int, default=500, help="experiments for the coverage")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    table(range(1_000_000, 1_000_000 + arguments.seeds))
    print(coverage(arguments.draws).round(4).to_string(index=False))


if __name__ == "__main__":
    main()
