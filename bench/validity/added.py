"""Responses of known size, none of them a Bateman's, added to real recordings: what comes back of them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.validity.methods import OWN, STANDARD, Found, attempt
from bench.validity.recordings import UNSET, Real, all_recordings
from bench.validity.scores import TOLERANCE
from bench.validity.tables import number, share, spread, table
from ressin.simulation.responses import filtered, shapes

Array = NDArray[np.float64]

SIZES = (0.06, 0.12, 0.25)  # uS
STRETCH = 600.0  # s of each recording
SPACING = (18.0, 26.0)  # s from one added response to the next
SEED = 1_000_000
REPLICATES = 1000


@dataclass(frozen=True)
class Added:
    """One added response: (n,) its curve, and its times in seconds."""

    curve: Array
    onset: float
    peak: float
    size: float


@dataclass(frozen=True)
class Back:
    """What a method gave back of one added response."""

    recording: str
    size: float
    ratio: float  # of the amplitudes: what it changed in the phasic part over what was added
    found: dict[str, bool]  # by detector
    found_without: dict[str, bool]  # the same response found where nothing was added


@dataclass(frozen=True)
class Task:
    recording: Real
    chosen: tuple[str, ...]


def stretch_of(recording: Real, rng: np.random.Generator) -> Array:
    """Return ten minutes of a recording from a random start, or all of a shorter one."""
    n = round(STRETCH * recording.sampling_rate)
    spare = recording.signal.size - n
    first = int(rng.integers(spare)) if spare > 0 else 0
    return recording.signal[first : first + n]


def draw_added(rng: np.random.Generator, n: int, rate: float) -> list[Added]:
    """Draw responses of the simulator's shapes, about 22 s apart, the sizes in turn."""
    times = np.arange(n) / rate
    family = shapes()[int(rng.integers(3))]
    added, onset, k = [], 12.0 + rng.uniform(0.0, 5.0), int(rng.integers(3))
    while onset < times[-1] - 15.0:
        rise, recovery = rng.uniform(0.8, 3.0), rng.uniform(1.5, 6.0)
        moments, curve = filtered(family, rise, recovery, 1.5)
        start = onset - moments[np.argmax(curve >= 0.05)]
        size = SIZES[k % 3]
        shaped = size * np.interp(times - start, moments, curve, left=0.0, right=0.0)
        added.append(Added(shaped, onset, start + float(moments[curve.argmax()]), size))
        onset, k = onset + rng.uniform(*SPACING), k + 1
    return added


def run(task: Task) -> dict[str, list[Back] | str]:
    """Decompose one recording with and without what is added, by every method."""
    real = task.recording
    rng = np.random.default_rng([SEED, zlib.crc32(real.name.encode())])
    signal = stretch_of(real, rng)
    added = draw_added(rng, signal.size, real.sampling_rate)
    both = signal + np.sum([a.curve for a in added], axis=0)
    back: dict[str, list[Back] | str] = {}
    for name in task.chosen:
        without, with_them = (attempt(name, x, real.sampling_rate) for x in (signal, both))
        if isinstance(without, str) or isinstance(with_them, str):
            back[name] = f"{real.name}: {with_them if isinstance(with_them, str) else without}"
            continue
        change = with_them.phasic - without.phasic
        back[name] = [
            Back(
                real.name,
                a.size,
                _height(change, a, real.sampling_rate) / _height(a.curve, a, real.sampling_rate),
                {key: _among(found, a) for key, found in with_them.found.items()},
                {key: _among(found, a) for key, found in without.found.items()},
            )
            for a in added
        ]
    return back


def _height(values: Array, added: Added, rate: float) -> float:
    """Measure an amplitude: the mean of half a second around the peak less that of half a second before the onset."""
    times = np.arange(values.size) / rate
    peak = np.abs(times - added.peak) <= max(0.25, 0.5 / rate)
    before = (times >= added.onset - max(0.5, 1.0 / rate)) & (times <= added.onset)
    return float(values[peak].mean() - values[before].mean())


def _among(found: Found, added: Added) -> bool:
    """Tell whether a response of at least half its size is found where one was added."""
    near = np.abs(found.middles - (added.onset + added.peak) / 2.0) <= TOLERANCE
    return bool(np.any(near & (found.amplitudes >= 0.5 * added.size)))


def main(*, chosen: list[str], workers: int) -> None:
    """Print the table over all sizes and by size."""
    print("## Responses added to real recordings\n")
    recordings = [r for r in all_recordings() if r.microsiemens]
    if not recordings:
        print(UNSET)
        return
    backs: dict[str, list[Back]] = {}
    for outcome in spread(run, [Task(r, tuple(chosen)) for r in recordings], workers):
        for name, value in outcome.items():
            if isinstance(value, str):
                print(f"{name} failed on {value}\n")
            else:
                backs.setdefault(name, []).extend(value)
    count = len(next(iter(backs.values())))
    sizes = ", ".join(f"{size:g}" for size in SIZES)
    print(f"{count} responses of {sizes} uS in {len(recordings)} recordings of up to ten minutes.\n")
    header = (
        "method", "size (uS)", "median amplitude recovered (95 %)", "within 0.75 to 1.15", "responses by", "found",
        "found without being there",
    )  # fmt: skip
    table(header, (row for name, held in backs.items() for row in _rows(name, held)))


def _rows(name: str, held: list[Back]) -> list[tuple[str, ...]]:
    rows = []
    for size in (*SIZES, None):
        these = [b for b in held if size in (None, b.size)]
        ratios = np.array([b.ratio for b in these])
        detectors = [d for d in (OWN, STANDARD) if d in these[0].found]
        shares = [[share(float(np.mean([getattr(b, which)[d] for b in these]))) for d in detectors]
                  for which in ("found", "found_without")]  # fmt: skip
        within = share(float(np.mean((ratios >= 0.75) & (ratios <= 1.15))))
        text = "all" if size is None else f"{size:g}"
        rows.append((name, text, _median(these), within, " / ".join(detectors), *(" / ".join(x) for x in shares)))
    return rows


def _median(these: list[Back]) -> str:
    """Write the median ratio with a bootstrap interval over recordings."""
    rng = np.random.default_rng(0)
    names = sorted({b.recording for b in these})
    by_name = [np.array([b.ratio for b in these if b.recording == name]) for name in names]
    picks = rng.integers(len(names), size=(REPLICATES, len(names)))
    drawn = [np.median(np.concatenate([by_name[i] for i in pick])) for pick in picks]
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{number(float(np.median(np.concatenate(by_name))))} ({low:.2f} to {high:.2f})"
