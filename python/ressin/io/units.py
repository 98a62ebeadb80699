"""Units of skin conductance: recognised in any spelling, and converted to microsiemens."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ressin.io.words import UNITS

# What a unit measures, and the factor to microsiemens (conductance) or to megohm (resistance: 1 / megohm is uS).
_PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "k": 1e3, "M": 1e6, "G": 1e9, "p": 1e-12}
_WORD_PREFIXES = {"milli": "m", "micro": "u", "nano": "n", "kilo": "k", "mega": "M", "giga": "G", "pico": "p"}
_CONDUCTANCE = {"s", "siemens", "siemen", "mho", "mhos"}
_RESISTANCE = {"ohm", "ohms", "\u03c9"}
_VOLTAGE = {"v", "volt", "volts"}
_COUNTS = {"raw", "adc", "count", "counts", "nounits", "nounit", "bit", "bits",
           "lsb", "digits", "adu", "adccounts", "rawadc", "unitless", "dimensionless", "int"}  # fmt: skip
_OTHER = {  # units of other signals
    "c": "temperature", "\u00b0c": "temperature", "degc": "temperature", "celsius": "temperature",
    "\u00b0f": "temperature", "degf": "temperature", "fahrenheit": "temperature", "kelvin": "temperature",
    "bpm": "heart rate", "g": "acceleration", "m/s2": "acceleration", "m/s^2": "acceleration",
    "m/s\u00b2": "acceleration",
    "mmhg": "pressure", "deg/s": "rotation", "rad/s": "rotation", "hz": "frequency", "%": "percentage",
    "w/m2": "heat flux", "w/m^2": "heat flux", "mm": "length", "cm": "length",
}  # fmt: skip
_TIMES = {
    "sec", "secs", "second", "seconds", "msec", "msecs", "millisecond", "milliseconds", "usec", "microsecond",
    "microseconds", "nsec", "nanosecond", "nanoseconds", "min", "mins", "minute", "minutes", "h", "hr", "hrs", "hour",
    "hours", "d", "day", "days",
}  # fmt: skip
_ZSCORES = {"z", "zscore", "zscored", "zscores"}


@dataclass(frozen=True)
class Unit:
    """What a unit means.

    Attributes
    ----------
    text
        Its usual spelling: ``"uS"``, ``"kOhm"``, ``"mV"``; as stated where it is not known.
    kind
        ``"conductance"``, ``"resistance"``, ``"voltage"``, ``"counts"``, another quantity, or ``""`` where unknown.
    factor
        Conductance: microsiemens in one; resistance: megohm in one; else 1.
    """

    text: str
    kind: str
    factor: float = 1.0


def parse_unit(text: str) -> Unit:
    """Recognise a unit: siemens, mho, ohm and volt with any prefix, counts, and units of other signals."""
    squeezed = _plain(UNITS.get(text.strip(), text))
    lower = squeezed.lower()
    if lower in _COUNTS:
        return Unit("counts", "counts")
    if lower in _OTHER:
        return Unit(text.strip(), _OTHER[lower])
    if lower in _ZSCORES:
        return Unit("z", "z-scores")
    if (
        squeezed in ("s", "ms", "ns") or lower in _TIMES
    ):  # seconds; us may be either, and of a signal it is microsiemens
        return Unit(squeezed, "time")
    prefix, base = _split_prefix(squeezed)
    factor = _PREFIXES[prefix] * 1e6
    if base in _CONDUCTANCE:
        return Unit(f"{prefix}S", "conductance", factor)
    if base in _RESISTANCE:
        return Unit(f"{prefix}Ohm", "resistance", factor / 1e12)
    if base in _VOLTAGE:
        return Unit(f"{prefix}V", "voltage")
    return Unit(text.strip(), "")


def _plain(text: str) -> str:
    """One spelling of micro and ohm, without blanks, underscores, hyphens and points."""
    for letter, plain in (
        ("\u03bc", "u"),
        ("\u00b5", "u"),
        ("\u2126", "\u03c9"),
        ("\u03a9", "\u03c9"),
        ("\u00c2u", "u"),
    ):
        text = text.replace(letter, plain)  # the last: micro in UTF-8 that was read as Windows-1252
    return re.sub(r"[\s_\-.]+", "", text)


def _split_prefix(text: str) -> tuple[str, str]:
    """Split ``kOhms`` into ``k`` and ``ohms``; m is milli before siemens and volt, and M mega before ohm."""
    lower = text.lower()
    bases = _CONDUCTANCE | _RESISTANCE | _VOLTAGE
    if lower in bases:
        return "", lower
    for word, prefix in _WORD_PREFIXES.items():
        if lower.startswith(word) and lower[len(word) :] in bases:
            return prefix, lower[len(word) :]
    first, rest = text[:1], lower[1:]
    if rest not in bases:
        return "", ""
    if first in "mM" and rest in _RESISTANCE:  # no electrode has milliohms; MOHM and mohm are both written
        return "M", rest
    if first == "M" and rest in _CONDUCTANCE | _VOLTAGE:  # USIEMENS, MV: capitals throughout
        return "m", rest
    return (first, rest) if first in _PREFIXES else (first.lower(), rest) if first.lower() in _PREFIXES else ("", "")


def unit_in_name(name: str) -> str:
    """Return the unit that is written into a column's name, or "": ``EDA (uS)``, ``gsr_kohm``, ``eda_scl_usiemens``.

    The first brackets with a known unit count; a last word only where it is a conductance, a resistance, a voltage or
    counts.
    """
    brackets: list[str] = [text.strip() for text in re.findall(r"[(\[{]([^()\[\]{}]*)[)\]}]", name)]
    known = [text for text in brackets if parse_unit(text).kind]
    if known:
        return known[0]
    words = re.split(r"[\s_.\-/,]+", name.strip())
    if any(word.lower() in ("voltage", "spannung", "tension", "voltaje") for word in words):
        return "V"
    if any(word.lower() in ("adc", "counts", "lsb", "adu") for word in words[1:]):
        return "counts"
    for word in reversed(words[1:]):
        unit = parse_unit(word)
        if unit.kind in ("conductance", "resistance") or (unit.kind == "voltage" and word.lower() != "v"):
            return word if word.lower() != "s" else ""
    return ""


def to_microsiemens(values: NDArray[np.float64], unit: Unit) -> tuple[NDArray[np.float64], str]:
    """Convert conductance or resistance to microsiemens; the note says how, "" where nothing had to be done.

    A resistance of 0 or less has no conductance: the sample is missing.
    """
    if unit.kind == "conductance":
        if unit.factor == 1.0 or unit.text == "uS":
            return values, ""
        # Siemens: dividing by an exact 1e-6 would round twice; the factor is a whole number or its reciprocal is.
        scaled = values * round(unit.factor) if unit.factor > 1 else values / round(1 / unit.factor)
        return scaled, f"{unit.text} converted to uS"
    good = np.where(values > 0, values, np.nan)
    scale = 1.0 / unit.factor  # uS times the unit
    converted = round(scale) / good if scale >= 1 else scale / good
    bad = int(np.count_nonzero(values <= 0))
    odd = f"; {bad} value(s) of 0 or less are missing" if bad else ""
    return converted, f"resistance in {unit.text} converted to uS: {scale:g} / value{odd}"
