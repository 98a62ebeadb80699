"""Pictures of a decomposition; nothing is computed here but what it takes to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ressin.errors import InvalidInputError, MissingExtraError

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    raise MissingExtraError("matplotlib", "plot", "drawing a decomposition") from error

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ressin.decomposition import Decomposition

# Okabe and Ito's colours: told apart with any colour vision, and dark enough for thin lines on white.
SIGNAL, TONIC, PHASIC, DRIVER, RESIDUAL = "#7a7a7a", "#0072B2", "#D55E00", "#007A5A", "#5a5a5a"
_BINS = 1500  # columns in which a long line is drawn by its smallest and largest sample
_MARKS = 300  # SCRs that can be told apart when each has a mark
STYLE: Any = {  # matplotlib declares the keys one by one; these are the ones that a figure is drawn and written with
    "font.size": 9.0,
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#404040",
    "axes.linewidth": 0.7,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.labelcolor": "#202020",
    "xtick.color": "#404040",
    "ytick.color": "#404040",
    "lines.linewidth": 1.0,
    "lines.solid_joinstyle": "round",
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "ressin",  # the same figure gives the same file
    "pdf.fonttype": 42,
}


class Recorded(Protocol):
    """What has samples over time."""

    @property
    def signal(self) -> NDArray[np.float64]:
        """Samples, (n,)."""

    @property
    def sampling_rate(self) -> float:
        """Hz."""


def plot_decomposition(
    decomposition: Decomposition, *, scrs: pd.DataFrame | None = None, title: str = "", unit: str = "uS"
) -> Figure:
    """Draw a decomposition in four panels over one time axis.

    Parameters
    ----------
    decomposition
        What to draw.
    scrs
        SCR events to mark on the phasic part, as `ressin.events.find_scrs` returns them; None marks none.
    title
        Heading of the figure.
    unit
        Unit of the signal.

    Returns
    -------
    Figure
        A matplotlib figure that no window and no pyplot state belongs to; `ressin.figure_files.save_figure` writes
        it. From top to bottom: the signal with the tonic part, the phasic part with the SCRs, the driver, the
        residual. Time is in seconds, in hours from two hours on. A long recording is drawn by the smallest and
        largest sample of each of 1,500 columns, so a day looks as it is and weighs little. Missing samples are
        shaded, and so are the bands of tonic and phasic part where the decomposition has them.
    """
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 6.6), layout="constrained")
        axes = figure.subplots(4, 1, sharex=True, height_ratios=[3.0, 2.2, 1.6, 1.1])
        shown, scale, time_label = unit_text(unit), *time_scale(decomposition)
        _draw_levels(axes[0], decomposition, scale, shown)
        _draw_phasic(axes[1], decomposition, scrs, scale, shown)
        draw_line(axes[2], decomposition, decomposition.driver, scale, color=DRIVER, linewidth=0.9)
        axes[2].set(title="driver (sudomotor nerve)", ylabel=f"{shown}/s")
        axes[2].set_ylim(bottom=0.0)
        draw_line(axes[3], decomposition, decomposition.residual, scale, color=RESIDUAL, linewidth=0.7)
        axes[3].set(title="residual", ylabel=shown, xlabel=time_label)
        axes[3].set_xlim(0.0, max(decomposition.signal.size / decomposition.sampling_rate / scale, 1e-9))
        for axis in axes:
            axis.yaxis.set_major_locator(MaxNLocator(4))
        for axis in axes[1:]:
            shade_missing(axis, decomposition, scale)
        figure.align_ylabels(list(axes))
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=11.0)
    return figure


def draw_overview(axis: Axes, decomposition: Decomposition, *, unit: str = "uS") -> None:
    """Draw signal, tonic part and phasic part into one axes of a figure of your own.

    Parameters
    ----------
    axis
        Where to draw; its labels and legend are set, its limits are left to matplotlib.
    decomposition
        What to draw.
    unit
        Unit of the signal.
    """
    scale, time_label = time_scale(decomposition)
    draw_line(axis, decomposition, decomposition.signal, scale, color=SIGNAL, linewidth=0.8, label="signal")
    draw_line(axis, decomposition, decomposition.tonic, scale, color=TONIC, linewidth=1.4, label="tonic")
    draw_line(axis, decomposition, decomposition.phasic, scale, color=PHASIC, linewidth=1.0, label="phasic")
    axis.set(xlabel=time_label, ylabel=unit_text(unit))
    axis.legend(loc="upper right", frameon=False, ncols=3)


def envelope(values: NDArray[np.float64], n_bins: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Thin a long line to the smallest and largest sample of each of `n_bins` columns.

    Parameters
    ----------
    values
        Samples, shape (n,); NaN where there is none.
    n_bins
        Number of columns, >= 1. Up to 4 `n_bins` samples are returned as they are.

    Returns
    -------
    positions : ndarray
        Samples where the thinned line stands, ascending, shape (m,) with m <= max(n, 2 n_bins).
    thinned : ndarray
        The line there, shape (m,); NaN in a column without any sample.

    Raises
    ------
    InvalidInputError
        If `n_bins` is not positive.
    """
    if n_bins < 1:
        raise InvalidInputError(f"n_bins is {n_bins}; a line is drawn in one column or more")
    n = values.size
    if n <= 4 * n_bins:
        return np.arange(n), values
    edges = np.linspace(0, n, n_bins, endpoint=False).astype(np.intp)  # (n_bins,)
    low, high = np.fmin.reduceat(values, edges), np.fmax.reduceat(values, edges)
    thinned = np.stack([low, high], axis=1)  # (n_bins, 2)
    thinned[1::2] = thinned[1::2, ::-1]  # up in one column, down in the next: half the strokes
    middles = np.stack([edges, edges], axis=1) + np.array([0, max(1, n // n_bins // 2)])
    return middles.ravel(), thinned.ravel()


def _draw_levels(axis: Axes, decomposition: Decomposition, scale: float, unit: str) -> None:
    draw_line(axis, decomposition, decomposition.signal, scale, color=SIGNAL, linewidth=0.9, label="signal")
    draw_line(axis, decomposition, decomposition.tonic, scale, color=TONIC, linewidth=1.6, label="tonic")
    bands = decomposition.bands
    if bands is not None:
        label = f"tonic, {bands.level:.0%} band"
        draw_band(axis, decomposition, bands.tonic_low, bands.tonic_high, scale, color=TONIC, label=label)
    axis.set(title="signal and tonic level", ylabel=unit)
    shade_missing(axis, decomposition, scale, label="missing")
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=4, borderaxespad=0.0)


def _draw_phasic(axis: Axes, decomposition: Decomposition, scrs: pd.DataFrame | None, scale: float, unit: str) -> None:
    draw_line(axis, decomposition, decomposition.phasic, scale, color=PHASIC)
    bands = decomposition.bands
    if bands is not None:
        label = f"phasic, {bands.level:.0%} band"
        draw_band(axis, decomposition, bands.phasic_low, bands.phasic_high, scale, color=PHASIC, label=label)
        axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, borderaxespad=0.0)
    axis.set(title="phasic", ylabel=unit)
    if scrs is None:
        return
    count = f"{len(scrs)} SCR{'' if len(scrs) == 1 else 's'}"
    if len(scrs) > _MARKS:
        axis.set_title(f"phasic ({count}, too many to mark)")
        return
    axis.set_title(f"phasic with {count}")
    times = scrs["SCR_Peaks"].to_numpy() / decomposition.sampling_rate / scale
    axis.plot(times, scrs["SCR_Height"].to_numpy(), linestyle="none", marker="v", color="black", markersize=4.0)
    axis.margins(y=0.12)


def draw_line(
    axis: Axes, recorded: Recorded, values: NDArray[np.float64], scale: float, *, color: str,
    linewidth: float = 1.0, label: str = "",
) -> None:  # fmt: skip
    """Draw a line over time, thinned where it is long."""
    positions, thinned = envelope(values, _BINS)
    axis.plot(positions / recorded.sampling_rate / scale, thinned, color=color, linewidth=linewidth, label=label)


def draw_band(
    axis: Axes, recorded: Recorded, low: NDArray[np.float64], high: NDArray[np.float64], scale: float, *, color: str,
    label: str = "",
) -> None:  # fmt: skip
    """Shade what lies between two lines, thinned to the smallest and the largest of each column."""
    n = low.size
    edges = np.arange(n) if n <= 4 * _BINS else np.linspace(0, n, _BINS, endpoint=False).astype(np.intp)
    axis.fill_between(
        edges / recorded.sampling_rate / scale,
        np.fmin.reduceat(low, edges),
        np.fmax.reduceat(high, edges),
        step=None if n <= 4 * _BINS else "post",
        color=color, alpha=0.25, linewidth=0, label=label,
    )  # fmt: skip


def shade_missing(axis: Axes, recorded: Recorded, scale: float, *, label: str = "") -> None:
    """Shade the runs of missing samples; a label is for the legend."""
    missing = np.isnan(recorded.signal)
    if not missing.any():
        return
    edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)  # (runs, 2)
    for first, stop in edges[:500] / recorded.sampling_rate / scale:
        axis.axvspan(first, stop, color="#e4e4e4", linewidth=0, zorder=0, label=label)
        label = ""


def time_scale(recorded: Recorded) -> tuple[float, str]:
    """Return the seconds in a unit of the time axis, and its label."""
    seconds = recorded.signal.size / recorded.sampling_rate
    return (3600.0, "time (h)") if seconds >= 7200.0 else (1.0, "time (s)")


def unit_text(unit: str) -> str:
    """Write microsiemens as they are printed."""
    return "\u00b5S" if unit == "uS" else unit
