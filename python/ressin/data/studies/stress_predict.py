"""Stress-Predict (Iqbal et al. 2022): an E4 per person, whose tags divide the hour into seven phases.

``S02/EDA.csv`` and ``S02/tags.csv`` (in the published folder ``Raw_data/S02/tags_S02.csv``). The first seven tags begin
Stroop test, rest, interview, rest, hyperventilation and rest, and end the last; the baseline ends at the first, and its
first four minutes, in which people were seated and told what would come, are left out. Tags twelve hours before their
file (three people have some) are moved to the file's half of the day.
"""

from __future__ import annotations

import re
from pathlib import Path

from ressin._files.limits import read_limited
from ressin.data.sources.tables import number
from ressin.data.studies.rows import Cutting, Found, Row, shown
from ressin.errors import RecordingError

PHASES = ("stroop", "relax1", "interview", "relax2", "hyperventilation", "relax3")
LENGTHS = {  # seconds: the protocol's 5, 5, 10, 5, 2 and 5 minutes, with what people took longer or shorter
    "stroop": (150, 540), "relax1": (150, 540), "interview": (400, 840),
    "relax2": (150, 540), "hyperventilation": (60, 240), "relax3": (150, 540),
}  # fmt: skip
HALF_DAY = 43_200.0  # s
BASELINE_FROM = 240.0
STRESS = {"stroop": "1", "interview": "1", "hyperventilation": "1"}


def find(folder: Path, cutting: Cutting) -> Found:
    """Find people and phases."""
    rows: list[Row] = []
    left_out = []
    for person in sorted(path for path in folder.rglob("S*") if path.is_dir() and re.fullmatch(r"S\d+", path.name)):
        eda, tags = person / "EDA.csv", next(iter(sorted(person.glob("tags*.csv"))), None)
        if not eda.is_file() or tags is None:
            left_out.append(f"{person.name}: no {'EDA.csv' if not eda.is_file() else 'tags.csv'}")
            continue
        try:
            rows += _phases(folder, person.name, eda, _numbers(tags), cutting)
        except RecordingError as error:
            left_out.append(f"{person.name}: {error}")
    return Found(tuple(rows), tuple(left_out))


def _numbers(tags: Path) -> list[float]:
    try:
        return [number(line) for line in read_limited(tags).decode("utf-8", "replace").split()]
    except ValueError as error:
        raise RecordingError(f"{tags.name}: {error} is not a time") from None


def _phases(folder: Path, person: str, eda: Path, tags: list[float], cutting: Cutting) -> list[Row]:
    with eda.open(encoding="utf-8", errors="replace") as lines:
        began = number(lines.readline().split(",")[0])
    if len(tags) < len(PHASES) + 1:
        raise RecordingError(f"{len(tags)} tag(s), {len(PHASES) + 1} are needed")
    times = [tag - began for tag in tags[: len(PHASES) + 1]]
    times = [time + HALF_DAY if -HALF_DAY < time < 0.0 else time for time in times]
    for name, start, end in zip(PHASES, times, times[1:]):  # noqa: B905  # each with the next
        low, high = LENGTHS[name]
        if not low <= end - start <= high:
            raise RecordingError(
                f"the tags do not fit the protocol: {name} would last {end - start:.0f} s, "
                f"{low} to {high} s are possible"
            )
    phases = [("baseline", BASELINE_FROM, times[0]), *zip(PHASES, times, times[1:])]  # noqa: B905
    return [
        {
            "recording": eda.relative_to(folder).as_posix(),
            "subject": person,
            "stimulus": name,
            "start": shown(round(start, 3)),
            "end": shown(round(end, 3)),
            **cutting.columns,
            "state_label": name.rstrip("123"),
            "stress_label": STRESS.get(name, "0"),
            "mental_label": "" if name == "hyperventilation" else STRESS.get(name, "0"),
            "recording_id": f"{person}_{name}",
        }
        for name, start, end in phases
    ]
