"""What of a recording can be trusted: a mask with a reason for each sample that cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ressin.decomposition.faults import off_skin, piled_up, stepped
from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd

    from ressin.decomposition.result import Decomposition

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SLOPE_SECONDS = 0.25  # over which a slope is taken, so that quanta and noise of one sample make none
_STOP_SECONDS = 0.5  # before a run at an end of the range in which the signal must have moved to be cut off there
_STOP_SHARE = 0.05  # by this share of its range
_CONDUCTANCE = -0.05  # a signal with values below is no conductance in microsiemens, and has no range in it

REASONS = {
    "missing": "no value, or no weight",
    "range": "outside of the range that skin conductance has",
    "slope": "changes faster than skin conductance does",
    "temperature": "the skin is colder or warmer than a worn sensor measures",
    "flat": "not one change for a long time: no contact, or a device that repeats its last value",
    "clipped": "stops at an end of the recording's range and stays there: the amplifier is saturated",
    "step": "steps to another level, faster than a response rises: loose contact, or a change of the device's range",
    "off": "far below the recording's own level: the sensor is off the skin",
    "outlier": "an outlier, or lost contact, larger than the smallest response that the robust programme believes",
    "shift": "the robust programme's level steps here by more than the smallest response it believes",
    "near": "within seconds of such a sample",
}


@dataclass(frozen=True)
class ValidityRules:
    """Which samples are not valid. A rule that is None is not applied.

    Attributes
    ----------
    low, high
        Range of skin conductance in microsiemens (0.05 to 60: Kleckner et al. 2018, rule 1). Not applied to a signal
        with values below -0.05, which is in another unit.
    max_slope
        Largest change in microsiemens per second over a quarter of a second (10: Kleckner et al. 2018, rule 2).
    temperature
        Lowest and highest temperature of the skin in degrees Celsius (30 to 40: Kleckner et al. 2018, rule 3), where
        the temperature is given.
    near
        Seconds around a sample that is not valid by a rule of range, slope or temperature (5: Kleckner et al. 2018,
        rule 4).
    flat
        Least length in seconds of a stretch with one value that is not valid.
    clipped
        Least length in seconds of a stretch at the largest or the smallest value that is not valid, where the signal
        came to it at speed and stopped, or is there more often than a signal that turns by itself
        (`ressin.decomposition.faults.piled_up`).
    steps
        Whether steps of the level are not valid (`ressin.decomposition.faults.stepped`).
    off_skin
        Whether stretches far below the recording's own level are not valid (`ressin.decomposition.faults.off_skin`);
        not applied to a signal with values below -0.05.

    Notes
    -----
    Kleckner's rules are made for wristbands and discard conservatively; Boettcher et al. 2022 show that motion and low
    amplitudes need more than these: what the robust programme takes off is that part here.

    References
    ----------
    Kleckner et al., "Simple, transparent, and flexible automated quality assessment procedures for ambulatory
    electrodermal activity data", IEEE TBME 2018, doi:10.1109/TBME.2017.2758643. Boettcher et al., "Data quality
    evaluation in wearable monitoring", Scientific Reports 2022, doi:10.1038/s41598-022-25949-x.
    """

    low: float | None = 0.05
    high: float | None = 60.0
    max_slope: float | None = 10.0
    temperature: tuple[float, float] | None = (30.0, 40.0)
    near: float | None = 5.0
    flat: float | None = 30.0
    clipped: float | None = 2.0
    steps: bool = True
    off_skin: bool = True

    def __post_init__(self) -> None:
        for name in ("max_slope", "near", "flat", "clipped"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < np.inf:
                raise InvalidInputError(f"{name} is {value!r}; it must be a positive number or None")
        for name, ends in (("low and high", (self.low, self.high)), ("temperature", self.temperature or (None, None))):
            if None not in ends and not ends[0] < ends[1]:  # type: ignore[operator]
                raise InvalidInputError(f"{name} are {ends}; the first must be smaller")


@dataclass(frozen=True, eq=False)
class Validity:
    """Which samples of a recording can be trusted, and why the others cannot.

    Attributes
    ----------
    valid
        (n,) bool, read-only: no reason holds.
    reasons
        For each name in ``ressin.decomposition.validity.REASONS`` that holds anywhere, (n,) bool.
    """

    valid: Mask
    reasons: Mapping[str, Mask]

    @property
    def share(self) -> float:
        """Share of valid samples, 0 to 1."""
        return float(self.valid.mean())

    @property
    def shares(self) -> dict[str, float]:
        """Share of samples, 0 to 1, for which each reason holds; several may hold for one."""
        return {name: float(mask.mean()) for name, mask in self.reasons.items()}

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a sample: ``EDA_Valid`` (bool) and ``EDA_Invalid_Reason`` (the first, or "")."""
        import pandas as pd

        first = np.full(self.valid.size, "", dtype=object)
        for name in reversed(list(self.reasons)):
            first[self.reasons[name]] = name
        return pd.DataFrame({"EDA_Valid": self.valid, "EDA_Invalid_Reason": first})

    def __str__(self) -> str:
        said = ", ".join(f"{name} {share:.1%}" for name, share in self.shares.items())
        return f"{self.share:.1%} valid" + (f" ({said})" if said else "")


# What is said of a reason that holds in a larger share of the recording than this; the rest is said by other measures.
_WORTH_A_WORD = 0.02
_CLIPPED_WORTH = 0.005
_LEAST_VALID = 0.9  # share of the recording below which something is said in any case
_SENTENCES = {
    "range": "The signal leaves the range of skin conductance (0.05 to 60 uS) in {share:.0%} of the recording: the "
    "sensor is off the skin.",
    "off": "The signal falls to a small part of its own level in {share:.0%} of the recording: the sensor is off the "
    "skin.",
    "flat": "The signal does not change at all for half a minute and more, in {share:.0%} of the recording: no "
    "contact, or a device that repeats its last value.",
    "temperature": "The skin is colder than 30 or warmer than 40 \u00b0C in {share:.0%} of the recording: the sensor "
    "may not be worn.",
    "clipped": "The signal is cut off at an end of its range in {share:.1%} of the recording: the amplifier is "
    "saturated.",
}


def sentences(validity: Validity) -> list[str]:
    """Return a sentence for each reason that is worth one, and one where little is valid for whatever reason."""
    shares = validity.shares
    if shares.get("range", 0.0) > 0.5:
        unit = f"{shares.pop('range'):.0%} of the signal lie outside of the range of skin conductance (0.05 to 60 uS): "
        found = [f"{unit}it is in another unit, or the sensor is off the skin."]
    else:
        found = []
    if shares.get("range", 0.0) > _WORTH_A_WORD:
        shares.pop("off", None)  # the same stretches, said once
    found += [
        text.format(share=shares[name])
        for name, text in _SENTENCES.items()
        if shares.get(name, 0.0) > (_CLIPPED_WORTH if name == "clipped" else _WORTH_A_WORD)
    ]
    if "step" in shares:
        edges = np.diff(np.concatenate([[0], validity.reasons["step"].astype(np.int8)]))
        number = np.count_nonzero(edges > 0)
        found.append(f"The level steps abruptly, {'once' if number == 1 else f'{number} times'}: loose contact.")
    if not found and validity.share < _LEAST_VALID:
        most = max(shares, key=lambda name: shares[name])
        found.append(f"Only {validity.share:.0%} of the recording are valid, most often because of: {REASONS[most]}.")
    return found


def assess_validity(
    decomposition: Decomposition, rules: ValidityRules | None = None, *, temperature: ArrayLike | None = None
) -> Validity:
    """Find what of a recording can be trusted.

    Parameters
    ----------
    decomposition
        The recording, decomposed; a cvxEDA result knows of no outliers and shifts.
    rules
        Which samples are not valid; None for the defaults of `ValidityRules`.
    temperature
        (n,) temperature of the skin in degrees Celsius, at the recording's samples, NaN where it is not known; None for
        the decomposition's own, if it has one.

    Returns
    -------
    Validity
        The mask, and the reasons.

    Raises
    ------
    InvalidInputError
        A temperature of another length.
    """
    rules = ValidityRules() if rules is None else rules
    temperature = decomposition.temperature if temperature is None else temperature
    signal, rate = decomposition.signal, decomposition.sampling_rate
    missing = np.isnan(signal)
    if decomposition.weights is not None:
        missing = missing | (decomposition.weights == 0)
    found = {
        "missing": missing,
        "range": _out_of_range(signal, rules),
        "slope": _too_steep(signal, rate, rules.max_slope),
        "temperature": _wrong_temperature(signal, temperature, rules.temperature),
        "flat": _flat(signal, rate, rules.flat),
        "clipped": _clipped(signal, rate, rules.clipped),
        "step": stepped(signal, rate) if rules.steps else np.zeros_like(missing),
        "off": _off(signal, rate, rules.off_skin),
        **_rejected(decomposition),
    }
    if rules.near is not None:
        core = found["range"] | found["slope"] | found["temperature"]
        found["near"] = _widened(core, round(rules.near * rate)) & ~core
    reasons = {name: _frozen(mask) for name, mask in found.items() if mask.any()}
    bad = np.zeros(signal.size, dtype=bool)
    for mask in reasons.values():
        bad |= mask
    return Validity(_frozen(~bad), reasons)


def _frozen(mask: Mask) -> Mask:
    mask = np.ascontiguousarray(mask)
    mask.setflags(write=False)
    return mask


def _out_of_range(signal: Array, rules: ValidityRules) -> Mask:
    outside = np.zeros(signal.size, dtype=bool)
    with np.errstate(invalid="ignore"):
        if (signal < _CONDUCTANCE).any():
            return outside
        if rules.low is not None:
            outside |= signal < rules.low
        if rules.high is not None:
            outside |= signal > rules.high
    return outside


def _off(signal: Array, rate: float, asked: bool) -> Mask:
    with np.errstate(invalid="ignore"):
        if not asked or (signal < _CONDUCTANCE).any():
            return np.zeros(signal.size, dtype=bool)
    return off_skin(signal, rate)


def _too_steep(signal: Array, rate: float, most: float | None) -> Mask:
    steep = np.zeros(signal.size, dtype=bool)
    step = max(1, round(_SLOPE_SECONDS * rate))
    if most is None or signal.size <= step:
        return steep
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero(np.abs(signal[step:] - signal[:-step]) * rate / step > most)
    for k in range(step + 1):
        steep[at + k] = True
    return steep


def _wrong_temperature(signal: Array, temperature: ArrayLike | None, ends: tuple[float, float] | None) -> Mask:
    if temperature is None or ends is None:
        return np.zeros(signal.size, dtype=bool)
    degrees = np.asarray(temperature, dtype=np.float64)
    if degrees.shape != signal.shape:
        raise InvalidInputError(f"temperature has the shape {degrees.shape}; the recording has {signal.shape}")
    with np.errstate(invalid="ignore"):
        return (degrees < ends[0]) | (degrees > ends[1])


def _runs(signal: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first sample and the length of each stretch of one value; a missing sample is a stretch of its own."""
    first = np.flatnonzero(np.concatenate([[True], signal[1:] != signal[:-1]]))
    return first, np.diff(np.append(first, signal.size))


def _between(start: NDArray[np.intp], stop: NDArray[np.intp], n: int) -> Mask:
    """Return the samples of n that lie in any of the stretches [start, stop)."""
    edges = np.zeros(n + 1, dtype=np.int64)
    np.add.at(edges, np.maximum(start, 0), 1)
    np.add.at(edges, np.minimum(stop, n), -1)
    return np.cumsum(edges)[:n] > 0


def _flat(signal: Array, rate: float, seconds: float | None) -> Mask:
    if seconds is None:
        return np.zeros(signal.size, dtype=bool)
    first, length = _runs(signal)
    chosen = length >= max(2, seconds * rate)
    return _between(first[chosen], (first + length)[chosen], signal.size)


def _clipped(signal: Array, rate: float, seconds: float | None) -> Mask:
    if seconds is None or np.isnan(signal).all():
        return np.zeros(signal.size, dtype=bool)
    lowest, highest = float(np.nanmin(signal)), float(np.nanmax(signal))
    first, length = _runs(signal)
    back = max(1, round(_STOP_SECONDS * rate))
    before = signal[np.maximum(first - back, 0)]
    after = signal[np.minimum(first + length - 1 + back, signal.size - 1)]
    with np.errstate(invalid="ignore"):
        moved = np.fmax(np.abs(signal[first] - before), np.abs(signal[first] - after))
        at_end = (signal[first] == lowest) | (signal[first] == highest)
        chosen = at_end & (length >= max(2, seconds * rate)) & (moved > _STOP_SHARE * (highest - lowest))
    return _between(first[chosen], (first + length)[chosen], signal.size) | piled_up(signal, rate, seconds)


def _rejected(decomposition: Decomposition) -> dict[str, Mask]:
    """Return where the robust programme took something off that is larger than the smallest response it believes."""
    if decomposition.robust is None:
        return {}
    least = decomposition.robust.smallest_response
    step = max(1, round(decomposition.sampling_rate))
    shifts = decomposition.shifts - decomposition.contact
    jump = np.zeros(shifts.size, dtype=bool)
    if shifts.size > step:
        at = np.flatnonzero(~(np.abs(shifts[step:] - shifts[:-step]) <= least))
        for k in (0, step):
            jump[at + k] = True
        jump = _closed(jump, step)
    return {"outlier": ~(np.abs(decomposition.outliers + decomposition.contact) <= least), "shift": jump}


def _closed(mask: Mask, reach: int) -> Mask:
    """Fill the holes of up to `reach` samples."""
    at = np.flatnonzero(mask)
    close = np.diff(at) <= reach
    return mask | _between(at[:-1][close], at[1:][close], mask.size)


def _widened(mask: Mask, reach: int) -> Mask:
    """Return the samples at most `reach` from one of the mask."""
    at = np.flatnonzero(mask)
    return _between(at - reach, at + reach + 1, mask.size)
