"""The page of a recording."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ressin._extras import require
from ressin.pages.render import render, write_page
from ressin.recording_report import facts
from ressin.recording_report.methods import methods
from ressin.recording_report.reported import Reported, report_of
from ressin.recording_report.zoomable import library, zoomable

if TYPE_CHECKING:
    from ressin._units import Unit
    from ressin.decomposition.result import Decomposition
    from ressin.events.events import EventSource
    from ressin.recording import Recording


def write_report(
    source: Decomposition | Recording | str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    events: EventSource | None = None,
    event_unit: Unit = "seconds",
    latency: tuple[float, float] = (1.0, 4.0),
    min_amplitude: float | None = None,
    name: str = "",
) -> None:
    """Write a page of HTML about a recording; it needs no other file and no network.

    Parameters
    ----------
    source
        A decomposition; or a recording or a file, which the robust programme decomposes, through missing samples.
    path
        Where to; a file that stands there is replaced once the new one is whole.
    events, event_unit
        Events of the experiment, as `ressin.event_related` takes them; None for the markers of the recording.
    latency
        Earliest and latest time from an event to the onset of its response, seconds.
    min_amplitude
        Least height of a response in the unit of the signal, > 0; None for 0.01 uS, and for any height where the unit
        is another.
    name
        Heading; the recording's own where it is empty.

    Raises
    ------
    RecordingError, InvalidInputError
        A file that cannot be read or is no skin conductance; events or settings that cannot be used.
    OutputError
        If the page cannot be written.
    MissingExtraError
        Without the extra ``report``.

    Examples
    --------
    >>> import ressin
    >>> ressin.write_report("EDA.csv", "report.html")  # doctest: +SKIP
    """
    check_installed()
    reported = report_of(
        source, events=events, event_unit=event_unit, latency=latency, min_amplitude=min_amplitude, name=name
    )
    write_page(page(reported), path)


def check_installed() -> None:
    """Import what pages are made with.

    Raises
    ------
    MissingExtraError
        Where something is not installed.
    """
    require("jinja2", "report", "writing a page")
    require("matplotlib", "report", "a picture for paper")
    library()


def page(reported: Reported) -> str:
    """Return the page."""
    from ressin.recording_report.still import still  # which needs matplotlib

    said, references = methods(reported)
    recording = reported.recording
    device = recording.device if recording is not None else ""
    return render(
        "recording.html",
        title=reported.name,
        subtitle=", ".join(filter(None, (device, f"{reported.result.sampling_rate:g} Hz",
                                         f"programme {reported.result.programme}"))),
        complaints=reported.complaints,
        figures=facts.figures(reported),
        caption=_caption(reported),
        still=still(reported),
        picture=zoomable(reported),
        script=library(),
        conditions=facts.conditions(reported),
        conditions_header=facts.CONDITIONS,
        conditions_note="Usable: nothing in the window that is not valid, and window and baseline inside of the "
        "recording. Magnitude counts events without a response as zero.",
        reasons=facts.reasons(reported),
        validity_note=f"{reported.result.validity.share:.1%} of the samples are valid. Several reasons may hold for "
        "one sample.",
        methods=said,
        references=references,
        sections=facts.sections(reported),
    )  # fmt: skip


def _caption(reported: Reported) -> str:
    parts = ["The signal (grey) with its tonic part (blue); the phasic part (orange)"]
    parts.append(f" with {len(reported.scrs)} responses" if len(reported.scrs) else ", in which no response was found")
    parts.append("; the driver (green).")
    if reported.stretches:
        parts.append(" Shaded: not valid.")
    if reported.events is not None:
        parts.append(f" Dashed: {len(reported.events)} events.")
    return "".join(parts)
