"""Pictures of a decomposition; only what drawing needs is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ressin.errors import MissingExtraError
from ressin.plots.style import (
    DRIVER,
    OUTLIERS,
    PHASIC,
    RESIDUAL,
    SHIFTS,
    SIGNAL,
    STYLE,
    TONIC,
    draw_band,
    draw_line,
    literal,
    shade_missing,
    time_scale,
    unit_text,
)

try:
    import matplotlib as mpl
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ImportError as error:
    raise MissingExtraError("matplotlib", "plot", "drawing a decomposition") from error

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ressin.decomposition.result import Decomposition
    from ressin.decomposition.robust import Robust

_MARKS = 300  # SCRs that can be told apart when each has a mark


def plot_decomposition(
    decomposition: Decomposition, *, scrs: pd.DataFrame | None = None, title: str = "", unit: str = "uS"
) -> Figure:
    """Draw a decomposition in panels over one time axis.

    Parameters
    ----------
    decomposition
        What to draw.
    scrs
        SCR events to mark on the phasic part, as `ressin.decomposition.scrs.find_scrs` returns them; None marks none.
    title
        Heading of the figure.
    unit
        Unit of the signal.

    Returns
    -------
    Figure
        A matplotlib figure, not registered with pyplot; `ressin.plots.files.save_figure` writes it. From top to
        bottom: the signal with the tonic part, the phasic part with the SCRs, the driver, the residual. Where the
        programme is the robust one, the signal is coloured where it is taken for an outlier, the tonic part is drawn
        with and without the shifts of its level, and a fifth panel has outliers and shifts. Time is in seconds, in
        hours from two hours on. A long recording is drawn by the smallest and largest sample of each of 1,500 columns,
        so a day looks the same and its file is small. Missing samples are shaded, and so are the bands of tonic and
        phasic part where the decomposition has them.
    """
    with mpl.rc_context(STYLE):
        robust = decomposition.robust is not None
        figure = Figure(figsize=(9.0, 7.7 if robust else 6.6), layout="constrained")
        axes = figure.subplots(4 + robust, 1, sharex=True, height_ratios=[3.0, 2.2, 1.6, 1.1, 1.1][: 4 + robust])
        shown, scale, time_label = unit_text(unit), *time_scale(decomposition)
        _draw_levels(axes[0], decomposition, scale, shown)
        _draw_phasic(axes[1], decomposition, scrs, scale, shown)
        draw_line(axes[2], decomposition, decomposition.driver, scale, color=DRIVER, linewidth=0.9)
        axes[2].set(title="driver (sudomotor nerve)", ylabel=f"{shown}/s")
        axes[2].set_ylim(bottom=0.0)
        draw_line(axes[3], decomposition, decomposition.residual, scale, color=RESIDUAL, linewidth=0.7)
        axes[3].set(title="residual", ylabel=shown)
        if robust:
            _draw_artefacts(axes[4], decomposition, scale, shown)
        axes[-1].set(xlabel=time_label)
        axes[-1].set_xlim(0.0, max(decomposition.signal.size / decomposition.sampling_rate / scale, 1e-9))
        for axis in axes:
            axis.yaxis.set_major_locator(MaxNLocator(4))
        for axis in axes[1:]:
            shade_missing(axis, decomposition, scale)
        figure.align_ylabels(list(axes))
        if title:
            figure.suptitle(literal(title), x=0.01, ha="left", fontsize=11.0)
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


def _draw_levels(axis: Axes, decomposition: Decomposition, scale: float, unit: str) -> None:
    draw_line(axis, decomposition, decomposition.signal, scale, color=SIGNAL, linewidth=0.9, label="signal")
    draw_line(axis, decomposition, decomposition.tonic, scale, color=TONIC, linewidth=1.6, label="tonic")
    if decomposition.robust is not None:
        _draw_found(axis, decomposition, decomposition.robust, scale)
    bands = decomposition.bands
    if bands is not None:
        label = f"tonic, {bands.level:.0%} band"
        draw_band(axis, decomposition, bands.tonic_low, bands.tonic_high, scale, color=TONIC, label=label)
    axis.set(title="signal and tonic level", ylabel=unit)
    shade_missing(axis, decomposition, scale, label="missing")
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=5, borderaxespad=0.0)


def _draw_found(axis: Axes, decomposition: Decomposition, robust: Robust, scale: float) -> None:
    """Draw over the signal what the robust programme takes for outliers, and the tonic part without its shifts."""
    outlying = np.abs(robust.outliers) > robust.smallest_response
    if outlying.any():
        beside = np.convolve(outlying, np.ones(3), mode="same") > 0  # so that a single sample is a line, too
        shown = np.where(beside, decomposition.signal, np.nan)
        draw_line(axis, decomposition, shown, scale, color=OUTLIERS, linewidth=1.1, label="outliers")
    if np.ptp(robust.shifts) > robust.smallest_response:
        level = decomposition.tonic - robust.shifts
        label = "tonic without shifts"
        draw_line(axis, decomposition, level, scale, color=SHIFTS, linewidth=1.2, linestyle="--", label=label)


def _draw_artefacts(axis: Axes, decomposition: Decomposition, scale: float, unit: str) -> None:
    draw_line(axis, decomposition, decomposition.outliers, scale, color=OUTLIERS, linewidth=0.9, label="outliers")
    draw_line(axis, decomposition, decomposition.shifts, scale, color=SHIFTS, linewidth=1.2, label="shifts")
    axis.set(title="outliers and shifts of the level", ylabel=unit)
    axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=2, borderaxespad=0.0)


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


__all__ = [
    "DRIVER",
    "OUTLIERS",
    "PHASIC",
    "RESIDUAL",
    "SHIFTS",
    "SIGNAL",
    "TONIC",
    "draw_overview",
    "plot_decomposition",
]
