"""WESAD (Schmidt et al. 2018): wrist and chest while people rested, were stressed, were amused and meditated.

``S2/S2_quest.csv`` has the conditions with their times, in minutes and seconds from the start of the chest's recording,
and the ratings (SAM valence and arousal) after each; ``S2/S2_E4_Data/EDA.csv`` is the wrist, ``S2/S2_respiban.txt`` the
chest. The synchronised ``S2.pkl`` is a pickle, which can run anything when it is opened, and is not opened. The wrist
is placed by the two devices' own clocks; WESAD's authors aligned them by double taps, so its windows are uncertain by
some seconds.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

from ressin._files.limits import MAX_JSON_BYTES, read_limited
from ressin.data.sources.tables import decode, number
from ressin.data.studies.rows import Cutting, Found, Row, local_to_unix, shown
from ressin.errors import RecordingError

STATES = {"base": "baseline", "tsst": "stress", "fun": "amusement", "medi": "meditation"}
BERLIN = 1  # hours before UTC in winter


def find_wrist(folder: Path, cutting: Cutting) -> Found:
    """Find people and conditions, with the wrist's recordings."""
    return _find(folder, cutting, wrist=True)


def find_chest(folder: Path, cutting: Cutting) -> Found:
    """Find people and conditions, with the chest's recordings."""
    return _find(folder, cutting, wrist=False)


def _find(folder: Path, cutting: Cutting, *, wrist: bool) -> Found:
    rows: list[Row] = []
    left_out = []
    for quest in sorted(folder.rglob("S*_quest.csv")):
        person = quest.name.removesuffix("_quest.csv")
        chest = quest.with_name(f"{person}_respiban.txt")
        eda = quest.with_name(f"{person}_E4_Data") / "EDA.csv" if wrist else chest
        try:
            missing = [path.name for path in (eda, chest) if not path.is_file()]
            if missing:
                raise RecordingError(f"no {missing[0]}{' (unpack the zip archive beside it)' if wrist else ''}")
            began = _began(chest) if wrist else 0.0
            rows += _conditions(quest, person, eda.relative_to(folder).as_posix(), began, cutting)
        except RecordingError as error:
            left_out.append(f"{person}: {error}")
    return Found(tuple(rows), tuple(left_out))


def _began(chest: Path) -> float:
    """When the chest's recording began, in seconds since 1970, from its header in German time."""
    try:
        with chest.open("rb") as lines:
            lines.readline()
            about = next(iter(json.loads(lines.readline(MAX_JSON_BYTES).decode().lstrip("# ")).values()))
        day = "-".join(part.zfill(2) for part in str(about["date"]).split("-"))
        return local_to_unix(day, str(about["time"]), standard_hours=BERLIN, europe=True)
    except (ValueError, KeyError, StopIteration, AttributeError, TypeError) as error:
        raise RecordingError(f"{chest.name}: its header does not say when it began ({error})") from None


def _conditions(quest: Path, person: str, recording: str, began: float, cutting: Cutting) -> list[Row]:
    lines = _lines(quest)
    order = [name for name in lines["ORDER"][0] if name]
    times = {name: [_seconds(cell, quest.name) for cell in lines[name][0][: len(order)]] for name in ("START", "END")}
    ratings = iter(lines.get("DIM", []))
    rows = []
    for name, start, end in zip(order, times["START"], times["END"], strict=True):
        state = STATES.get(re.sub(r"[^a-z]", "", name.lower()))
        if state is None:  # the readings between
            continue
        valence, arousal = (number(cell) for cell in [*next(ratings, []), "", ""][:2])
        rows.append(
            {
                "recording": recording,
                "subject": person,
                "stimulus": name,
                "column": "EDA" if recording.endswith(".txt") else "",
                "start": shown(began + start),
                "end": shown(began + end),
                **cutting.columns,
                "valence": shown(valence),
                "arousal": shown(arousal),
                "state_label": state,
                "stress_label": str(int(state == "stress")),
                "recording_id": f"{person}_{name.replace(' ', '')}",
            }
        )
    return rows


def _lines(quest: Path) -> dict[str, list[list[str]]]:
    """Lines of the questionnaire by their first word, in order."""
    text, _ = decode(read_limited(quest))
    found: dict[str, list[list[str]]] = {}
    for cells in csv.reader(text.splitlines(), delimiter=";"):
        if cells and cells[0].startswith("#"):
            found.setdefault(cells[0].lstrip("# ").upper(), []).append([cell.strip() for cell in cells[1:]])
    for name in ("ORDER", "START", "END"):
        if name not in found:
            raise RecordingError(f"{quest.name}: no line '# {name}'")
    return found


def _seconds(cell: str, name: str) -> float:
    """Read minutes and seconds, ``"39.55"``; a spreadsheet has written ``"39.5"`` for ``"39.50"``."""
    minutes, _, seconds = cell.partition(".")
    seconds = seconds.ljust(2, "0")
    if not (minutes.isdecimal() and seconds.isdecimal() and len(seconds) == 2 and int(seconds) < 60):
        raise RecordingError(f"{name}: {cell!r} is not a time in minutes.seconds")
    return 60.0 * int(minutes) + int(seconds)
