"""What must hold on every real file, whatever its truth, and a picture of all of them to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.validity.methods import OWN, STANDARD, Estimate, attempt
from bench.validity.recordings import UNSET, Real, all_recordings, noise_of
from bench.validity.scores import correlation
from bench.validity.tables import number, share, spread, table

PICTURE = Path(__file__).parents[2] / "docs" / "validity_real.png"
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """One method on one file."""

    inside: float  # share of samples with 0 <= tonic <= signal + 3 noise (negative signals: the upper bound alone)
    correlation: float
    zero: float  # share of minutes in which the phasic part comes back to zero
    rate: float  # responses a minute
    lowest: float  # of the tonic part
    curve: float  # share of samples with the tonic part less lost contact <= signal + 3 noise
    lost: float  # share of samples where contact is lost
    tonic: Array
    phasic: Array


@dataclass(frozen=True)
class Task:
    recording: Real
    chosen: tuple[str, ...]


def run(task: Task) -> dict[str, Figures | str]:
    found: dict[str, Figures | str] = {}
    real = task.recording
    for name in task.chosen:
        estimate = attempt(name, real.signal, real.sampling_rate)
        found[name] = estimate if isinstance(estimate, str) else figures(real, estimate)
    return found


def figures(real: Real, estimate: Estimate) -> Figures:
    """Check one decomposition of one file."""
    noise = noise_of(real.signal, real.sampling_rate)
    inside = estimate.tonic <= real.signal + 3.0 * noise
    if real.signal.min() >= 0:
        inside &= estimate.tonic >= 0
    own = estimate.found.get(OWN, estimate.found[STANDARD])
    contact = np.zeros(real.signal.size) if estimate.contact is None else estimate.contact
    return Figures(
        inside=float(inside.mean()),
        correlation=correlation(estimate.phasic, estimate.tonic),
        zero=_minutes_with_zero(estimate.phasic, real.sampling_rate),
        rate=own.peaks.size / (real.signal.size / real.sampling_rate / 60.0),
        lowest=float(estimate.tonic.min()),
        curve=float(np.mean(estimate.tonic - contact <= real.signal + 3.0 * noise)),
        lost=float(np.mean(contact < 0)),
        tonic=estimate.tonic,
        phasic=estimate.phasic,
    )


def _minutes_with_zero(phasic: Array, rate: float) -> float:
    """Return the share of minutes in which |phasic| comes to 1 % of its 95th percentile or less."""
    block = max(1, min(phasic.size, round(60.0 * rate)))
    whole = phasic.size // block * block
    lowest = np.abs(phasic[:whole]).reshape(-1, block).min(axis=1)
    return float(np.mean(lowest <= max(1e-9, 0.01 * float(np.quantile(np.abs(phasic), 0.95)))))


def main(*, chosen: list[str], workers: int) -> None:
    """Print a row a method over all files, a row a file of the first method, and draw all files."""
    print("## Real files\n")
    recordings = all_recordings()
    if not recordings:
        print(UNSET)
        return
    outcomes = list(spread(run, [Task(r, tuple(chosen)) for r in recordings], workers))
    header = (
        "method", "files", "with 99.5 % of the tonic part within [0, signal + 3 noise]",
        "parts' correlation within 0.6", "worst correlation", "minutes with a zero, median", "0 to 25 responses/min",
        "most", "files with tonic < 0", "tonic less lost contact inside, median (files with 99.5 %)",
        "contact lost, median (most)",
    )  # fmt: skip
    table(header, (_over_files(name, recordings, outcomes) for name in chosen))
    first = chosen[0]
    print(f"{first}, file by file:\n")
    table(
        ("file", "Hz", "min", "tonic inside", "correlation", "minutes with a zero", "responses/min", "lowest tonic"),
        (_of_file(real, outcome[first]) for real, outcome in zip(recordings, outcomes, strict=True)),
    )
    draw(first, recordings, [outcome[first] for outcome in outcomes])


def _over_files(name: str, recordings: list[Real], outcomes: list[dict[str, Figures | str]]) -> tuple[str, ...]:
    pairs = [(r, o[name]) for r, o in zip(recordings, outcomes, strict=True) if isinstance(o[name], Figures)]
    held = [f for _, f in pairs]
    positive = [f for r, f in pairs if r.signal.min() >= 0]
    counted = [f for r, f in pairs if r.microsiemens]
    correlations = np.array([f.correlation for f in held])
    known = correlations[np.isfinite(correlations)]
    return (
        name,
        str(len(held)),
        share(float(np.mean([f.inside >= 0.995 for f in held]))),
        share(float(np.mean(np.abs(np.nan_to_num(correlations)) <= 0.6))),
        number(float(known[np.abs(known).argmax()])),
        share(float(np.median([f.zero for f in held]))),
        share(float(np.mean([f.rate <= 25.0 for f in counted]))),
        number(max(f.rate for f in counted), 1),
        share(float(np.mean([f.lowest < 0 for f in positive]))),
        f"{100 * np.median([f.curve for f in held]):.1f} % ({share(float(np.mean([f.curve >= 0.995 for f in held])))})",
        f"{100 * np.median([f.lost for f in held]):.1f} % ({100 * max(f.lost for f in held):.1f} %)",
    )


def _of_file(real: Real, f: Figures | str) -> tuple[str, ...]:
    if isinstance(f, str):
        return (real.name, f, "", "", "", "", "", "")
    minutes = real.signal.size / real.sampling_rate / 60.0
    rate = number(f.rate, 1) if real.microsiemens else "z-scored"
    return (
        real.name, f"{real.sampling_rate:.4g}", number(minutes, 1), f"{100 * f.inside:.2f} %", number(f.correlation),
        share(f.zero), rate, number(f.lowest),
    )  # fmt: skip


def draw(name: str, recordings: list[Real], outcomes: list[Figures | str], columns: int = 5) -> None:
    """Draw signal, tonic and phasic part of every file."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from ressin.plots import decomposition, style

    rows = -(-len(recordings) // columns)
    with mpl.rc_context(style.STYLE | {"font.size": 6}):
        figure = Figure(figsize=(3.2 * columns, 1.5 * rows), layout="constrained")
        for panel in figure.subplots(rows, columns, squeeze=False).ravel()[len(recordings) :]:
            panel.set_visible(False)
        for panel, real, f in zip(figure.axes, recordings, outcomes, strict=False):
            minutes = np.arange(real.signal.size) / real.sampling_rate / 60.0
            panel.plot(minutes, real.signal, color=decomposition.SIGNAL, linewidth=0.8)
            if isinstance(f, Figures):
                panel.plot(minutes, f.tonic, color=decomposition.TONIC, linewidth=0.8)
                panel.plot(minutes, f.phasic, color=decomposition.PHASIC, linewidth=0.6)
            panel.set_title(f"{real.name} ({real.sampling_rate:.3g} Hz)", fontsize=6)
        figure.suptitle(f"{name}: signal, tonic and phasic part of every real file (minutes)")
        figure.savefig(PICTURE, dpi=110)
    print(f"drawn: docs/{PICTURE.name}\n")
