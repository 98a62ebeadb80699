"""``report.html`` and ``report.md``: the same content, self-contained and for a repository."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ressin.report import paper
from ressin.report.claims import Claim
from ressin.report.figures import Picture
from ressin.report.tables import Table

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.9rem 0.25rem 0; border-bottom: 1px solid #8885; }
thead th { white-space: nowrap; } tbody tr.rule td { border-top: 2px solid #888; }
figure { margin: 1rem 0; } figure img { max-width: 100%; height: auto; background: #fff; }
figcaption, .note { font-size: 0.85rem; opacity: 0.85; }
.yes::before { content: "holds: "; color: #007a5a; font-weight: 600; }
.no::before { content: "does not hold: "; color: #d55e00; font-weight: 600; }
"""


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
    """Write a page that holds its figures and needs no other file and no network."""
    parts = [f"<h1>{escape(report.title)}</h1>", f"<p>{escape(report.remark)}</p>"]
    if report.missing:
        rows = "".join(f"<li>{escape(name)}: {escape(reason)}</li>" for name, reason in report.missing)
        parts.append(f"<h2>Not computed</h2><ul>{rows}</ul>")
    if report.claims:
        parts.append("<h2>What the numbers say</h2><ul>")
        for claim in report.claims:
            kind = "yes" if claim.holds else "no"
            text = f"{claim.label}: {claim.text} ({claim.numbers})"
            parts.append(f'<li class="{kind}">{escape(text)}</li>')
        parts.append("</ul>")
    parts += [_html_table(table) for table in report.tables]
    parts.append("<h2>Figures</h2>")
    parts += [_html_picture(picture) for picture in report.pictures]
    facts = Table("facts", "How it was computed", ("what", "value"), report.facts)
    parts += [_html_table(facts), f'<p class="note">{escape(paper.CITATION)}</p>']
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    )
    return head + "\n".join(parts) + "\n</body>\n</html>\n"


def _html_table(table: Table) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in table.header)
    rows, before = [], None
    for row in table.rows:
        rule = ' class="rule"' if before is not None and before != row[:2] and table.name != "facts" else ""
        before = row[:2]
        rows.append(f"<tr{rule}>" + "".join(f"<td>{_unbroken(text)}</td>" for text in row) + "</tr>")
    body = f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table>"
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return f'<h2 id="{escape(table.name)}">{escape(table.title)}</h2>\n<div class="wide">{body}</div>{note}'


def _unbroken(text: str) -> str:
    """Write a cell so that no line ends inside an interval, or between "paper" and its figure."""
    return re.sub(r"\[(\S+), (\S+)\]|\(paper (\S+)\)", lambda found: found[0].replace(" ", "&nbsp;"), escape(text))


def _html_picture(picture: Picture) -> str:
    # A picture of its own rather than inline: the names inside one SVG file may recur in the next.
    data = base64.b64encode(picture.path.read_bytes()).decode()
    caption = escape(picture.caption)
    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(picture.path.stem)}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


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
    for table in report.tables:
        parts += [f"## {table.title}", _markdown_table(table)] + ([table.note] if table.note else [])
    parts.append("## Figures")
    for picture in report.pictures:
        place = f"{picture.path.parent.name}/{picture.path.name}"
        parts += [f"![{picture.path.stem}]({place})", picture.caption]
    facts = Table("facts", "How it was computed", ("what", "value"), report.facts)
    parts += [f"## {facts.title}", _markdown_table(facts), paper.CITATION]
    return "\n\n".join(parts) + "\n"


def _markdown_table(table: Table) -> str:
    lines = [table.header, tuple("---" for _ in table.header), *table.rows]
    return "\n".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |" for line in lines)
