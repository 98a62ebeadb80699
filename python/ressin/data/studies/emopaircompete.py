"""EmoPairCompete (Das et al. 2024): an E4 per person, cut into rounds of three phases, and what each was like.

``D1_1/ID_1/round_1/phase1/EDA.csv`` (a time and EDA in each row) and ``response.csv`` beside it, one row of ratings;
phase 1 is rest, phase 2 the puzzle, phase 3 recovery.
"""

from __future__ import annotations

from pathlib import Path

from ressin.data.sources.catalog import natural
from ressin.data.studies.rows import Cutting, Found, Row, read_table, value_of
from ressin.errors import RecordingError

PHASES = {"1": "rest", "2": "puzzle", "3": "recovery"}
SCALE_MIDDLE = 5.0  # of the frustration scale, 0 to 10


def find(folder: Path, cutting: Cutting) -> Found:
    """Find people, rounds and phases."""
    rows: list[Row] = []
    left_out = []
    for eda in sorted(folder.rglob("ID_*/*/*/EDA.csv"), key=lambda path: [natural(part) for part in path.parts]):
        cohort, person, game, phase = eda.parts[-5:-1]
        kind = PHASES.get(phase[-1:])
        response = eda.with_name("response.csv")
        try:
            if kind is None:
                raise RecordingError(f"{phase!r} is not phase 1, 2 or 3")
            answers = read_table(response) if response.is_file() else []
            frustrated = value_of(answers[0], "frustrated", response) if answers else float("nan")
        except RecordingError as error:
            left_out.append(f"{eda.relative_to(folder).as_posix()}: {error}")
            continue
        rows.append(
            {
                "recording": eda.relative_to(folder).as_posix(),
                "subject": f"{cohort}_{person}",
                "stimulus": f"{game} {kind}",
                "column": "EDA",
                "unit": "uS",
                **cutting.columns,
                "phase_label": kind,
                "puzzle_label": str(int(kind == "puzzle")),
                "frustrated_label": "" if frustrated != frustrated else str(int(frustrated >= SCALE_MIDDLE)),
                "recording_id": f"{cohort}_{person}_{game}_{phase}",
            }
        )
    return Found(tuple(rows), tuple(left_out))
