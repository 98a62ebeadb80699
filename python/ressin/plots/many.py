"""Pictures of many decompositions of one recording: its windows, its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ressin.plots.decomposition import PHASIC, SIGNAL, TONIC
from ressin.plots.style import STYLE, draw_band, draw_line, literal, shade_missing, time_scale, unit_text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from ressin.decomposition.sweep import Sweep
    from ressin.decomposition.windows import Windows

_MEASURES = {
    "n_scrs": "number of SCRs",
    "residual_share": "residual, share\nof the variance",
    "phasic_tonic_correlation": "correlation of\nphasic and tonic",
}
_LEAST_RATIO = 5.0  # values that span more than this factor are drawn on a logarithmic axis


def plot_windows(windows: Windows, *, title: str = "", unit: str = "uS") -> Figure:
    """Draw a recording as the average over its windows, and how far the windows agree.

    Parameters
    ----------
    windows
        What to draw.
    title
        Heading of the figure.
    unit
        Unit of the signal.

    Returns
    -------
    Figure
        From top to bottom: the signal with the tonic part, the phasic part. A line is the average over the windows that
        hold a sample, the shade around it one standard deviation over them. Missing samples are shaded grey.
    """
    average = windows.average()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.0, 4.6), layout="constrained")
        axes = figure.subplots(2, 1, sharex=True, height_ratios=[3.0, 2.2])
        shown, scale, time_label = unit_text(unit), *time_scale(windows)
        draw_line(axes[0], windows, windows.signal, scale, color=SIGNAL, linewidth=0.9, label="signal")
        for axis, part, color in ((axes[0], "Tonic", TONIC), (axes[1], "Phasic", PHASIC)):
            mean, spread = average[f"EDA_{part}"].to_numpy(), average[f"EDA_{part}_SD"].to_numpy()
            draw_line(axis, windows, mean, scale, color=color, label=f"{part.lower()}, average")
            draw_band(axis, windows, mean - spread, mean + spread, scale, color=color, label="1 SD of the windows")
            axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=3, borderaxespad=0.0)
            axis.yaxis.set_major_locator(MaxNLocator(4))
            shade_missing(axis, windows, scale)
        length = windows.phasic.shape[1] / windows.sampling_rate
        axes[0].set(title=f"{len(windows)} windows of {length:g} s", ylabel=shown)
        axes[1].set(title="phasic", ylabel=shown, xlabel=time_label)
        axes[1].set_xlim(0.0, max(windows.signal.size / windows.sampling_rate / scale, 1e-9))
        figure.align_ylabels(list(axes))
        if title:
            figure.suptitle(literal(title), x=0.01, ha="left", fontsize=11.0)
    return figure


def plot_sweep(sweep: Sweep, *, title: str = "", min_amplitude: float = 0.01) -> Figure:
    """Draw what each varied parameter does: number of SCRs, share of the residual, correlation of the parts.

    Parameters
    ----------
    sweep
        What to draw.
    title
        Heading of the figure.
    min_amplitude
        Least height of an SCR that is counted, in the signal's unit, > 0.

    Returns
    -------
    Figure
        A row for each measure, a column for each parameter that takes more than one value (for alpha where none does).
        The measure is drawn over that parameter: a thin line for each combination of the others, a thick one for their
        median.
    """
    table = sweep.to_frame(min_amplitude=min_amplitude)
    varied = list(sweep.varied) or ["alpha" if "alpha" in table else "tau0"]
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(max(4.5, 3.2 * len(varied)), 5.6), layout="constrained")
        axes = figure.subplots(len(_MEASURES), len(varied), sharex="col", sharey="row", squeeze=False)
        for row, (measure, words) in enumerate(_MEASURES.items()):
            for column, name in enumerate(varied):
                _draw_measure(axes[row, column], table, name, measure, [v for v in varied if v != name])
            axes[row, 0].set_ylabel(words)
        for column, name in enumerate(varied):
            axes[-1, column].set_xlabel(name if name not in ("tau0", "tau1", "delta_knot") else f"{name} (s)")
        figure.align_ylabels(list(axes[:, 0]))
        if len(varied) > 1:
            figure.legend(handles=axes[0, 0].get_lines()[-2:], loc="outside upper right", frameon=False, ncols=2)
        if title:
            figure.suptitle(literal(title), x=0.01, ha="left", fontsize=11.0)
    return figure


def _draw_measure(axis: Axes, table: pd.DataFrame, name: str, measure: str, others: list[str]) -> None:
    """Draw one measure over one parameter."""
    words = table[name].map(lambda value: isinstance(value, str)).any()
    places = {value: k if words else float(value) for k, value in enumerate(dict.fromkeys(table[name]))}
    groups = [group for _, group in table.groupby(others, sort=False)] if others else [table]
    for group in groups:
        group = group.sort_values(name) if not words else group
        positions = [places[v] for v in group[name]]
        axis.plot(positions, group[measure], color=PHASIC, linewidth=0.7, alpha=0.5, label="one choice of the others")
    median = table.groupby(name, sort=not words)[measure].median()
    axis.plot(
        [places[v] for v in median.index], median, color="black", linewidth=1.6, marker="o", markersize=3.0,
        label="median over the others",
    )  # fmt: skip
    axis.yaxis.set_major_locator(MaxNLocator(4))
    values = np.array(list(places.values()))
    if words:
        axis.set_xticks(values, list(places))
    elif values.min() > 0 and values.max() > _LEAST_RATIO * values.min():
        axis.set_xscale("log")
