"""The temperature of the skin that a file has beside its conductance, at the samples of the conductance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ressin.io.columns import other_signal, words_of
from ressin.io.table import Table
from ressin.io.units import parse_unit

Array = NDArray[np.float64]

_SKIN = {"skin", "skt", "wrist", "finger", "peripheral"}
_ELSEWHERE = {
    "ambient", "room", "air", "environment", "environmental", "core", "board", "case", "chip", "die", "device",
    "internal", "battery", "cpu", "outside", "weather", "th", "object",
}  # fmt: skip
_PLAUSIBLE = (0.0, 60.0)  # degrees Celsius between which the median of a worn sensor lies


def skin_temperature(
    table: Table, others: Sequence[Table], places: NDArray[np.int64] | None, sampling_rate: float,
    start_time: float | None, n_samples: int,
) -> tuple[Array | None, str]:  # fmt: skip
    """Find the channel of the skin's temperature and put it on the samples of the conductance.

    Parameters
    ----------
    table
        With the column of skin conductance.
    others
        Further tables of the file or of the session.
    places
        Sample of each row of `table`; None where they are the same.
    sampling_rate, start_time, n_samples
        Of the conductance.

    Returns
    -------
    temperature : ndarray or None
        (n_samples,) degrees Celsius, NaN where it is not known; None where there is none, or it cannot be told which
        channel or unit it is.
    note : str
        What was decided, ``""`` where there is none.
    """
    found = list(_candidates([table, *others]))
    if len(found) > 1:
        named = [(t, i) for t, i in found if _SKIN & words_of([t.names[i]])]
        if len(named) != 1:
            names = ", ".join(repr(t.names[i]) for t, i in found)
            return None, f"no temperature is used: {len(found)} channels could be the skin's ({names})"
        found = named
    if not found:
        return None, ""
    ((owner, index),) = found
    celsius = _in_celsius(_numbers(owner, index), owner.units[index])
    if celsius is None:
        return None, f"no temperature is used: {owner.label(index)} is not in degrees that could be the skin's"
    if owner is table:
        on_grid = _on_samples(celsius, places, n_samples)
    else:
        on_grid = _at_times(owner, celsius, sampling_rate, start_time, n_samples)
    if on_grid is None or np.isnan(on_grid).all():
        return None, f"no temperature is used: when {owner.label(index)} was measured cannot be told"
    return on_grid, f"temperature of the skin from {owner.label(index)}"


def _candidates(tables: Sequence[Table]) -> Iterator[tuple[Table, int]]:
    for table in tables:
        for index, name in enumerate(table.names):
            is_temperature = other_signal(table, index) == "temperature" and not _ELSEWHERE & words_of([name])
            if is_temperature and table.is_numeric(index):
                yield table, index


def _numbers(table: Table, index: int) -> Array:
    table.prefetch([index])
    numbers = pd.to_numeric(table.cells(index), errors="coerce")
    values: Array = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _in_celsius(values: Array, unit: str) -> Array | None:
    """Convert to degrees Celsius; None where the unit is another, or the values are no temperature of skin in it."""
    kind = parse_unit(unit)
    if unit and kind.kind != "temperature":
        return None
    lower = unit.lower()
    if "f" in lower:
        values = (values - 32.0) / 1.8
    elif "k" in lower:
        values = values - 273.15
    known = values[~np.isnan(values)]
    return values if known.size and _PLAUSIBLE[0] <= float(np.median(known)) <= _PLAUSIBLE[1] else None


def _on_samples(values: Array, places: NDArray[np.int64] | None, n_samples: int) -> Array | None:
    if places is None:
        return values if values.size == n_samples else None
    if places.size != values.size:
        return None
    grid = np.full(n_samples, np.nan)
    grid[places] = values
    return grid


def _at_times(owner: Table, values: Array, rate: float, start: float | None, n_samples: int) -> Array | None:
    """Interpolate a channel of another rate; both begin together where one of the starts is not known."""
    if owner.sampling_rate is None:
        return None
    late = owner.start_time - start if owner.start_time is not None and start is not None else 0.0
    own = late + np.arange(values.size) / owner.sampling_rate
    time = np.arange(n_samples) / rate
    known = ~np.isnan(values)
    within = (time >= own[0] - 1.0 / owner.sampling_rate) & (time <= own[-1] + 1.0 / owner.sampling_rate)
    return np.where(within, np.interp(time, own[known], values[known]), np.nan)
