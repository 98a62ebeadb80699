"""Data sets whose ratings change in time: CASE by joystick (20 Hz), K-EmoCon by self-report (every 5 s)."""

from __future__ import annotations

import math
from itertools import groupby
from pathlib import Path

import numpy as np

from ressin.data.sources.catalog import natural
from ressin.data.studies.rows import Cutting, Found, Row, mean, read_table, shown, value_of
from ressin.errors import RecordingError

VIDEOS = {1: "amusing", 2: "amusing", 3: "boring", 4: "boring", 5: "relaxed", 6: "relaxed", 7: "scary", 8: "scary"}
CASE_RATE = 1000.0  # Hz
EVERY = 5.0  # seconds between the reports of K-EmoCon
DEVICES = {
    "29": "A013E1",
    "30": "A01A3A",
    "31": "A013E1",
    "32": "A01A3A",
}  # whose own device is which, where two are named


def find_case(folder: Path, cutting: Cutting) -> Found:
    """Find CASE (Sharma et al. 2019): ``interpolated/physiological/sub_1.csv``, ``interpolated/annotations/sub_1.csv``.

    A row is a video, or a window of one, with the mean of the valence and arousal reported during it; videos that only
    separate the others are left out.
    """
    rows: list[Row] = []
    left_out = []
    for signals in sorted(folder.rglob("physiological/sub_*.csv"), key=lambda path: natural(path.stem[4:])):
        ratings = signals.parent.parent / "annotations" / signals.name
        if "interpolated" not in {part.lower() for part in signals.parts} or "non-interpolated" in signals.parts:
            continue
        try:
            if not ratings.is_file():
                raise RecordingError(f"no annotations/{ratings.name}")
            rows += _videos(folder, signals, ratings, cutting)
        except RecordingError as error:
            left_out.append(f"{signals.stem}: {error}")
    return Found(tuple(rows), tuple(left_out))


def _videos(folder: Path, signals: Path, ratings: Path, cutting: Cutting) -> list[Row]:
    table = read_table(ratings)
    columns = ("jstime", "valence", "arousal", "video")
    time, valence, arousal, video = (np.array([value_of(row, name, ratings) for row in table]) for name in columns)
    time = time / 1000.0
    rows = []
    for number, places in groupby(range(len(video)), key=lambda place: int(video[place])):
        part = list(places)
        if number not in VIDEOS:
            continue
        until = float(time[part[-1] + 1]) if part[-1] + 1 < len(time) else float(time[part[-1]])
        for start, end in cutting.starts(float(time[part[0]]), until):
            seen = [place for place in part if start <= time[place] < end]
            rows.append(
                {
                    "recording": signals.relative_to(folder).as_posix(),
                    "subject": signals.stem,
                    "stimulus": f"{VIDEOS[number]}-{2 - number % 2}",
                    "column": "gsr",
                    "unit": "uS",
                    "sampling_rate": shown(CASE_RATE),
                    "start": shown(start),
                    "end": shown(end),
                    "valence": shown(mean([float(valence[place]) for place in seen])),
                    "arousal": shown(mean([float(arousal[place]) for place in seen])),
                    "video_label": VIDEOS[number],
                    "recording_id": f"{signals.stem}_{number}_{start:.10g}",
                }
            )
    return rows


def find_k_emocon(folder: Path, cutting: Cutting) -> Found:
    """Find K-EmoCon (Park et al. 2020): ``e4_data/1/E4_EDA.csv``, ``P1.self.csv`` and ``subjects.csv``.

    A row is the debate's five seconds before each self-report, or a window with the mean of the reports in it.
    """
    about = next(iter(sorted(folder.rglob("subjects.csv"))), None)
    if about is None:
        raise RecordingError(f"{folder}: no subjects.csv, which says when the debates began")
    debates = {row.get("pid", ""): row for row in read_table(about)}
    rows: list[Row] = []
    left_out = []
    for eda in sorted(folder.rglob("E4_EDA.csv"), key=lambda path: natural(path.parent.name)):
        person = eda.parent.name
        try:
            report = next(iter(sorted(folder.rglob(f"P{person}.self.csv"))), None)
            if report is None or person not in debates:
                raise RecordingError(f"no {'line in subjects.csv' if report else f'P{person}.self.csv'}")
            rows += _reports(folder, eda, report, value_of(debates[person], "startTime", about) / 1000.0, cutting)
        except RecordingError as error:
            left_out.append(f"P{person}: {error}")
    return Found(tuple(rows), tuple(left_out))


def _reports(folder: Path, eda: Path, report: Path, began: float, cutting: Cutting) -> list[Row]:
    person = eda.parent.name
    table = [{name.strip(): cell.lower().strip("x") for name, cell in row.items()} for row in read_table(report)]
    names = ("seconds", "arousal", "valence")
    time, arousal, valence = ([value_of(row, name, report) for row in table] for name in names)
    last = max((second for second in time if not math.isnan(second)), default=0.0)
    each = Cutting(EVERY, EVERY) if cutting.window is None else cutting
    where = f"device_serial={DEVICES[person]}" if person in DEVICES and _has_several_devices(eda) else ""
    rows = []
    for start, end in each.starts(0.0, last):
        seen = [place for place, second in enumerate(time) if start < second <= end + 1e-9]
        rows.append(
            {
                "recording": eda.relative_to(folder).as_posix(),
                "subject": f"P{person}",
                "stimulus": "debate",
                "column": "value",
                "unit": "uS",
                "where": where,
                "start": shown(began + start),
                "end": shown(began + end),
                "arousal": shown(mean([arousal[place] for place in seen])),
                "valence": shown(mean([valence[place] for place in seen])),
                "recording_id": f"P{person}_{start:.10g}",
            }
        )
    return rows


def _has_several_devices(eda: Path) -> bool:
    table = read_table(eda)
    return len({row.get("device_serial", "") for row in table}) > 1
