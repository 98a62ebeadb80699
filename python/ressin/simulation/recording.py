"""Simulated recordings that know nothing of the model, to try a decomposition on what it was not made for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import lfilter

from ressin.errors import InvalidInputError
from ressin.simulation.artefacts import Artefacts, draw_artefacts
from ressin.simulation.kinds import ARTEFACTS, KINDS, Kind
from ressin.simulation.responses import Responses, draw_responses

Array = NDArray[np.float64]

_WITHIN = 0.7  # standard deviation of the logarithm of the amplitudes of one person
_BETWEEN = 0.35  # and of what differs between people: their typical amplitude, rise and recovery
_LEVELS = 0.6  # and of their levels
_LARGEST = 0.5  # largest amplitude as a share of the level
_PACES = (10.0, 40.0, 400.0)  # s: time constants of the level's wandering, from what it smooths to what bounds it


@dataclass(frozen=True, eq=False)
class SimulatedRecording:
    """A simulated recording and the truth behind it. Its arrays are read-only; per sample they are (n_samples,).

    signal = phasic + tonic + shifts + artefacts + noise, at every sample.

    Attributes
    ----------
    signal
        What the device writes, in microsiemens.
    phasic
        Sum of the responses behind the device's filter, in microsiemens; exactly zero where there is none.
    tonic
        Level of the skin, in microsiemens, > 0.
    shifts
        Lasting steps of the level that the electrodes make, in microsiemens.
    artefacts
        Spikes, drops, what lost contact takes away and what saturation cuts off, in microsiemens.
    noise
        Noise of device and skin, respiration, rounding to quanta and repeated or interpolated samples, in microsiemens.
    masks
        Where there are artefacts: bool arrays (n_samples,) under the names ``spike``, ``drop``, ``step`` (while it
        happens), ``contact`` and ``saturation`` (the amplifier's range is left at either end).
    onsets, peaks
        Times of each response in seconds after the first sample, ascending by onset, (n_responses,): where it has come
        to 5 % of its amplitude, and where it is highest, both behind the device's filter and on its own. Responses from
        a minute before the recording on are listed, since their tails reach into it: their onsets are negative.
    amplitudes
        Height of each response on its own behind the device's filter, in microsiemens, (n_responses,).
    sampling_rate
        Samples per second (Hz).
    kind
        Name of the kind, as given.
    """

    signal: Array
    phasic: Array
    tonic: Array
    shifts: Array
    artefacts: Array
    noise: Array
    masks: Mapping[str, NDArray[np.bool_]]
    onsets: Array
    peaks: Array
    amplitudes: Array
    sampling_rate: float
    kind: str

    def __post_init__(self) -> None:
        arrays = (self.signal, self.phasic, self.tonic, self.shifts, self.artefacts, self.noise)
        for array in (*arrays, self.onsets, self.peaks, self.amplitudes, *self.masks.values()):
            array.setflags(write=False)

    @property
    def time(self) -> Array:
        """Time of each sample in seconds, (n_samples,)."""
        return np.arange(self.signal.size) / self.sampling_rate

    @property
    def duration(self) -> float:
        """Seconds from the first sample to one interval after the last."""
        return self.signal.size / self.sampling_rate


def simulate_recording(
    kind: str = "wristband",
    duration: float = 240.0,
    *,
    rng: np.random.Generator,
    sampling_rate: float | None = None,
    responses_per_minute: float | None = None,
    artefacts: bool = True,
) -> SimulatedRecording:
    """Simulate a recording of one kind of person, device and artefact, with the truth at every sample.

    Nothing in it is of the model's making: responses have other shapes than a Bateman function's, each person and each
    response its own rise and recovery, the level walks at random, and noise and artefacts are those of real devices.
    `simulate_eda` makes recordings of exactly the model's form.

    Parameters
    ----------
    kind
        One of ``ressin.simulation.kinds.KINDS``, which describes them: ``wristband``, ``wristband_rest``, ``_dense``,
        ``_donned``, ``_dry``, ``_moving``, ``_loose``, ``_lost``, ``_red``, ``ambulatory``, ``upsampled``, ``held``,
        ``laboratory``, ``laboratory_rest``, ``_dense``, ``_steps``, ``_saturated``, ``_breathing``, ``_wave``,
        ``_100``, ``_1000`` and ``coarse``.
    duration
        Length in seconds, > 0; round(duration * sampling_rate) samples are made, at least two.
    rng
        Source of chance; the same state gives the same recording.
    sampling_rate
        Samples per second (Hz), > 0; None for the kind's own. The device is the same otherwise.
    responses_per_minute
        Mean number of responses a minute, from 0 to 60; None draws it from the kind's range.
    artefacts
        False leaves the artefacts out and nothing else: skin, noise and device stay what they were.

    Returns
    -------
    SimulatedRecording
        The signal, its parts, and its responses.

    Raises
    ------
    InvalidInputError
        An unknown kind, or a number out of its range.

    Notes
    -----
    - Responses: a sigmoid rise with exponential decay [1]_, a log-normal or a gamma curve, a family a person, with rise
      times (5 % to peak) of 0.5 to 4 s and half recovery times of 1 to 10 s around the person's own (medians 1.6 and
      3 s; 1-3 and 2-10 s are typical [2]_); log-normal amplitudes, at most half of the level; inverse Gaussian
      intervals [3]_ whose mean changes from minute to minute.
    - Level: log-normal over people (medians 6 uS at the finger, 0.5 uS at a dry wrist [2]_ [4]_; responses grow with
      its square root) times the exponential of autoregressive wandering (time constants 10, 40 and 400 s, some 15 % in
      all: slow by definition, with next to nothing above 0.05 Hz [8]_), a slow wave and the change after donning. In
      real recordings of a wrist the minima of neighbouring windows of 10, 20 and 30 s differ by 2.7, 4.4 and 6.3 %
      (medians over 35 people [7]_).
    - Noise: white, 1/f from 0.05 Hz up, and first-order red noise; respiration of 0.2 to 0.3 Hz; rounding to quanta
      (900 pS for the wristband).
    - Artefacts: Poisson processes of spikes, drops that recover in seconds, lasting steps, contact lost for seconds or
      for half a minute and more, and amplifiers whose range ends too low, after the kinds that people mark in real
      recordings [5]_ [6]_.

    References
    ----------
    .. [1] C. L. Lim et al., "Decomposing skin conductance into tonic and phasic components", Int. J. Psychophysiol. 25
       (1997) 97-109.
    .. [2] M. E. Dawson, A. M. Schell, D. L. Filion, "The electrodermal system", Handbook of Psychophysiology, 3rd ed.,
       2007; W. Boucsein, Electrodermal Activity, 2nd ed., 2012.
    .. [3] S. Subramanian, R. Barbieri, E. N. Brown, "Point process temporal structure characterizes electrodermal
       activity", PNAS 117 (2020) 26422-26428.
    .. [4] H. G. van Lier et al., "A standardized validity assessment protocol for physiological signals from wearable
       technology", Behav. Res. Methods 52 (2020) 607-629.
    .. [5] S. Taylor et al., "Automatic identification of artifacts in electrodermal activity data", EMBC 2015.
    .. [6] I. R. Kleckner et al., "Simple, transparent, and flexible automated quality assessment procedures for
       ambulatory electrodermal activity data", IEEE Trans. Biomed. Eng. 65 (2018) 1460-1467.
    .. [7] T. Iqbal et al., "Stress monitoring using wearable sensors: a pilot study and Stress-Predict dataset",
       Sensors 22 (2022) 8135.
    .. [8] H. F. Posada-Quintero et al., "Power spectral density analysis of electrodermal activity for sympathetic
       function assessment", Ann. Biomed. Eng. 44 (2016) 3124-3135.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> made = ressin.simulate_recording("wristband_moving", 120, rng=np.random.default_rng(0))
    >>> made.signal.shape, made.sampling_rate, sorted(made.masks)
    ((480,), 4.0, ['contact', 'drop', 'saturation', 'spike', 'step'])
    """
    settings = _settings(kind, duration, sampling_rate, responses_per_minute)
    if not artefacts:
        settings = replace(settings, spikes=0.0, drops=0.0, steps=0.0, contacts=0.0, losses=0.0)
    skin_rng, noise_rng, artefact_rng, device_rng = (np.random.default_rng(rng.integers(2**63)) for _ in range(4))
    times = np.arange(max(2, round(duration * settings.sampling_rate))) / settings.sampling_rate
    level = _draw_level(skin_rng, settings, duration)
    responses = _draw_responses(skin_rng, settings, times, level)
    native = _native_times(settings, times)
    phasic = np.interp(native, times, responses.phasic) if native is not times else responses.phasic
    skin = phasic + level(native)
    noise = _noise(noise_rng, settings, native, level)
    errors = draw_artefacts(artefact_rng, settings, native, skin)
    return _recorded(kind, settings, times, native, responses, level, skin + noise, errors, device_rng, artefacts)


def _settings(kind: str, duration: float, sampling_rate: float | None, responses_per_minute: float | None) -> Kind:
    """Look the kind up and check what was given."""
    if kind not in KINDS:
        raise InvalidInputError(f"kind is {kind!r}; simulated are {', '.join(KINDS)}")
    settings = KINDS[kind]
    if not (math.isfinite(duration) and duration > 0):
        raise InvalidInputError(f"duration is {duration!r}; it must be a positive number of seconds")
    if sampling_rate is not None:
        if not (math.isfinite(sampling_rate) and sampling_rate > 0):
            raise InvalidInputError(f"sampling_rate is {sampling_rate!r}; it must be a positive number of Hz")
        settings = replace(settings, sampling_rate=float(sampling_rate))
    if responses_per_minute is not None:
        if not 0 <= responses_per_minute <= 60:
            raise InvalidInputError(f"responses_per_minute is {responses_per_minute!r}; it must be from 0 to 60")
        settings = replace(settings, responses=(float(responses_per_minute),) * 2)
    return settings


def _draw_level(rng: np.random.Generator, kind: Kind, duration: float) -> Callable[[Array], Array]:
    """Draw the tonic level as a function of the seconds."""
    typical = kind.level * math.exp(_LEVELS * rng.standard_normal())
    strength = kind.wander * math.exp(_BETWEEN * rng.standard_normal())
    wandering = _wandering(rng, duration)
    wave, period, phase = rng.uniform(*kind.wave), rng.uniform(*kind.wave_period), rng.uniform(0.0, 2.0 * np.pi)
    donning, settling = rng.uniform(*kind.donning), math.exp(rng.uniform(math.log(30.0), math.log(300.0)))

    def level(t: Array) -> Array:
        swing = 1.0 + wave * np.sin(2.0 * np.pi * t / period + phase)
        return np.asarray(typical * np.exp(strength * wandering(t)) * swing * (1.0 + donning * np.exp(-t / settling)))

    return level


def _wandering(rng: np.random.Generator, duration: float) -> CubicSpline:
    """Draw third-order autoregressive wandering of variance 1 over a long time, as a function of the seconds."""
    before = 4 * round(max(_PACES))
    poles = [math.exp(-1.0 / pace) for pace in _PACES]
    drawn = rng.standard_normal(before + math.ceil(duration) + 5)
    impulse = np.zeros(2 * before)
    impulse[0] = 1.0
    deviation = float(np.linalg.norm(lfilter([1.0], np.poly(poles), impulse)))
    walk = lfilter([1.0 / deviation], np.poly(poles), drawn)[before:]
    return CubicSpline(np.arange(walk.size) - 1.0, walk)


def _draw_responses(rng: np.random.Generator, kind: Kind, times: Array, level: Callable[[Array], Array]) -> Responses:
    return draw_responses(
        rng,
        times,
        level,
        a_minute=rng.uniform(*kind.responses),
        amplitude=kind.amplitude * math.sqrt(float(level(times[:1])[0]) / kind.level),
        spreads=(_WITHIN, _BETWEEN),
        largest_share=_LARGEST,
        cutoff=kind.cutoff,
    )


def _native_times(kind: Kind, times: Array) -> Array:
    """Return the moments at which the device samples, in seconds: those of the file, or fewer."""
    if kind.native_rate is None or kind.native_rate >= kind.sampling_rate:
        return times
    return np.arange(max(2, math.ceil(times[-1] * kind.native_rate) + 1)) / kind.native_rate


def _noise(rng: np.random.Generator, kind: Kind, times: Array, level: Callable[[Array], Array]) -> Array:
    """Draw the noise and the respiration at the device's own samples."""
    rate = 1.0 / float(times[1])
    strength = math.exp(_BETWEEN * rng.standard_normal())
    minutes = np.arange(math.ceil(times[-1] / 60.0) + 2) * 60.0
    swell = np.exp(np.interp(times, minutes, kind.noise_walk * rng.standard_normal(minutes.size)))
    noise = kind.white * rng.standard_normal(times.size)
    noise += kind.pink * _pink(rng, times.size, rate)
    noise += kind.red * _red(rng, times.size, rate, kind.red_time)
    return np.asarray(strength * swell * noise + rng.uniform(*kind.breathing) * level(times) * _breaths(rng, times))


def _pink(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Draw noise of variance 1 whose power falls as 1/f from 0.05 Hz to half the rate."""
    m = n + math.ceil(60.0 * rate)
    frequency = np.fft.rfftfreq(m, 1.0 / rate)
    shape = np.where(frequency >= 0.05, 1.0 / np.sqrt(np.maximum(frequency, 0.05)), 0.0)
    shape *= math.sqrt(m / (2.0 * max(float(np.sum(shape**2)), 1e-300)))
    return np.fft.irfft(shape * np.fft.rfft(rng.standard_normal(m)), m)[:n]


def _red(rng: np.random.Generator, n: int, rate: float, memory: float) -> Array:
    """Draw first-order autoregressive noise of variance 1 whose correlation falls to 1/e in `memory` seconds."""
    keep = math.exp(-1.0 / (memory * rate))
    drawn = rng.standard_normal(n)
    drawn[1:] *= math.sqrt(1.0 - keep**2)
    return np.asarray(lfilter([1.0], [1.0, -keep], drawn))


def _breaths(rng: np.random.Generator, times: Array) -> Array:
    """Return breaths of amplitude 1 at 0.2 to 0.3 Hz whose pace changes every few seconds."""
    seconds = np.arange(0.0, times[-1] + 10.0, 5.0)
    pace = rng.uniform(0.2, 0.3) * np.exp(0.1 * rng.standard_normal(seconds.size))
    turns = np.interp(times, seconds, np.concatenate([[0.0], np.cumsum(5.0 * pace)[:-1]]))
    return np.asarray(np.sin(2.0 * np.pi * (turns + rng.random())))


def _recorded(
    name: str,
    kind: Kind,
    times: Array,
    native: Array,
    responses: Responses,
    level: Callable[[Array], Array],
    sensed: Array,
    errors: Artefacts,
    rng: np.random.Generator,
    saturates: bool,
) -> SimulatedRecording:
    """Pass what the electrodes see through range, rounding and resampling, and keep the books of it."""
    seen = sensed + errors.shifts + errors.added
    share = rng.uniform(*kind.ceiling_share)
    ceiling = float(np.quantile(seen, share)) if saturates and share < 1.0 else math.inf
    inside = np.clip(seen, 0.0, ceiling)
    errors.masks["saturation"] |= inside != seen
    written = kind.quantum * np.round(inside / kind.quantum) if kind.quantum > 0 else inside
    out = _resampler(kind, native, times)
    signal, shifts, added = out(written), out(errors.shifts), out(errors.added + inside - seen)
    tonic = level(times)
    nearest = np.clip(np.searchsorted(native, times + 1e-9, side="right") - 1, 0, native.size - 1)
    return SimulatedRecording(
        signal=signal,
        phasic=responses.phasic,
        tonic=tonic,
        shifts=shifts,
        artefacts=added,
        noise=signal - responses.phasic - tonic - shifts - added,
        masks=MappingProxyType({key: errors.masks[key][nearest] for key in ARTEFACTS}),
        onsets=responses.onsets,
        peaks=responses.peaks,
        amplitudes=responses.amplitudes,
        sampling_rate=kind.sampling_rate,
        kind=name,
    )


def _resampler(kind: Kind, native: Array, times: Array) -> Callable[[Array], Array]:
    """Return what writes the device's samples at the file's rate: as they are, repeated, or on lines in between."""
    if native is times:
        return np.array
    if kind.held:
        last = np.searchsorted(native, times + 1e-9, side="right") - 1
        return lambda values: np.asarray(values[last])
    return lambda values: np.interp(times, native, values)
