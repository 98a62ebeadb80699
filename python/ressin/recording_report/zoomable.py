"""The picture of a recording on the screen: it zooms, and its numbers can be read off."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin._extras import require
from ressin.pages.render import script_json
from ressin.plots.style import DRIVER, OUTLIERS, PHASIC, SIGNAL, TONIC, envelope

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.recording_report.reported import Reported

INVALID, EVENT = "#F0C36D", "#5B3A9B"
COLUMNS = 10_000  # in which a long line is drawn by its smallest and largest sample, so that no peak is lost
_HEIGHTS = (320, 220, 130)  # pixels
_ROOM = 5.0  # twentieths of its range above a line, for the legend
# Seconds after the first sample as h:mm:ss, and with decimals where ticks are closer than a second.
_CLOCK = """
const whole = Math.floor(Math.abs(tick) + 1e-6), part = Math.abs(tick) - whole;
const two = (n) => String(n).padStart(2, "0");
const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
const text = (hours ? hours + ":" + two(minutes) : minutes) + ":" + two(whole % 60);
return (tick < 0 ? "-" : "") + text + (part > 1e-3 ? part.toFixed(2).slice(1) : "");
"""


@cache
def library() -> str:
    """Return the script that draws the picture, to stand in the page."""
    resources = require("bokeh.resources", "report", "a picture that zooms").Resources(
        mode="inline", components=["bokeh"]
    )
    return "\n".join(resources.js_raw)


def zoomable(reported: Reported) -> str:
    """Return the picture as JSON for Bokeh's ``embed_item``.

    Parameters
    ----------
    reported
        What to draw.

    Returns
    -------
    str
        Three panels over one time axis: the signal with the tonic part; the phasic part with the responses; the driver.
        Events are lines through the first two, and stretches that are not valid are shaded in them. A line of more than
        40,000 samples is thinned to the smallest and the largest of each of 10,000 columns. Safe inside of a
        ``<script>``.
    """
    plotting = require("bokeh.plotting", "report", "a picture that zooms")
    layouts, embed = require("bokeh.layouts", "report", "a picture"), require("bokeh.embed", "report", "a picture")
    result, unit = reported.result, reported.shown_unit or "unit unknown"
    time = _time(reported)
    levels = _panel(plotting, reported, 0, f"signal, tonic ({unit})", (result.signal, result.tonic))
    phasic = _panel(plotting, reported, 1, f"phasic ({unit})", (result.phasic,), levels.x_range)
    driver = _panel(
        plotting, reported, 2, f"driver ({unit}{'/s' if reported.unit else ''})", (result.driver,), levels.x_range
    )
    for panel in (levels, phasic):
        _shade(panel, reported)
        _mark_events(panel, reported)
    _line(levels, time, result.signal, "signal", color=SIGNAL, line_width=1.2)
    _line(levels, time, result.tonic, "tonic", color=TONIC, line_width=2.0)
    if result.robust is not None and result.quality.outlier_share > 0:
        rejected = np.abs(result.outliers + result.contact) > result.robust.smallest_response
        beside = np.convolve(rejected, np.ones(3), mode="same") > 0  # so that a single sample is a line, too
        _line(levels, time, np.where(beside, result.signal, np.nan), "outlier", color=OUTLIERS, line_width=2.0)
    _line(phasic, time, result.phasic, "phasic", color=PHASIC, line_width=1.4)
    _line(driver, time, result.driver, "", color=DRIVER, line_width=1.0)
    _mark_responses(phasic, reported)
    for panel, across in ((levels, 3), (phasic, 4)):  # as many as a phone is wide
        panel.legend.click_policy = "hide"
        panel.legend.orientation, panel.legend.ncols = "horizontal", across
        panel.legend.padding, panel.legend.margin, panel.legend.spacing = 2, 4, 8
        panel.legend.background_fill_alpha = 0.7
        panel.legend.location = "top_right"
    driver.xaxis.axis_label = "time after the first sample (h:mm:ss)"
    grid = layouts.gridplot(
        [[levels], [phasic], [driver]], sizing_mode="stretch_width", toolbar_location="above",
        toolbar_options={"logo": None},
    )  # fmt: skip
    return script_json(json.dumps(embed.json_item(grid, "picture")))


def _time(reported: Reported) -> NDArray[np.float64]:
    positions, _ = envelope(reported.result.signal, COLUMNS)
    return np.asarray(positions / reported.result.sampling_rate)


def _panel(plotting: Any, reported: Reported, place: int, label: str, lines: Any, x_range: Any = None) -> Any:
    """Make an empty panel whose height holds the lines from the smallest to the largest sample."""
    models = require("bokeh.models", "report", "a picture that zooms")
    ends = (0.0, max(reported.seconds, 1.0 / reported.result.sampling_rate))
    low = min(float(np.nanmin(line)) for line in lines)
    high = max(float(np.nanmax(line)) for line in lines)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    panel = plotting.figure(
        height=_HEIGHTS[place],
        sizing_mode="stretch_width",
        x_range=models.Range1d(*ends, bounds=ends) if x_range is None else x_range,
        y_range=models.Range1d(low - room if place < 2 else 0.0, high + (_ROOM if place < 2 else 1.0) * room),
        tools="pan,box_zoom,wheel_zoom,reset,save",
        active_drag="box_zoom",
        active_scroll=None,
        y_axis_label=label,
    )
    panel.xaxis.ticker = models.AdaptiveTicker(
        base=60.0, mantissas=[1.0, 2.0, 5.0, 10.0, 15.0, 30.0], min_interval=0.0, desired_num_ticks=6
    )
    panel.xaxis.formatter = models.CustomJSTickFormatter(code=_CLOCK)
    panel.yaxis.ticker = models.BasicTicker(desired_num_ticks=3 if place == 2 else 5, num_minor_ticks=0)
    panel.min_border_left = 62
    return panel


def _line(panel: Any, time: NDArray[np.float64], values: NDArray[np.float64], name: str, **look: Any) -> None:
    models = require("bokeh.models", "report", "a picture that zooms")
    _, thinned = envelope(values, COLUMNS)
    source = models.ColumnDataSource({"time": time, "value": thinned.astype(np.float32)})
    drawn = panel.line("time", "value", source=source, **({"legend_label": name} if name else {}), **look)
    if name in ("signal", "phasic"):
        tips = [(name, "@value{0.000}"), ("time", "@time{0:00:00}")]
        panel.add_tools(models.HoverTool(renderers=[drawn], tooltips=tips, mode="vline", line_policy="nearest"))


def _shade(panel: Any, reported: Reported) -> None:
    """Shade what is not valid; the reason stands under the pointer."""
    if not reported.stretches:
        return
    models = require("bokeh.models", "report", "a picture that zooms")
    data = {
        "left": [s.start for s in reported.stretches],
        "right": [s.end for s in reported.stretches],
        "reason": [", ".join(s.reasons) for s in reported.stretches],
    }
    low, high = panel.y_range.start, panel.y_range.end
    drawn = panel.quad(
        left="left", right="right", bottom=low, top=high, source=models.ColumnDataSource(data), line_color=INVALID,
        line_alpha=0.3, fill_color=INVALID, fill_alpha=0.35, legend_label="not valid", level="underlay",
    )  # fmt: skip
    panel.add_tools(models.HoverTool(renderers=[drawn], tooltips=[("not valid", "@reason")]))


def _mark_events(panel: Any, reported: Reported) -> None:
    if reported.events is None:
        return
    models = require("bokeh.models", "report", "a picture that zooms")
    events = reported.events
    inside = (events.onsets >= 0) & (events.onsets <= reported.seconds)
    low, high = panel.y_range.start, panel.y_range.end
    data = {
        "onset": events.onsets[inside],
        "condition": [name for name, kept in zip(events.conditions, inside, strict=True) if kept],
        "trial": [name for name, kept in zip(events.trials, inside, strict=True) if kept],
    }
    drawn = panel.segment(
        x0="onset", x1="onset", y0=low, y1=high, source=models.ColumnDataSource(data), line_color=EVENT,
        line_width=1.5, line_alpha=0.7, line_dash="dashed", legend_label="event",
    )  # fmt: skip
    tips = [("event", "@condition"), ("trial", "@trial"), ("time", "@onset{0.00} s")]
    panel.add_tools(models.HoverTool(renderers=[drawn], tooltips=tips))


def _mark_responses(panel: Any, reported: Reported) -> None:
    scrs = reported.scrs
    if not len(scrs):
        return
    models = require("bokeh.models", "report", "a picture that zooms")
    data = {
        "time": scrs["SCR_PeakTime"].to_numpy(),
        "height": scrs["SCR_Height"].to_numpy(),
        "amplitude": scrs["SCR_Amplitude"].to_numpy(),
        "rise": scrs["SCR_RiseTime"].to_numpy(),
    }
    drawn = panel.scatter(
        "time", "height", source=models.ColumnDataSource(data), marker="inverted_triangle", size=7, color="#1d2329",
        alpha=0.7, legend_label="SCR",
    )  # fmt: skip
    tips = [
        ("SCR at", "@time{0.00} s"),
        ("amplitude", f"@amplitude{{0.000}} {reported.shown_unit}"),
        ("rise", "@rise{0.0} s"),
    ]
    panel.add_tools(models.HoverTool(renderers=[drawn], tooltips=tips))
