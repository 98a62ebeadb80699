"""A column of numbers as skin conductance: missing samples marked, the unit converted, odd values said."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.columns import other_signal, words_of
from ressin.io.table import Table
from ressin.io.units import Unit, parse_unit, to_microsiemens

_LOWEST, _HIGHEST = 0.01, 100.0  # uS: what skin and electrodes give
# Written for a missing sample where all others are positive.
_SENTINELS = (-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0, -32768.0, -2147483648.0, 9999999.0, 1e37, -1e37)
_FAR = (999.0, 9999.0, 99999.0, 999999.0)  # the same, where all others are at most a fifth of it


@dataclass
class Conductance:
    """Samples, their unit, and what was decided.

    Attributes
    ----------
    signal
        In `unit`, NaN where missing.
    unit
        ``"uS"``; another that was asked for; "" where it is unknown.
    notes, warnings
        What was decided, and what a person should look at.
    """

    signal: NDArray[np.float64]
    unit: str
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def as_conductance(table: Table, index: int, unit: str | None, chosen: bool) -> Conductance:
    """Return a column in microsiemens, or in an unknown unit.

    Parameters
    ----------
    table, index
        The column.
    unit
        Unit that the caller gives, which wins over the file's; None for that.
    chosen
        Whether the caller named the column.

    Raises
    ------
    RecordingError
        If a cell is not a number, all are missing, or the unit is none of skin conductance (volts, counts, degrees).
    """
    where = f"{table.path}, {table.label(index)}"
    values = table.numbers(index)
    values, notes = _without_sentinels(values)
    if not (values == values).any():
        raise RecordingError(f"{where}: all {values.size} samples are missing; name another column")
    stated = table.units[index]
    if unit is not None:
        given = parse_unit(unit)
        notes.append(
            f"unit {given.text} given" + (f" (the file says {stated})" if stated not in ("", given.text) else "")
        )
        return _converted(values, given, notes)
    parsed = parse_unit(stated)
    if parsed.kind in ("conductance", "resistance"):
        found = _converted(values, parsed, notes)
        _warn_of_range(found)
        return found
    _refuse_other_units(table, index, parsed, chosen, where)
    if parsed.kind == "z-scores" or stated:
        return Conductance(values, parsed.text, notes, [f"the unit is {parsed.text}: thresholds in uS do not apply"])
    notes.append("unit unknown")
    return Conductance(values, "", notes, _unknown_warnings(values))


def _converted(values: NDArray[np.float64], unit: Unit, notes: list[str]) -> Conductance:
    if unit.kind not in ("conductance", "resistance"):
        return Conductance(values, unit.text, notes, [f"the unit is {unit.text}: thresholds in uS do not apply"])
    signal, note = to_microsiemens(values, unit)
    return Conductance(signal, "uS", [*notes, note] if note else notes)


def _refuse_other_units(table: Table, index: int, unit: Unit, chosen: bool, where: str) -> None:
    words = words_of([table.names[index]]) if table.named else set()
    if unit.kind == "voltage":
        raise RecordingError(
            f"{where}: is in {unit.text}, not in microsiemens; convert it by the transfer function of your device, or "
            f"--unit {unit.text} to decompose volts, --unit uS if the numbers are microsiemens all the same"
        )
    if unit.kind == "counts":
        raise RecordingError(
            f"{where}: holds counts of a converter, not microsiemens; convert them by the transfer function of your "
            "device, or --unit counts to decompose them as they are"
        )
    if not unit.kind and ({"resistance", "widerstand"} & words):
        raise RecordingError(f"{where}: is a resistance without a unit; give it: --unit kOhm, or --unit Ohm")
    other = other_signal(table, index)
    if other and not chosen:
        raise RecordingError(f"{where}: is {other}, not skin conductance; --column names another column")


def _present(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the samples that are not missing; no copy where none is."""
    missing = np.isnan(values)
    return values[~missing] if missing.any() else values


def _without_sentinels(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[str]]:
    """Mark numbers that stand for a missing sample: those of the usual ones that lie apart from all other samples."""
    present = _present(values)
    if not present.size or (present.min() >= 0 and present.max() < min(_FAR)):
        return values, []
    apart = [s for s in _SENTINELS if (present == s).any()]
    apart += [
        s for s in _FAR if (present == s).any() and present[~np.isin(present, (*apart, *_FAR))].max(initial=0) <= s / 5
    ]
    if not apart:
        return values, []
    rest = present[~np.isin(present, apart)]
    if not rest.size or rest.min() < 0 or rest.max() > 1e6:
        return values, []
    found = np.isin(values, apart)
    shown = ", ".join(f"{s:g}" for s in apart)
    return np.where(found, np.nan, values), [f"{int(found.sum())} value(s) of {shown} stand for missing samples"]


def _warn_of_range(found: Conductance) -> None:
    present = _present(found.signal)
    if present.size and present.min() == present.max():
        found.warnings.append(f"the signal does not change: every value is {present[0]:g}")
    odd = int(np.count_nonzero((present < _LOWEST) | (present > _HIGHEST)))
    if odd:
        found.warnings.append(
            f"{odd} of {present.size} values are outside {_LOWEST:g} to {_HIGHEST:g} uS "
            f"(all: {present.min():.4g} to {present.max():.4g}): is the unit right?"
        )


def _unknown_warnings(values: NDArray[np.float64]) -> list[str]:
    present = _present(values)
    low, high = float(present.min()), float(present.max())
    if low == high:
        return [f"the signal does not change: every value is {low:g}"]
    if low >= _LOWEST and high <= _HIGHEST:
        return []
    said = f"values from {low:.4g} to {high:.4g} are no skin conductance in uS"
    if (present == np.rint(present)).all() and high > _HIGHEST:
        return [f"{said}: whole numbers look like counts of a converter, or Ohm; if you know the unit: --unit"]
    return [f"{said}; if you know the unit: --unit"]
