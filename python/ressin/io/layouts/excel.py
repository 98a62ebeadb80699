"""Excel and OpenDocument workbooks."""

from __future__ import annotations

import csv
import datetime
import io
import zipfile
from typing import Any

from ressin._extras import require
from ressin.errors import RecordingError
from ressin.io.layout import Layout, Match
from ressin.io.source import Content
from ressin.io.table import Table

_MEMBERS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")


def sniff(content: Content) -> Match | None:
    """Look for A zip archive with a workbook in it, or an old workbook; other archives are named as such."""
    if content.data.startswith(b"\xd0\xcf\x11\xe0"):
        return Match(0.9, "it begins as an old Excel workbook does")
    if not content.data.startswith(b"PK\x03\x04"):
        return None
    try:
        names = zipfile.ZipFile(io.BytesIO(content.data)).namelist()
    except zipfile.BadZipFile:
        names = []
    workbook = any(name in names for name in _MEMBERS)
    return Match(1.0, "a workbook in a zip archive") if workbook else Match(0.5, "it begins as a zip archive does")


def read(content: Content) -> list[Table]:
    """Read each sheet that has rows, as its text would be."""
    from ressin.io.layouts.plain import read as read_plain

    path = str(content.path)
    _refuse_archives(content)
    calamine = require("python_calamine", "devices", "reading Excel and OpenDocument workbooks")
    workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content.data))
    tables: list[Table] = []
    errors: list[RecordingError] = []
    for name in workbook.sheet_names:
        rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=True)
        text = _as_text(rows)
        if text.count("\n") < 2:
            continue
        try:
            made = read_plain(Content(content.path, text.encode("utf-8"), content.limit))
        except RecordingError as error:
            errors.append(error)
            continue
        for table in made:
            table.notes.insert(0, f"sheet {name!r}")
            table.part = name
        tables += made
    if not tables:
        raise errors[0] if errors else RecordingError(f"{path}: no sheet of the workbook has rows of data")
    return tables


def _refuse_archives(content: Content) -> None:
    if not content.data.startswith(b"PK"):
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(content.data))
    except zipfile.BadZipFile as error:
        raise RecordingError(
            f"{content.path}: is a zip archive or an Excel workbook that is damaged or cut short ({error}); copy "
            "it again, or save the table as CSV"
        ) from error
    names = archive.namelist()
    if sum(member.file_size for member in archive.infolist()) > content.limit:
        raise RecordingError(
            f"{content.path}: unpacks to more than {content.limit / 2**20:,.0f} MiB, the most that is read"
        )
    if not any(name in names for name in _MEMBERS):
        what = (
            "an .npz archive: save one array with numpy.save"
            if all(n.endswith(".npy") for n in names)
            else (
                f"a zip archive of {len(names)} file(s) ({', '.join(names[:5])}): ressin decompose takes it whole, or "
                "unpack it, or save the table as CSV"
            )
        )
        raise RecordingError(f"{content.path}: is {what}")


def _as_text(rows: list[list[Any]]) -> str:
    """Rows as CSV with semicolons, numbers in full, dates in ISO 8601."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(cell) for cell in row])
    return out.getvalue()


def _cell(cell: Any) -> str:
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ", timespec="microseconds")
    if isinstance(cell, datetime.time):
        return cell.isoformat(timespec="microseconds")
    return repr(cell) if isinstance(cell, float) else str(cell)


LAYOUT = Layout(
    name="excel", extensions=".xlsx .xls .xlsb .ods", device="spreadsheets", rate="a column of times, or `--rate`",
    unit="as plain", markers="as plain", sniff=sniff, read=read, grows=False, library="python-calamine (extra devices)",
)  # fmt: skip
