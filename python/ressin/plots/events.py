"""Pictures of events: trials aligned at them, and the fit of a linear model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from ressin.plots.decomposition import PHASIC, SIGNAL
from ressin.plots.style import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ressin.events.averages import AlignedTrials
    from ressin.events.glm import ResponseEstimates

COLORS = ("#0b6e99", "#d1495b", "#66a182", "#edae49", "#7d5ba6", "#8d6b4f")  # told apart by colour-blind readers
_FAINTEST, _STRONGEST = 0.08, 0.5  # opacity of one trial's line


def plot_trials(trials: AlignedTrials, *, unit: str = "uS", level: float = 0.95) -> Figure:
    """Draw every trial, the means of the conditions and the raster of all trials.

    Parameters
    ----------
    trials
        What to draw.
    unit
        Unit of the signal.
    level
        Of the bootstrap interval, 0 to 1.

    Returns
    -------
    Figure
        Above, each trial as a thin line and each condition's mean with its interval; below, a row a trial in order of
        time, as a colour map with the conditions marked at its left.
    """
    names = tuple(dict.fromkeys(trials.conditions))
    color = {name: COLORS[i % len(COLORS)] for i, name in enumerate(names)}
    average = trials.averages(level=level)
    opacity = float(np.clip(8.0 / len(trials.conditions), _FAINTEST, _STRONGEST))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.0, 6.0), layout="constrained")
        top, raster = figure.subplots(2, 1, sharex=True, height_ratios=[3.0, 2.0])
        for curve, name in zip(trials.curves, trials.conditions, strict=True):
            top.plot(trials.time, curve, color=color[name], alpha=opacity, linewidth=0.6)
        for name in names:
            rows = average[average["Condition"] == name]
            time = rows["Time"].to_numpy()
            top.fill_between(
                time, rows["Low"].to_numpy(), rows["High"].to_numpy(), color=color[name], alpha=0.25, linewidth=0
            )
            count = trials.conditions.count(name)
            top.plot(time, rows["Mean"], color=color[name], linewidth=1.8, label=f"{name or 'events'} ({count})")
        top.axvline(0.0, color="#808080", linewidth=0.7, linestyle=":")
        top.set_ylabel(f"{trials.part} ({unit}{'/s' if trials.part == 'driver' else ''})" if unit else trials.part)
        top.legend(frameon=False, ncols=min(len(names), 4), loc="lower right", bbox_to_anchor=(1.0, 1.0))
        _raster(raster, trials, [color[name] for name in trials.conditions])
        figure.align_ylabels()
    return figure


def _raster(axis: Axes, trials: AlignedTrials, colors: list[str]) -> None:
    finite = trials.curves[np.isfinite(trials.curves)]
    low, high = (float(x) for x in np.quantile(finite, (0.01, 0.99)))
    half = 0.5 * (trials.time[1] - trials.time[0]) if trials.time.size > 1 else 0.5
    ends = (trials.time[0] - half, trials.time[-1] + half, len(colors) + 0.5, 0.5)
    axis.imshow(
        trials.curves, aspect="auto", extent=ends, cmap="Greys", vmin=low, vmax=high if high > low else low + 1.0,
        interpolation="nearest",
    )  # fmt: skip
    axis.scatter(np.full(len(colors), ends[0]), np.arange(1, len(colors) + 1), c=colors, s=9, clip_on=False, zorder=3)
    axis.axvline(0.0, color="#808080", linewidth=0.7, linestyle=":")
    axis.set(xlabel="seconds after the event", ylabel="trial")


def plot_estimates(estimates: ResponseEstimates, *, unit: str = "uS", level: float = 0.95) -> Figure:
    """Draw the fit of a linear model to a recording, and the amplitude of each condition.

    Parameters
    ----------
    estimates
        What to draw.
    unit
        Unit of the signal.
    level
        Of the intervals, 0 to 1.

    Returns
    -------
    Figure
        Left, data and fit over time; right, each condition's amplitude with its interval.
    """
    table = estimates.to_frame(level=level)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[3.0, 1.0])
        left.plot(estimates.time, estimates.observed, color=SIGNAL, linewidth=0.8, label=f"{estimates.on}, as fitted")
        left.plot(estimates.time, estimates.fitted, color=PHASIC, linewidth=1.0, label="fit")
        left.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0))
        per_second = "/s" if estimates.on == "driver" else ""
        left.set(xlabel="seconds", ylabel=f"{estimates.on} ({unit}{per_second})")
        places = np.arange(len(table))
        value = table["Amplitude"].to_numpy()
        errors = np.array([value - table["Low"], table["High"] - value])
        right.errorbar(places, value, errors, fmt="o", color=PHASIC, capsize=3.0, markersize=4.0)
        right.axhline(0.0, color="#808080", linewidth=0.7, linestyle=":")
        right.set_xticks(places, [name or "events" for name in estimates.conditions])
        right.set(ylabel=f"amplitude ({unit})", xlim=(-0.6, len(table) - 0.4))
    return figure
