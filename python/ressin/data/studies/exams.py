"""Wearable exam stress (Amin et al. 2022, PhysioNet): an E4 during three exams, and the grades.

``S1/Final/EDA.csv``, ``S1/Midterm 1/EDA.csv``, ``S1/Midterm 2/EDA.csv`` and ``StudentGrades.txt``. Every exam began at
9:00 in Houston; midterms last 1.5 hours, the final 3. What was recorded before is a row of its own.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

from ressin._files.limits import read_limited
from ressin.data.sources.catalog import natural
from ressin.data.sources.tables import decode, number
from ressin.data.studies.rows import Cutting, Found, Row, local_to_unix, shown
from ressin.errors import RecordingError

SECONDS = {"Final": 3 * 3600.0, "Midterm 1": 1.5 * 3600.0, "Midterm 2": 1.5 * 3600.0}
POINTS = {"Final": 200.0, "Midterm 1": 100.0, "Midterm 2": 100.0}
HIGH = 0.8  # of the points
HOUSTON = -6  # hours before UTC in winter


def find(folder: Path, cutting: Cutting) -> Found:
    """Find people and exams."""
    listed = next(iter(sorted(folder.rglob("StudentGrades.txt"))), None)
    grades = _grades(listed) if listed is not None else {}
    rows: list[Row] = []
    left_out = [] if listed is not None else ["no StudentGrades.txt: the rows have no grades"]
    files = [path for path in folder.rglob("EDA.csv") if path.parent.name in SECONDS]
    for eda in sorted(files, key=lambda path: (natural(path.parent.parent.name.lstrip("S")), path.parent.name)):
        try:
            rows += _parts(folder, eda, grades, cutting)
        except (RecordingError, ValueError) as error:
            left_out.append(f"{eda.relative_to(folder).as_posix()}: {error}")
    return Found(tuple(rows), tuple(left_out))


def _parts(folder: Path, eda: Path, grades: dict[tuple[str, str], float], cutting: Cutting) -> list[Row]:
    exam, person = eda.parent.name, eda.parent.parent.name
    with eda.open(encoding="utf-8", errors="replace") as lines:
        began, rate = (number(lines.readline().split(",")[0]) for _ in range(2))
        over = began + sum(1 for line in lines if line.strip()) / rate
    local = datetime.fromtimestamp(began, timezone.utc) + timedelta(hours=HOUSTON)
    nine = local_to_unix(f"{local:%Y-%m-%d}", "09:00:00", standard_hours=HOUSTON, europe=False)
    grade = grades.get((person, exam))
    parts = [("before", began, min(nine, over), "0"), ("exam", max(nine, began), min(nine + SECONDS[exam], over), "1")]
    return [
        {
            "recording": eda.relative_to(folder).as_posix(),
            "subject": person,
            "stimulus": exam if name == "exam" else f"before {exam}",
            "start": shown(start),
            "end": shown(end),
            **cutting.columns,
            "exam_label": label,
            "grade_label": "" if grade is None else str(int(grade >= HIGH * POINTS[exam])),
            "recording_id": f"{person}_{exam}_{name}".replace(" ", ""),
        }
        for name, start, end, label in parts
        if end - start >= 1.0
    ]


def _grades(path: Path) -> dict[tuple[str, str], float]:
    """Read headings that name an exam, and lines such as ``S1 - 78`` below."""
    text, _ = decode(read_limited(path))
    exam, found = "", {}
    for line in text.splitlines():
        heading = re.search(r"midterm\s*[12]|final", line, re.IGNORECASE)
        grade = re.match(r"\s*(S\d+)\D+(\d+(?:\.\d+)?)\s*$", line)
        if heading:
            exam = heading.group().title().replace("Midterm1", "Midterm 1").replace("Midterm2", "Midterm 2")
            exam = re.sub(r"\s+", " ", exam)
        elif grade:
            found[grade.group(1), exam] = float(grade.group(2))
    return found
