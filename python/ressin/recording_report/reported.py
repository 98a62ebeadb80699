"""A recording with its parts, responses, events and invalid stretches: what a page is about."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin.decomposition.decompose import decompose
from ressin.decomposition.result import Decomposition
from ressin.decomposition.scrs import find_scrs, least_amplitude
from ressin.errors import InvalidInputError, QualityWarning
from ressin.events.events import EventSource, read_events
from ressin.events.trials import event_related
from ressin.io.read import read_recording
from ressin.recording import Recording
from ressin.recording_report.stretches import Stretch, invalid_stretches

if TYPE_CHECKING:
    import pandas as pd

    from ressin._units import Unit
    from ressin.events.events import Events


@dataclass(frozen=True, kw_only=True, eq=False)
class Reported:
    """A recording and what was found in it.

    Attributes
    ----------
    name
        Heading of the page.
    recording
        As it was read; None where the page is about a decomposition alone.
    result
        Its parts.
    scrs
        Its responses, see `ressin.find_scrs`.
    min_amplitude
        Least height of a response, in the unit of the signal.
    events
        Of the experiment; None where there are none.
    latency
        Seconds from an event in which its response begins.
    trials
        A row of measures an event, see `ressin.event_related`; None without events.
    """

    name: str
    recording: Recording | None
    result: Decomposition
    scrs: pd.DataFrame
    min_amplitude: float
    events: Events | None = None
    latency: tuple[float, float] = (1.0, 4.0)
    trials: pd.DataFrame | None = None
    unit: str = field(default="uS")

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.result.signal.size / self.result.sampling_rate

    @property
    def shown_unit(self) -> str:
        """The unit as it is printed behind numbers; ``""`` where it is not known."""
        return "\u00b5S" if self.unit == "uS" else self.unit

    @property
    def scrs_per_minute(self) -> float:
        """Responses per minute of valid samples; NaN where there are none."""
        minutes = self.result.validity.share * self.seconds / 60.0
        return len(self.scrs) / minutes if minutes > 0 else np.nan

    @cached_property
    def stretches(self) -> list[Stretch]:
        """What is not valid, as the picture on the screen shows it."""
        return invalid_stretches(self.result.validity, self.result.sampling_rate)

    @property
    def complaints(self) -> tuple[str, ...]:
        """A sentence for each thing that speaks against the parts or the file; none where nothing does."""
        said = () if self.recording is None else self.recording.warnings
        if not self.unit:
            said = ("The unit of the signal is not known: heights and ranges in \u00b5S may mean nothing here.", *said)
        unsolved = () if self.result.converged else (f"The programme was not solved: {self.result.status}.",)
        return (*unsolved, *self.result.quality.messages, *said)


def report_of(
    source: Decomposition | Recording | str | os.PathLike[str],
    *,
    events: EventSource | None = None,
    event_unit: Unit = "seconds",
    latency: tuple[float, float] = (1.0, 4.0),
    min_amplitude: float | None = None,
    name: str = "",
    settings: dict[str, Any] | None = None,
) -> Reported:
    """Decompose a recording where it is not yet, and find its responses and events.

    Parameters
    ----------
    source, events, event_unit, latency, min_amplitude, name
        As for `ressin.write_report`.
    settings
        Arguments of `ressin.decompose`; None for the robust programme, through missing samples.
    """
    recording = None
    if isinstance(source, Decomposition):
        result = source
    else:
        recording = source if isinstance(source, Recording) else read_recording(source)
        result = _decomposed(recording, settings or {"programme": "robust", "missing": "solve"})
    unit = "uS" if recording is None else recording.unit
    least = least_amplitude(result.signal, unit) if min_amplitude is None else min_amplitude
    if not least > 0:
        raise InvalidInputError(f"min_amplitude is {least!r}; it must be positive")
    found = None
    if events is not None or (recording is not None and recording.markers):
        found = read_events(
            recording if events is None else events,  # type: ignore[arg-type]  # not None: it has markers
            sampling_rate=result.sampling_rate,
            start_time=None if recording is None else recording.start_time,
            unit=event_unit,
        )
    return Reported(
        name=name or (recording.name if recording is not None else "") or "recording",
        recording=recording,
        result=result,
        scrs=find_scrs(result, min_amplitude=least),
        min_amplitude=least,
        events=found,
        latency=latency,
        trials=None if found is None else event_related(result, found, latency=latency, min_amplitude=least),
        unit=unit,
    )


def _decomposed(recording: Recording, settings: dict[str, Any]) -> Decomposition:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QualityWarning)  # the page says it
        result = decompose(recording.signal, recording.sampling_rate, **{"errors": "return", **settings})
    return result.with_temperature(recording.temperature)
