"""The pictures of a recording that stand still: on paper, without a script, and as a thumbnail."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ressin.plots.backend import import_matplotlib  # noqa: F401  # with its folder it has imported matplotlib

# isort: split
import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ressin.pages.render import svg_source
from ressin.plots.decomposition import PHASIC, SIGNAL, TONIC
from ressin.plots.style import STYLE, draw_line, envelope, time_scale, unit_text
from ressin.recording_report.stretches import invalid_stretches
from ressin.recording_report.zoomable import EVENT, INVALID

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ressin.recording_report.reported import Reported

_MARKS = 300  # responses that can be told apart on paper
_COLUMNS, _THUMB = 700, 120  # in which a picture on paper and a thumbnail show lines and stretches


def still(reported: Reported) -> str:
    """Return the picture for paper as the source of an ``<img>``: levels, phasic part with responses, driver."""
    result, unit = reported.result, unit_text(reported.unit)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.1, 5.0), layout="constrained")
        axes = figure.subplots(3, 1, sharex=True, height_ratios=[3.0, 2.0, 1.2])
        scale, label = time_scale(result)
        draw_line(axes[0], result, result.signal, scale, color=SIGNAL, linewidth=0.8, label="signal")
        draw_line(axes[0], result, result.tonic, scale, color=TONIC, linewidth=1.3, label="tonic")
        draw_line(axes[1], result, result.phasic, scale, color=PHASIC, linewidth=0.9, label="phasic")
        draw_line(axes[2], result, result.driver, scale, color="#007A5A", linewidth=0.7)
        _mark_responses(axes[1], reported, scale)
        for axis in axes[:2]:
            _shade(axis, reported, scale, _COLUMNS)
            _mark_events(axis, reported, scale)
            axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False, ncols=5, borderaxespad=0.0)
            axis.set_ylabel(unit)
        axes[2].set(ylabel=f"driver ({unit}/s)", xlabel=label, xlim=(0.0, max(reported.seconds / scale, 1e-9)))
        axes[2].set_ylim(bottom=0.0)
        for axis in axes:
            axis.yaxis.set_major_locator(MaxNLocator(4))
        figure.align_ylabels(list(axes))
        return _source(figure)


def thumbnail(reported: Reported) -> str:
    """Return a small picture of signal, tonic part and invalid stretches as the source of an ``<img>``."""
    result = reported.result
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(2.4, 0.8))
        axis = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axis.set_axis_off()
        for values, color, width in ((result.signal, SIGNAL, 0.8), (result.tonic, TONIC, 1.0)):
            positions, thinned = envelope(values, _THUMB)
            axis.plot(positions / result.sampling_rate, thinned, color=color, linewidth=width)
        _shade(axis, reported, 1.0, _THUMB)
        axis.set_xlim(0.0, max(reported.seconds, 1e-9))
        return _source(figure)


def _mark_responses(axis: Axes, reported: Reported, scale: float) -> None:
    scrs = reported.scrs
    if 0 < len(scrs) <= _MARKS:
        times = scrs["SCR_PeakTime"].to_numpy() / scale
        axis.plot(times, scrs["SCR_Height"], "v", color="black", markersize=3.0, label=f"SCR ({len(scrs)})")


def _shade(axis: Axes, reported: Reported, scale: float, most: int) -> None:
    """Shade what is not valid; of very many stretches those columns of which most is."""
    result = reported.result
    found = invalid_stretches(result.validity, result.sampling_rate, most=most, least_share=0.5)
    if found:
        axis.broken_barh(
            [(s.start / scale, (s.end - s.start) / scale) for s in found], (0.0, 1.0), color=INVALID, alpha=0.5,
            linewidth=0, zorder=0, transform=axis.get_xaxis_transform(), label="not valid",
        )  # fmt: skip


def _mark_events(axis: Axes, reported: Reported, scale: float) -> None:
    if reported.events is None:
        return
    inside = [t / scale for t in reported.events.onsets if 0.0 <= t <= reported.seconds]
    axis.vlines(
        inside, 0.0, 1.0, transform=axis.get_xaxis_transform(), color=EVENT, linewidth=0.7, linestyle="--",
        label="event" if inside else "",
    )  # fmt: skip


def _source(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return svg_source(buffer.getvalue())
