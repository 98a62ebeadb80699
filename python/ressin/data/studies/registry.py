"""The published data sets whose folders are known by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ressin.data.studies import annotated, eevr, emopaircompete, exams, stress_predict, wesad
from ressin.data.studies.rows import Cutting, Found
from ressin.errors import InvalidInputError


@dataclass(frozen=True)
class Study:
    """A data set: its name, what a folder of it holds, what becomes of it, and the function that finds that."""

    name: str
    holds: str
    becomes: str
    find: Callable[[Path, Cutting], Found]


RATINGS = "valence and arousal"
STUDIES = (
    Study(
        "wesad", "S2/S2_quest.csv, S2/S2_E4_Data/EDA.csv, S2/S2_respiban.txt",
        f"the wrist; labels state and stress, {RATINGS}", wesad.find_wrist,
    ),
    Study(
        "wesad-chest", "S2/S2_quest.csv, S2/S2_respiban.txt",
        f"the chest; labels state and stress, {RATINGS}", wesad.find_chest,
    ),
    Study(
        "case", "interpolated/physiological/sub_1.csv, interpolated/annotations/sub_1.csv",
        f"label video, {RATINGS}: means of the joystick's", annotated.find_case,
    ),
    Study(
        "k-emocon", "e4_data/1/E4_EDA.csv, P1.self.csv, subjects.csv",
        f"{RATINGS}: every 5 s, or means over the windows", annotated.find_k_emocon,
    ),
    Study("eevr", "EDA.csv, VADS.csv", f"label quadrant, {RATINGS}", eevr.find),
    Study(
        "stress-predict", "S02/EDA.csv, S02/tags.csv (or tags_S02.csv)",
        "labels state, stress and mental", stress_predict.find,
    ),
    Study(
        "exam-stress", "S1/Final/EDA.csv, S1/Midterm 1/EDA.csv, StudentGrades.txt",
        "labels exam and grade (80 % of the points)", exams.find,
    ),
    Study(
        "emopaircompete", "D1_1/ID_1/round_1/phase1/EDA.csv, response.csv beside it",
        "labels phase, puzzle and frustrated (5 of 10)", emopaircompete.find,
    ),
)  # fmt: skip
NAMES = tuple(study.name for study in STUDIES)


def find_study(folder: str | Path, name: str, *, window: float | None = None, step: float | None = None) -> Found:
    """Turn a data set's folder into the rows of a manifest.

    Parameters
    ----------
    folder
        What was downloaded and unpacked.
    name
        One of `NAMES`.
    window, step
        Seconds; divides the rows into windows, `step` apart (default: end to end).

    Returns
    -------
    found
        Rows with paths relative to the folder, and what could not be used.

    Raises
    ------
    InvalidInputError
        For another name, a step without a window, or a folder in which nothing of the layout is found.
    RecordingError
        When a table that all rows need is missing or damaged.
    """
    study = next((study for study in STUDIES if study.name == name), None)
    if study is None:
        raise InvalidInputError(f"layout={name!r} is not known: one of {', '.join(NAMES)}")
    for what, value in (("window", window), ("step", step)):
        if value is not None and not value > 0.0:
            raise InvalidInputError(f"{what}={value:g}: a number of seconds > 0 is needed")
    if step is not None and window is None:
        raise InvalidInputError(f"step={step:g} needs a window, whose steps it is")
    root = Path(folder)
    if not root.is_dir():
        raise InvalidInputError(f"{root} is not a folder")
    found = study.find(root, Cutting(window, step))
    if not found.rows:
        detail = f"; {found.left_out[0]}" if found.left_out else ""
        raise InvalidInputError(f"{root}: nothing of the layout {name} is there, which has {study.holds}{detail}")
    return found
