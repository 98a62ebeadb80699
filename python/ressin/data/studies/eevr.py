"""EEVR (Singh et al. 2024): one table of all people's skin conductance in virtual reality, one of their ratings.

``EDA.csv`` has the columns EDA, Participant ID, Video ID and CMA, at 15.625 Hz, each person's rows in order;
``VADS.csv`` valence, arousal and dominance of each person and video. Windows are counted in a person's rows, because
the column Time begins anew with every video.
"""

from __future__ import annotations

import csv
from collections import Counter
from itertools import groupby
from pathlib import Path

from ressin.data.studies.rows import Cutting, Found, Row, read_table, shown, value_of
from ressin.errors import RecordingError

RATE = 15.625  # Hz
NEEDED = ("EDA", "Participant ID", "Video ID", "CMA")
QUADRANTS = ("Baseline", "LVLA", "LVHA", "HVLA", "HVHA")


def find(folder: Path, cutting: Cutting) -> Found:
    """Find people and videos."""
    names = ("EDA.csv", "Stimuli_EDA.csv")
    signals = next((path for name in names for path in sorted(folder.rglob(name))), None)
    ratings = next(iter(sorted(folder.rglob("VADS.csv"))), None)
    if signals is None or ratings is None:
        raise RecordingError(f"{folder}: no {'EDA.csv' if signals is None else 'VADS.csv'}")
    rated = {(row.get("Participant ID", ""), row.get("Video ID", "").lstrip("V")): row for row in read_table(ratings)}
    rows: list[Row] = []
    left_out = []
    place: Counter[str] = Counter()
    with signals.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        reader = csv.DictReader(lines)
        absent = [name for name in NEEDED if name not in (reader.fieldnames or ())]
        if absent:
            raise RecordingError(f"{signals}: column {absent[0]!r} is missing")
        for (person, video, quadrant), part in groupby(reader, key=lambda row: tuple(row[name] for name in NEEDED[1:])):
            first, number = place[person], sum(1 for _ in part)
            place[person] += number
            if quadrant not in QUADRANTS:  # rests, and what was marked as an error
                continue
            rating = rated.get((person, video.lstrip("V")))
            if rating is None:
                left_out.append(f"participant {person}, video {video}: no ratings in {ratings.name}")
                continue
            rows.append(
                {
                    "recording": signals.relative_to(folder).as_posix(),
                    "subject": f"P{person}",
                    "stimulus": f"{quadrant}-{video}",
                    "column": "EDA",
                    "where": f"Participant ID={person}",
                    "unit": "uS",
                    "sampling_rate": shown(RATE),
                    "start": shown(first / RATE),
                    "end": shown((first + number) / RATE),
                    **cutting.columns,
                    "valence": shown(value_of(rating, "Valence", ratings)),
                    "arousal": shown(value_of(rating, "Arousal", ratings)),
                    "quadrant_label": quadrant,
                    "recording_id": f"P{person}_{video}_{first}",
                }
            )
    return Found(tuple(rows), tuple(left_out))
