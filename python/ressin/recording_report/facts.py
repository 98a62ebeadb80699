"""What a page says in numbers: figures of quality, settings, evidence, versions."""

from __future__ import annotations

import math
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from ressin._core import __version__
from ressin.decomposition.validity import REASONS

if TYPE_CHECKING:
    from ressin.recording_report.reported import Reported

Rows = list[tuple[str, str]]

CONDITIONS = ("condition", "events", "responses", "of the usable", "mean magnitude", "mean latency (s)", "not usable")


def length_text(seconds: float) -> str:
    """Write a length as h:mm:ss, or in seconds below a minute."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d} min"


def number_text(value: float, unit: str = "") -> str:
    """Write a number with three digits, and a dash where there is none."""
    if not math.isfinite(value):
        return "\u2013"
    return f"{value:.3g} {unit}".rstrip()


def percent_text(share: float) -> str:
    """Write a share, 0 to 1, in percent with two digits."""
    return f"{100.0 * share:.2g}%" if share < 0.1 else f"{share:.1%}"


def figures(reported: Reported) -> Rows:
    """Return the numbers at the top: the value, and what it is."""
    unit, scrs = reported.shown_unit, reported.scrs
    mean = float(scrs["SCR_Amplitude"].mean()) if len(scrs) else math.nan
    return [
        (length_text(reported.seconds), "length"),
        (f"{reported.result.validity.share:.1%}", "valid"),
        (number_text(tonic_level(reported), unit), "median tonic level"),
        (str(len(scrs)), "responses (SCRs)"),
        (number_text(reported.scrs_per_minute), "SCRs per valid minute"),
        (number_text(mean, unit), "mean amplitude"),
    ]


def tonic_level(reported: Reported) -> float:
    """Return the median of the tonic part over valid samples; NaN where there are none."""
    valid = reported.result.validity.valid
    return float(np.median(reported.result.tonic[valid])) if valid.any() else math.nan


def reasons(reported: Reported) -> list[tuple[str, str, str]]:
    """Return the share, the name and the meaning of each reason for which samples are not valid; the largest first."""
    shares = sorted(reported.result.validity.shares.items(), key=lambda pair: -pair[1])
    return [(percent_text(share), name, REASONS[name]) for name, share in shares]


def conditions(reported: Reported) -> list[tuple[str, ...]]:
    """Return a row for each condition of the events; the columns are `CONDITIONS`."""
    trials = reported.trials
    if trials is None:
        return []
    rows: list[tuple[str, ...]] = []
    for name, table in trials.groupby("Condition", sort=False):
        usable = table[~table["Artefact"] & ~table["Edge"]]
        responded = int(usable["EDA_SCR"].sum())
        rows.append(
            (
                str(name) or "all",
                str(len(table)),
                str(responded),
                f"{responded / len(usable):.0%}" if len(usable) else "\u2013",
                number_text(float(usable["SCR_Magnitude"].mean()), reported.shown_unit),
                number_text(float(usable["SCR_Latency"].mean())),
                str(len(table) - len(usable)),
            )
        )
    return rows


def sections(reported: Reported) -> list[tuple[str, Rows]]:
    """Return the tables at the end, each with its heading."""
    tables = [
        ("Recording", _recording(reported)),
        ("Quality", _quality(reported)),
        ("Settings", _settings(reported)),
        ("Evidence", _evidence(reported)),
        ("Versions", versions()),
    ]
    return [(name, rows) for name, rows in tables if rows]


def versions() -> Rows:
    """Return the versions of what computed the parts."""
    return [
        ("ressin", __version__),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in ("numpy", "scipy", "pandas")),
        ("system", f"{platform.system()} {platform.machine()}"),
    ]


def _recording(reported: Reported) -> Rows:
    recording, result = reported.recording, reported.result
    rows = [("samples", f"{result.signal.size:,} at {result.sampling_rate:g} Hz, {length_text(reported.seconds)}")]
    rows.append(("unit", reported.shown_unit or "not known"))
    if recording is None:
        return rows
    if recording.start_time is not None:
        rows.append(("first sample", _clock_text(recording.start_time, recording.clock.origin)))
    rows += [("device", recording.device), ("layout", recording.layout), ("markers", str(len(recording.markers)))]
    rows.append(("how it was read", "; ".join(recording.notes)))
    return [(name, text) for name, text in rows if text]


def _clock_text(seconds: float, origin: str) -> str:
    if origin != "1970-01-01 UTC":
        return f"{seconds:g} s after {origin}"
    return f"{str(np.datetime64(round(seconds * 1000), 'ms')).replace('T', ' ')} UTC"


def _quality(reported: Reported) -> Rows:
    result, unit = reported.result, reported.shown_unit
    quality = result.quality
    rows = [
        ("residual", f"{percent_text(quality.residual_share)} of the signal's variance"),
        ("correlation of phasic and tonic", f"{quality.phasic_tonic_correlation:+.2f}"),
        ("faster falls than tau0 allows", f"{percent_text(quality.fast_decay_share)} of the steps of half a second"),
    ]
    if result.robust is not None:
        rows += [
            (
                "noise",
                f"{number_text(result.robust.noise, unit)} (standard deviation on means over a quarter of a second)",
            ),
            ("smallest response believed", number_text(result.robust.smallest_response, unit)),
            ("outliers", f"{percent_text(quality.outlier_share)} of the samples"),
            ("shifts of the level", str(quality.n_shifts)),
        ]
    return rows


def _settings(reported: Reported) -> Rows:
    settings = reported.result.settings
    own = ("alpha", "gamma", "revision", "baseline", "standardize") if settings.programme == "cvxeda" else ()
    names = ("programme", "tau0", "tau1", "delta_knot", *own, "solver", "tol", "max_iterations", "missing")
    rows = [(name, f"{value:g}" if isinstance(value := getattr(settings, name), float) else str(value))
            for name in names]  # fmt: skip
    rows.append(("least height of an SCR", number_text(reported.min_amplitude, reported.shown_unit)))
    if reported.events is not None:
        first, last = reported.latency
        rows.append(("latency of a response to an event", f"{first:g} to {last:g} s"))
    return rows


def _evidence(reported: Reported) -> Rows:
    result = reported.result
    return [
        ("status", f"{result.status} after {result.iterations} iterations ({result.solver})"),
        ("relative duality gap", f"{result.relative_gap:.1e} (at most {result.settings.tol:g} was asked for)"),
        ("violation of the optimality conditions", f"{result.stationarity:.1e}"),
    ]
