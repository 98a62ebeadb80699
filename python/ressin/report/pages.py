"""``report.html`` and ``report.md``: the same content, self-contained and for a repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ressin.pages.render import render, svg_source
from ressin.report import paper
from ressin.report.claims import Claim
from ressin.report.figures import Picture
from ressin.report.tables import Table


@dataclass(frozen=True)
class Report:
    """The content of both pages.

    Attributes
    ----------
    title, remark
        Heading, and the sentence below it.
    facts
        What was computed on what, row by row.
    claims, tables, pictures
        The results.
    missing
        What was not computed, and why.
    """

    title: str
    remark: str
    facts: tuple[tuple[str, str], ...]
    claims: Sequence[Claim]
    tables: Sequence[Table]
    pictures: Sequence[Picture]
    missing: tuple[tuple[str, str], ...] = ()


def html(report: Report) -> str:
    """Write a page that holds its figures and needs no other file and no network: pictures first, tables after."""
    return render(
        "reproduction.html",
        title=report.title,
        report=report,
        pictures=[
            (svg_source(picture.path.read_text(encoding="utf-8")), picture.path.stem, picture.caption)
            for picture in report.pictures
        ],
        tables=[(table, _ruled(table)) for table in report.tables],
        citation=paper.CITATION,
    )


def _ruled(table: Table) -> list[tuple[bool, list[str]]]:
    """Return the rows, each with whether a rule stands above it: where label or split change."""
    before = [row[:2] for row in table.rows]
    return [
        (place > 0 and before[place - 1] != row[:2], [_unbroken(text) for text in row])
        for place, row in enumerate(table.rows)
    ]


def _unbroken(text: str) -> str:
    """Write a cell so that no line ends inside an interval, or between "paper" and its figure."""
    return re.sub(r"\[(\S+), (\S+)\]|\(paper (\S+)\)", lambda found: found[0].replace(" ", "\u00a0"), text)


def markdown(report: Report) -> str:
    """Write the same for a repository; the figures are the SVG files beside it."""
    parts = [f"# {report.title}", report.remark]
    if report.missing:
        parts += ["## Not computed", "\n".join(f"- {name}: {reason}" for name, reason in report.missing)]
    if report.claims:
        lines = [
            f"- {'holds' if claim.holds else '**does not hold**'}: {claim.label}: {claim.text} ({claim.numbers})"
            for claim in report.claims
        ]
        parts += ["## What the numbers say", "\n".join(lines)]
    parts.append("## Figures")
    for picture in report.pictures:
        place = f"{picture.path.parent.name}/{picture.path.name}"
        parts += [f"![{picture.path.stem}]({place})", picture.caption]
    for table in report.tables:
        parts += [f"## {table.title}", _markdown_table(table)] + ([table.note] if table.note else [])
    facts = Table("facts", "How it was computed", ("what", "value"), report.facts)
    parts += [f"## {facts.title}", _markdown_table(facts), paper.CITATION]
    return "\n\n".join(parts) + "\n"


def _markdown_table(table: Table) -> str:
    lines = [table.header, tuple("---" for _ in table.header), *table.rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)
