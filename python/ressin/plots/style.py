"""What all pictures share: the style, long lines drawn quickly, missing stretches, units of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ressin._files.names import encodable
from ressin.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Okabe and Ito's colours: told apart with any colour vision, and dark enough for thin lines on white.
SIGNAL, TONIC, PHASIC, DRIVER, RESIDUAL = "#7a7a7a", "#0072B2", "#D55E00", "#007A5A", "#5a5a5a"
OUTLIERS, SHIFTS = "#B0508A", "#B8860B"
_BINS = 1500  # columns in which a long line is drawn by its smallest and largest sample
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
    "svg.fonttype": "none",  # text in an SVG stays text
    "svg.hashsalt": "ressin",  # the same figure gives the same file
    "pdf.fonttype": 42,
}


class Recorded(Protocol):
    """A signal and its sampling rate."""

    @property
    def signal(self) -> NDArray[np.float64]:
        """Samples, (n,)."""

    @property
    def sampling_rate(self) -> float:
        """Hz."""


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
    thinned[1::2] = thinned[1::2, ::-1]  # minimum and maximum in alternating order: half the strokes
    middles = np.stack([edges, edges], axis=1) + np.array([0, max(1, n // n_bins // 2)])
    return middles.ravel(), thinned.ravel()


def draw_line(
    axis: Axes, recorded: Recorded, values: NDArray[np.float64], scale: float, *, color: str,
    linewidth: float = 1.0, linestyle: str = "-", label: str = "",
) -> None:  # fmt: skip
    """Draw a line over time, thinned where it is long."""
    positions, thinned = envelope(values, _BINS)
    time = positions / recorded.sampling_rate / scale
    axis.plot(time, thinned, color=color, linewidth=linewidth, linestyle=linestyle, label=label)


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
    """Write microsiemens as they are printed, and that a unit is not known."""
    return "\u00b5S" if unit == "uS" else literal(unit) or "unit unknown"


def literal(text: str) -> str:
    """Return a text that matplotlib draws letter by letter, without taking dollar signs for mathematics."""
    return encodable(text).replace("$", r"\$")
