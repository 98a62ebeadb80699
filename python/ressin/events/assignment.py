"""Which response belongs to which event, where the latency windows of events overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from ressin.bateman import peak_time
from ressin.decomposition.scrs import find_scrs

if TYPE_CHECKING:
    import pandas as pd

    from ressin.decomposition.result import Decomposition

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Landing = tuple[Index, Array, float]

_LEAST = 1e-3  # probability below which a burst does not come into question for an event
_STEP = 0.1  # s of the grid on which latencies are weighed
_TOLERANCE = 0.25  # s by which a burst of the driver begins too early or too late
_SHAPE = 2.3  # of the gamma distribution of amplitudes: a coefficient of variation of two thirds
_MISSED = 0.15  # share of responses that leave no burst where there is none near
_SHOWN = (0.3, 0.98)  # least and largest share of responses that the signal itself shows
# What is believed before the recording is seen: a mean, and how many seconds or bursts it counts for.
_SPONTANEOUS = (0.05, 60.0)  # responses a second that belong to no event
_SIDE = (0.2, 20.0)  # bursts a second beside a response of another shape than the model's, which are no responses
_SIDE_AMPLITUDE = (0.15, 5.0)  # their amplitude, over that of a response
_AMPLITUDE = 2.0  # responses that the mean amplitude of those that the signal shows counts for
_SWEEPS, _BURN_IN = 300, 60


@dataclass(frozen=True)
class Assignment:
    """What is known of each event's response, (n_events,) each.

    Attributes
    ----------
    probability
        That a burst of the driver holds its response, 0 to 1.
    amplitude
        Mean of the response's amplitude, where there is one; NaN where there never was.
    burst
        Row of `bursts` that most often held its response; -1 where none did.
    bursts
        Bursts of the driver, as `find_scrs` gives them.
    """

    probability: Array
    amplitude: Array
    burst: Index
    bursts: pd.DataFrame


def assign_responses(
    result: Decomposition, onsets: Array, latency: tuple[float, float], *, min_amplitude: float, min_distance: float
) -> Assignment:
    """Assign bursts of the driver to the events that they most probably answer.

    Parameters
    ----------
    result
        The recording, decomposed.
    onsets
        (n_events,) seconds after the first sample.
    latency
        Earliest and latest time from an event to the onset of its response, seconds.
    min_amplitude, min_distance
        As for `find_scrs`.

    Returns
    -------
    Assignment
        For each event.

    Notes
    -----
    Each event is answered by one response or by none, with the same probability. The latency of a response has the
    density of a raised cosine over the window; a burst holds one response or, where they are too close to be told
    apart, several, whose amplitudes add up and are gamma distributed; or it holds none: it is spontaneous, or stands
    beside a response whose shape is not the model's, as most of the bursts do that the signal itself does not show. How
    often events are answered, how large responses are, and how often bursts belong to no event, is estimated from the
    recording. Which bursts answer which events is drawn again and again, one event after the other (Gibbs sampling,
    Geman and Geman 1984, doi:10.1109/TPAMI.1984.4767596) from a generator of fixed seed: the same recording has the
    same assignment. It takes about 5 ms an event.
    """
    bursts, shown = _bursts(result, min_amplitude, min_distance)
    if not len(bursts):
        nothing = np.full(onsets.size, np.nan)
        return Assignment(np.zeros(onsets.size), nothing, np.full(onsets.size, -1, dtype=np.int64), bursts)
    rise = peak_time(result.settings.tau0, result.settings.tau1)
    start = bursts["SCR_OnsetTime"].to_numpy()
    stop = start + np.maximum(bursts["SCR_RiseTime"].to_numpy() - rise, 0.0)  # of a longer burst's last response
    landing = _landing(onsets, latency, start, stop)
    reached = np.zeros(start.size, dtype=bool)
    for options, _, _ in landing:
        reached[options] = True
    span = float(np.ptp(onsets)) + latency[1] - latency[0]
    sampler = _Sampler(landing, bursts["SCR_Amplitude"].to_numpy(), shown, reached, stop - start + 2 * _TOLERANCE, span)
    return Assignment(*sampler.run(), bursts)


def _bursts(result: Decomposition, min_amplitude: float, min_distance: float) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return the bursts of the driver that begin in an observed sample, and which of them the signal shows."""
    shown = find_scrs(result, min_amplitude=min_amplitude, min_distance=min_distance)
    every = find_scrs(
        result, min_amplitude=min_amplitude, min_distance=min_distance, min_rise=None, rise_time=(0.0, np.inf)
    )
    seen = np.isfinite(result.signal)
    if result.weights is not None:
        seen &= result.weights > 0
    at = np.clip(np.round(every["SCR_OnsetTime"].to_numpy() * result.sampling_rate), 0, seen.size - 1).astype(np.int64)
    every = every[seen[at]].reset_index(drop=True)
    return every, np.isin(every["SCR_OnsetTime"], shown["SCR_OnsetTime"])


def _landing(onsets: Array, latency: tuple[float, float], start: Array, stop: Array) -> list[Landing]:
    """Return for each event the bursts in which its response may begin, their probabilities, and that of none."""
    middle, half = 0.5 * (latency[0] + latency[1]), 0.5 * (latency[1] - latency[0])
    steps = max(8, round(2.0 * half / _STEP))
    after = latency[0] + (np.arange(steps) + 0.5) * (2.0 * half / steps)
    density = 1.0 + np.cos(np.pi * (after - middle) / half)
    density /= density.sum()
    landing = []
    for onset in onsets:
        near = np.flatnonzero((stop > onset + latency[0] - 1.0) & (start < onset + latency[1] + 1.0))
        time = onset + after
        outside = np.maximum(np.maximum(start[near, None] - time, time - stop[near, None]), 0.0)
        weight = np.exp(-0.5 * (outside / _TOLERANCE) ** 2)  # (n_near, steps)
        share = weight / np.maximum(weight.sum(axis=0), 1e-300) * weight.max(axis=0, initial=0.0)
        probability = share @ density
        chosen = probability > _LEAST
        landing.append((near[chosen], probability[chosen], 1.0 - float(probability.sum())))
    return landing


class _Sampler:
    """Draws which burst holds each event's response, and estimates how often and how large responses are."""

    def __init__(
        self,
        landing: list[Landing],
        amplitude: Array,
        shown: NDArray[np.bool_],
        reached: NDArray[np.bool_],
        width: Array,
        span: float,
    ) -> None:
        self._landing, self._amplitude, self._shown, self._reached = landing, amplitude, shown, reached
        self._width, self._span = width, span  # s
        self._steps = np.diff(gammaln(_SHAPE * np.arange(1, len(landing) + 2)))
        sure = float(np.clip(amplitude[shown].sum() / amplitude.sum(), *_SHOWN))
        self._seen = np.log(np.where(shown, sure, 1.0 - sure))
        self._answered = 0.5
        self._mean = float(amplitude[shown].mean()) if shown.any() else float(amplitude.mean())
        self._spontaneous, self._side = _SPONTANEOUS[0], _SIDE[0]  # per second
        self._small = _SIDE_AMPLITUDE[0] * self._mean

    def run(self) -> tuple[Array, Array, Index]:
        """Return probability, amplitude and most frequent burst of each event."""
        n_events = len(self._landing)
        held = np.full(n_events, -1, dtype=np.int64)  # -1: not answered, -2: answered, but no burst
        number = np.zeros(self._amplitude.size, dtype=np.int64)
        kept, total, amplitude = [], np.zeros(n_events), np.zeros(n_events)
        chance = np.random.default_rng(0)
        for sweep in range(_SWEEPS):
            self._draw(held, number, chance.random(n_events))
            self._estimate(held, number)
            if sweep >= _BURN_IN:
                some = np.flatnonzero(held >= 0)
                total[some] += 1.0
                amplitude[some] += self._amplitude[held[some]] / number[held[some]]
                kept.append(held.copy())
        mean = np.divide(amplitude, total, out=np.full(n_events, np.nan), where=total > 0)
        return total / (_SWEEPS - _BURN_IN), mean, _most_frequent(np.array(kept))

    def _draw(self, held: Index, number: Index, chance: Array) -> None:
        """Draw the burst of each event anew, given those of the others."""
        first, more = self._first(), _SHAPE * np.log(self._amplitude * _SHAPE / self._mean)
        missed = self._answered * _MISSED
        for i, (options, probability, elsewhere) in enumerate(self._landing):
            if held[i] >= 0:
                number[held[i]] -= 1
            count = number[options]
            gain = np.where(count > 0, more[options] - self._steps[np.maximum(count - 1, 0)], first[options])
            weight = self._answered * probability * np.exp(np.clip(gain, -50.0, 50.0))
            sums = np.cumsum(np.concatenate([[1.0 - self._answered, missed * elsewhere], weight]))
            drawn = int(np.searchsorted(sums, chance[i] * sums[-1], side="right"))
            held[i] = options[drawn - 2] if drawn >= 2 else -1 - drawn
            if drawn >= 2:
                number[held[i]] += 1

    def _first(self) -> Array:
        """Return the log-likelihood of each burst as one response, less that as none of an event."""
        scale = self._mean / _SHAPE
        one = (_SHAPE - 1.0) * np.log(self._amplitude) - self._amplitude / scale - gammaln(_SHAPE)
        one -= _SHAPE * np.log(scale)
        side = -self._amplitude / self._small - np.log(self._small)
        rate = np.where(self._shown, self._spontaneous, self._side)
        return np.asarray(one + self._seen - np.log(rate * self._width) - np.where(self._shown, one, side))

    def _estimate(self, held: Index, number: Index) -> None:
        """Estimate rates and sizes from what was drawn and what was believed before."""
        used = number > 0
        self._answered = (np.count_nonzero(held != -1) + 1.0) / (held.size + 2.0)
        self._mean = (self._amplitude[used].sum() + _AMPLITUDE * self._mean) / (number.sum() + _AMPLITUDE)
        free = self._reached & ~used
        side = free & ~self._shown
        self._spontaneous = _update(int(np.count_nonzero(free & self._shown)), self._span, *_SPONTANEOUS)
        self._side = _update(int(np.count_nonzero(side)), self._span, *_SIDE)
        believed = _SIDE_AMPLITUDE[0] * self._mean
        self._small = (self._amplitude[side].sum() + believed * _SIDE_AMPLITUDE[1]) / (
            np.count_nonzero(side) + _SIDE_AMPLITUDE[1]
        )


def _most_frequent(held: Index) -> Index:
    """Return the burst that each event, (sweeps, n_events), held most often; -1 where it never held one."""
    found = np.full(held.shape[1], -1, dtype=np.int64)
    for i, column in enumerate(held.T):
        bursts = column[column >= 0]
        if bursts.size:
            values, counts = np.unique(bursts, return_counts=True)
            found[i] = values[counts.argmax()]
    return found


def _update(count: int, seconds: float, rate: float, weight: float) -> float:
    """Return the rate per second of so many in so long, given what was believed."""
    return (count + rate * weight) / (seconds + weight)
