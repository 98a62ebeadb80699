"""Simulated people in phases of calm and stress, to choose networks on without looking at real people.

The recordings are `ressin.simulate_recording`'s wristbands, with its artefacts, of people who differ in level, device
and noise. In stress more responses come and the level shifts, in each person by a strength of their own; the phases'
order and lengths are drawn, so that time in the session tells less than it does in real studies.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from ressin.simulation.recording import simulate_recording

KINDS = ("wristband", "wristband_donned", "wristband_dry", "wristband_moving", "wristband_red", "ambulatory")
RATE = 4.0  # Hz
N_PHASES = 7
LENGTHS = (150.0, 420.0)  # s
WINDOW, STEP = 60.0, 30.0  # s
RESPONSES = (4.0, 14.0)  # a minute, that stress adds in a person of strength 1
STRENGTH = (0.35, 0.35)  # of the added responses over people: mean and deviation; none in people of a negative one
LEVEL = (0.03, 0.08)  # of the change of everything in stress
SETTLING = 40.0  # s in which a phase takes hold

Array = NDArray[np.float64]


def write_phases(folder: Path, *, n_people: int = 40, seed: int = 0) -> Path:
    """Write a file a person (columns time and eda) and their manifest; returns the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    for number in range(n_people):
        rng = np.random.default_rng([seed, number])
        edges = np.concatenate([[0.0], np.cumsum(np.round(rng.uniform(*LENGTHS, N_PHASES)))])
        stressed = (np.arange(N_PHASES) + rng.integers(2)) % 2
        signal = person(rng, edges, stressed)
        name = f"person{number:03d}"
        table = np.stack([np.arange(signal.size) / RATE, signal], axis=1)
        np.savetxt(folder / f"{name}.csv", table, fmt="%.6f", delimiter=",", header="time(s),eda(uS)", comments="")
        for k in range(N_PHASES):
            for start in np.arange(edges[k], edges[k + 1] - WINDOW + 0.5 / RATE, STEP):
                rows.append(
                    {"recording": f"{name}.csv", "subject": name, "stimulus": f"phase{k}", "start": start,
                     "end": start + WINDOW, "stress_label": int(stressed[k])}
                )  # fmt: skip
    manifest = folder / "manifest.csv"
    with manifest.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return manifest


def person(rng: np.random.Generator, edges: Array, stressed: NDArray[np.int64]) -> Array:
    """Simulate one recording in microsiemens whose phases lie between `edges`, seconds."""
    kind = KINDS[rng.integers(len(KINDS))]
    made = simulate_recording(kind, edges[-1], rng=rng)
    more = simulate_recording(
        kind, edges[-1], rng=rng, responses_per_minute=rng.uniform(*RESPONSES), artefacts=False
    ).phasic
    hold = stressed[np.searchsorted(edges[1:-1], made.time, side="right")].astype(np.float64)
    keep = np.exp(-1.0 / (SETTLING * RATE))
    hold = lfilter([1.0 - keep], [1.0, -keep], hold)
    strength, level = max(rng.normal(*STRENGTH), 0.0), rng.normal(*LEVEL)
    return np.maximum(made.signal * (1.0 + level * hold) + strength * hold * more, 0.0)
