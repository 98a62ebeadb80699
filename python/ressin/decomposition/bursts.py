"""Bursts of a driver, and the response that each makes on its own: in continuous time, alike at all sampling rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks, lfilter

from ressin.bateman import bateman, peak_height, peak_time

Array = NDArray[np.float64]

_STEP = 0.1  # s between the points at which responses are evaluated; all times are interpolated between them
_DIP = 0.7  # share of the lower of two maxima to which the driver falls between bursts
_LOW, _HIGH = 0.35, 0.9  # shares of the amplitude through which the line to the onset goes
_ROWS = 1 << 20  # numbers that are worked on at once


@dataclass(frozen=True)
class Responses:
    """Responses in order of their onsets, (n,) each: times in seconds from the first sample, amplitudes as the signal.

    `recoveries` is where a response has fallen to half of its amplitude, whether or not the recording still lasts.
    """

    onsets: Array
    peaks: Array
    recoveries: Array
    amplitudes: Array

    def only(self, chosen: NDArray[np.bool_]) -> Responses:
        """Return the chosen ones."""
        return Responses(self.onsets[chosen], self.peaks[chosen], self.recoveries[chosen], self.amplitudes[chosen])


@dataclass(frozen=True)
class Bateman:
    """The response to one impulse on a fine grid of times, and how its onset is found from its rise."""

    tau0: float
    tau1: float
    step: float  # s

    @classmethod
    def of(cls, tau0: float, tau1: float, sampling_rate: float) -> Bateman:
        """Choose the grid: 10 points a second, or a tenth of the fast constant, but not finer than the recording."""
        return cls(tau0, tau1, min(_STEP, max(min(tau0, tau1) / 10.0, 1.0 / sampling_rate)))

    @cached_property
    def height(self) -> float:
        """Height of the response to a unit impulse."""
        return peak_height(self.tau0, self.tau1)

    @cached_property
    def reach(self) -> int:
        """Steps in which an impulse's response has peaked and fallen below half; no burst takes longer from its end."""
        rise = peak_time(self.tau0, self.tau1)
        times = np.linspace(rise, 2.0 * rise + 2.0 * max(self.tau0, self.tau1), 4001)
        half = np.interp(-0.5 * self.height, -bateman(times, self.tau0, self.tau1), times)
        return math.ceil(float(half) / self.step) + 2

    @cached_property
    def lead(self) -> float:
        """How far the onset lies before the lower share of the height, over the time from there to the higher."""
        times = np.linspace(0.0, peak_time(self.tau0, self.tau1), 4001)
        low, high = np.interp((_LOW, _HIGH), bateman(times, self.tau0, self.tau1) / self.height, times)
        return float(low / (high - low))

    def respond(self, impulses: Array) -> Array:
        """Return h * p along the last axis, exactly at the grid's points, for impulses of given integrals on them."""
        slow, fast = (math.exp(-self.step / tau) for tau in (max(self.tau0, self.tau1), min(self.tau0, self.tau1)))
        first = slow - fast if slow != fast else slow * self.step / self.tau0
        return np.asarray(lfilter([0.0, first], [1.0, -slow - fast, slow * fast], impulses, axis=-1))


def find_responses(
    driver: Array, sampling_rate: float, model: Bateman, *, least: float, min_distance: float, silence: float
) -> Responses:
    """Give the responses of all bursts of a driver whose impulses add up to a height of at least `least`.

    Parameters
    ----------
    driver
        (n,) density p, in the signal's unit per second.
    sampling_rate
        Hz.
    model
        The response to one impulse.
    least
        Least height in the signal's unit; impulses together are never lower than their response.
    min_distance
        Seconds from which on two impulses make two responses.
    silence
        Driver at or below this, in heights per second, counts as none.
    """
    heights = _on_grid(driver * (model.height / sampling_rate), 1.0 / (sampling_rate * model.step))
    heights[heights <= silence * model.step] = 0.0
    starts, stops = _bursts(heights, min_distance / model.step)
    sums = np.concatenate([[0.0], np.cumsum(heights)])
    enough = sums[stops] - sums[starts] >= least
    return _measure(heights, starts[enough], stops[enough], model)


def _on_grid(heights: Array, stride: float) -> Array:
    """Share each sample's height between the two points of the grid around it; sum and centroid stay."""
    at = np.arange(heights.size) * stride
    left = at.astype(np.intp)
    right = heights * (at - left)
    size = int(left[-1]) + 2
    return np.asarray(np.bincount(left, heights - right, minlength=size) + np.bincount(left + 1, right, minlength=size))


def _bursts(heights: Array, min_distance: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split the driver into bursts: give the point where each starts and the one after its last.

    A triangle of half-width w smooths the driver, and two of its maxima belong to different bursts where it falls to
    seven tenths of the lower one between them. For two lone impulses of any heights that is so from 1.3 w apart on,
    which is `min_distance` (in steps); a driver that goes on without such a dip is one burst, however long.
    """
    width = max(1, round(min_distance / (2.0 - _DIP)))
    smooth = uniform_filter1d(
        uniform_filter1d(heights, width, mode="constant"), width, mode="constant", origin=-(1 - width % 2)
    )
    cuts = _valleys(smooth, _separate_maxima(smooth))
    active = np.flatnonzero(heights > 0)
    edges = np.unique(np.concatenate([[0], np.searchsorted(active, cuts), [active.size]]))
    return active[edges[:-1]], active[edges[1:] - 1] + 1


def _separate_maxima(smooth: Array) -> NDArray[np.intp]:
    """Give the maxima between any two of which the line falls to `_DIP` of the lower one or below, in order."""
    peaks = find_peaks(np.concatenate([[0.0], smooth, [0.0]]))[0] - 1  # zeros around, so that either end can be one
    if not peaks.size:
        return np.asarray(peaks, dtype=np.intp)
    kept, valley, last = [0], math.inf, float(smooth[peaks[0]])
    valleys = np.minimum.reduceat(smooth, peaks)[:-1].tolist()  # from each peak to the next
    for k, (low, top) in enumerate(zip(valleys, smooth[peaks[1:]].tolist(), strict=True), start=1):
        valley = min(valley, low)  # since the last kept one
        if valley <= _DIP * min(last, top):
            kept.append(k)
            valley, last = math.inf, top
        elif top > last:
            kept[-1], valley, last = k, math.inf, top
    return np.asarray(peaks[kept], dtype=np.intp)


def _valleys(line: Array, tops: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give where the line is lowest between each top and the next, the first such point."""
    if tops.size < 2:
        return np.empty(0, dtype=np.intp)
    between = line[tops[0] : tops[-1]]
    lowest = np.repeat(np.minimum.reduceat(between, tops[:-1] - tops[0]), np.diff(tops))
    at = np.flatnonzero(between == lowest) + tops[0]
    return np.asarray(at[np.searchsorted(at, tops[:-1])])


def _measure(heights: Array, starts: NDArray[np.intp], stops: NDArray[np.intp], model: Bateman) -> Responses:
    """Measure the responses of bursts, many of about the same length at once."""
    found = np.empty((4, starts.size))
    order = np.argsort(stops - starts, kind="stable")
    padded = np.concatenate([heights, np.zeros(1)])
    at = 0
    while at < order.size:
        longest = int((stops - starts)[order[min(at + 255, order.size - 1)]]) + model.reach
        some = order[at : at + max(1, min(256, _ROWS // longest))]
        found[:, some] = _measure_rows(padded, starts[some], stops[some], model)
        at += some.size
    by_onset = np.argsort(found[0], kind="stable")
    return Responses(*found[:, by_onset])


def _measure_rows(padded: Array, starts: NDArray[np.intp], stops: NDArray[np.intp], model: Bateman) -> Array:
    """Return onset, peak, half recovery (seconds) and amplitude of each burst, shape (4, n)."""
    steps = np.arange(int((stops - starts).max()) + model.reach)
    at = starts[:, None] + steps  # (n, steps)
    rows = model.respond(np.where(at < stops[:, None], padded[np.minimum(at, padded.size - 1)], 0.0) / model.height)
    peak, top = _vertex(rows, np.argmax(rows, axis=1))
    low, high = (_crossing(rows, rows >= share * top[:, None], share * top) for share in (_LOW, _HIGH))
    fallen = (rows <= 0.5 * top[:, None]) & (steps > peak[:, None])
    onset = np.maximum(low - model.lead * (high - low), 0.0)
    times = (starts + np.stack([onset, peak, _crossing(rows, fallen, 0.5 * top)])) * model.step
    return np.concatenate([times, top[None]])


def _vertex(rows: Array, at: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return place and height of each row's maximum: the vertex of the parabola through its three highest points."""
    pick = np.arange(at.size)
    middle = np.clip(at, 1, rows.shape[1] - 2)
    before, here, after = (rows[pick, middle + k] for k in (-1, 0, 1))
    bend = np.minimum(before - 2.0 * here + after, -np.finfo(np.float64).tiny)
    move = np.clip(0.5 * (before - after) / bend, -1.0, 1.0)
    return middle + move, here - 0.25 * (before - after) * move


def _crossing(rows: Array, beyond: NDArray[np.bool_], level: Array) -> Array:
    """Return where each row first goes beyond its level, between that point and the one before."""
    pick, after = np.arange(level.size), np.maximum(np.argmax(beyond, axis=1), 1)
    left, right = rows[pick, after - 1], rows[pick, after]
    share = np.divide(level - left, right - left, out=np.ones_like(level), where=right != left)
    return np.asarray(after - 1 + share)
