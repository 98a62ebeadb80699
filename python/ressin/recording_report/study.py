"""The overview of a study: a row a recording, the worst first."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from ressin._files.names import encodable
from ressin.pages.render import TEMPLATES, render, write_page
from ressin.recording_report import facts
from ressin.recording_report.still import thumbnail

if TYPE_CHECKING:
    from ressin.recording_report.reported import Reported

_STEP = 0.05  # share of valid samples within which two recordings are told apart by their remarks


@dataclass(frozen=True)
class Row:
    """A recording of the study.

    Attributes
    ----------
    name
        Its name in the study.
    link
        Address of its page, from the overview's folder; ``""`` where there is none.
    thumbnail
        Source of an ``<img>``; ``""`` where there is none.
    seconds, valid, tonic, n_scrs, per_minute, amplitude
        Length; share of valid samples; median tonic level; number of responses, those per valid minute, and their mean
        amplitude. NaN where there is none.
    unit
        Of level and amplitude, as it is printed.
    solved
        Whether the solution is proved.
    remarks
        What speaks against the recording; its refusal where it could not be read.
    """

    name: str
    link: str = ""
    thumbnail: str = ""
    seconds: float = math.nan
    valid: float = math.nan
    tonic: float = math.nan
    n_scrs: float = math.nan
    per_minute: float = math.nan
    amplitude: float = math.nan
    unit: str = ""
    solved: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether there is no page of it."""
        return not self.link

    @property
    def badness(self) -> tuple[bool, bool, int, int, float]:
        """Sorts the worst first: failed, not solved, little of it valid (in steps of 5 %), many remarks."""
        step = -1 if math.isnan(self.valid) else math.floor(self.valid / _STEP + 1e-9)
        return self.link != "", self.solved, step, -len(self.remarks), self.valid

    @property
    def cells(self) -> list[tuple[str, str, str]]:
        """Heading, text and sorting value of each number."""
        numbers = (
            ("length", self.seconds, facts.length_text(self.seconds) if self.seconds == self.seconds else ""),
            ("valid", self.valid, f"{self.valid:.1%}"),
            ("tonic level", self.tonic, facts.number_text(self.tonic, self.unit)),
            ("SCRs", self.n_scrs, f"{self.n_scrs:.0f}"),
            ("SCRs per minute", self.per_minute, facts.number_text(self.per_minute)),
            ("mean amplitude", self.amplitude, facts.number_text(self.amplitude, self.unit)),
        )
        return [(name, "" if math.isnan(value) else text, f"{value:.10g}") for name, value, text in numbers]


def row_of(reported: Reported, link: str) -> Row:
    """Return the row of a recording.

    Parameters
    ----------
    reported
        The recording.
    link
        Path of its page from the overview's folder, with ``/`` between folders.
    """
    scrs = reported.scrs
    return Row(
        name=reported.name,
        link=quote(os.fsencode(link)),
        thumbnail=thumbnail(reported),
        seconds=reported.seconds,
        valid=reported.result.validity.share,
        tonic=facts.tonic_level(reported),
        n_scrs=len(scrs),
        per_minute=reported.scrs_per_minute,
        amplitude=float(scrs["SCR_Amplitude"].mean()) if len(scrs) else math.nan,
        unit=reported.shown_unit,
        solved=reported.result.converged,
        remarks=reported.complaints,
    )


def write_overview(
    rows: Sequence[Row],
    path: str | os.PathLike[str],
    *,
    title: str,
    left_out: Sequence[tuple[str, str]] = (),
) -> None:
    """Write the overview of a study.

    Parameters
    ----------
    rows
        Its recordings, in any order.
    path
        Where to.
    title
        Heading.
    left_out
        Files beside the recordings that are no skin conductance, and why.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    ordered = sorted(rows, key=lambda row: row.badness)
    done = [row for row in rows if not row.failed]
    seconds = sum(row.seconds for row in done)
    shares = [row.valid for row in done]
    figures = [
        (str(len(rows)), "recordings"),
        (str(len(rows) - len(done)), "could not be worked on"),
        (str(sum(1 for row in done if row.remarks)), "with remarks"),
        (facts.length_text(seconds), "in all"),
        (f"{min(shares):.1%}" if shares else "\u2013", "valid in the worst"),
    ]
    text = render(
        "study.html",
        title=title,
        figures=figures,
        rows=ordered,
        headings=[name for name, _, _ in Row("").cells],
        left_out=[(encodable(name), reason) for name, reason in left_out],
        sections=[("Versions", facts.versions())],
        sorting=(TEMPLATES / "sort.js").read_text(encoding="utf-8"),
    )
    write_page(text, path)
