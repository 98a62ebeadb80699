"""Artefacts of simulated recordings: what movements and electrodes do to the conductance that a device sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ressin.simulation.kinds import ARTEFACTS, Kind

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_EDGE = (0.1, 0.5)  # s that a contact takes to open or close, and a step to happen


@dataclass(frozen=True)
class Artefacts:
    """What is added to the skin's conductance, (n,) each, and where."""

    shifts: Array  # lasting steps of the level
    added: Array  # everything that passes
    masks: dict[str, Mask]


def draw_artefacts(rng: np.random.Generator, kind: Kind, times: Array, skin: Array) -> Artefacts:
    """Draw a recording's artefacts; `skin` (n,) is the conductance without them, in microsiemens."""
    masks = {name: np.zeros(times.size, dtype=bool) for name in ARTEFACTS}
    level = float(np.median(skin))
    shifts = _steps(rng, kind, times, level, masks["step"])
    spikes = _spikes(rng, kind, times, level, masks["spike"])
    gain = _drops(rng, kind, times, masks["drop"]) * _contacts(rng, kind, times, masks["contact"])
    return Artefacts(shifts, spikes + (gain - 1.0) * (skin + shifts), masks)


def _moments(rng: np.random.Generator, a_minute: float, times: Array) -> Array:
    """Draw the moments of a Poisson process during the recording, in seconds, ascending."""
    length = float(times[-1])
    return np.sort(rng.uniform(0.0, length, rng.poisson(a_minute * length / 60.0)))


def _steps(rng: np.random.Generator, kind: Kind, times: Array, level: float, mask: Mask) -> Array:
    """Add lasting shifts of 3 to 30 % of the level; together they stay between -40 and 100 % of it."""
    shifts = np.zeros_like(times)
    total = 0.0
    for moment in _moments(rng, kind.steps, times):
        size = min(0.3, max(0.03, 0.1 * np.exp(0.6 * rng.standard_normal()))) * level
        size *= 1.0 if rng.random() < 0.5 else -1.0
        if not -0.4 * level < total + size < level:
            size = -size
        total += size
        edge = rng.uniform(*_EDGE)
        shifts += size * _ramp(times, moment, edge)
        mask |= (times >= moment - 0.25) & (times <= moment + edge + 0.25)
    return shifts


def _spikes(rng: np.random.Generator, kind: Kind, times: Array, level: float, mask: Mask) -> Array:
    """Add spikes to either side, of some 10 % of the level and a tenth of a second to a second at half height."""
    added = np.zeros_like(times)
    for moment in _moments(rng, kind.spikes, times):
        width = rng.uniform(0.1, 1.0)
        size = min(0.6, 0.1 * np.exp(0.8 * rng.standard_normal())) * level
        size *= 1.0 if rng.random() < 0.6 else -1.0
        since = np.abs(times - moment) / width
        added += size * 0.5 ** (4.0 * since**2)
        mask |= since < 1.6
    return added


def _drops(rng: np.random.Generator, kind: Kind, times: Array, mask: Mask) -> Array:
    """Return the gain that movements leave: it falls within half a second and comes back within seconds."""
    gain = np.ones_like(times)
    for moment in _moments(rng, kind.drops, times):
        depth, fall, back = rng.uniform(0.1, 0.7), rng.uniform(*_EDGE), rng.uniform(0.5, 4.0)
        since = times - moment - fall
        gain *= 1.0 - depth * _ramp(times, moment, fall) * np.exp(-np.maximum(since, 0.0) / back)
        mask |= (times >= moment) & (since <= 6.0 * back)
    return gain


def _contacts(rng: np.random.Generator, kind: Kind, times: Array, mask: Mask) -> Array:
    """Return the gain of the contact: it breaks for 1 to 8 s, or for 30 to 90 s and then flickers."""
    gain = np.ones_like(times)
    for moment in _moments(rng, kind.contacts, times):
        gain *= _interrupted(times, moment, rng.uniform(1.0, 8.0), rng.uniform(0.0, 0.8), rng.uniform(*_EDGE), mask)
    for moment in _moments(rng, kind.losses, times):
        begin, end = moment, moment + rng.uniform(30.0, 90.0)
        while begin < end:
            lasts = min(end - begin, rng.exponential(12.0) + 1.0)
            gain *= _interrupted(times, begin, lasts, rng.uniform(0.0, 0.3), rng.uniform(*_EDGE), mask)
            begin += lasts + rng.exponential(1.5) + 0.5
        mask |= (times >= moment) & (times <= end)
    return gain


def _interrupted(times: Array, begin: float, lasts: float, left: float, edge: float, mask: Mask) -> Array:
    mask |= (times >= begin) & (times <= begin + lasts + edge)
    return 1.0 - (1.0 - left) * (_ramp(times, begin, edge) - _ramp(times, begin + lasts, edge))


def _ramp(times: Array, moment: float, edge: float) -> Array:
    """Rise from 0 to 1 within `edge` seconds after a moment."""
    return np.clip((times - moment) / edge, 0.0, 1.0)
