"""The rules of a manifest, in pandera, and its findings in words: row, column, value, what would be right."""

import difflib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ressin._extras import require
from ressin.data.sources.catalog import DIMENSIONS
from ressin.data.sources.manifest_times import Time, parse_time
from ressin.errors import InvalidInputError
from ressin.io.missing import is_missing

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ("recording", "subject", "stimulus")
TEXTS = (*NEEDED, "column", "where", "unit", "audio", "feature_row", "recording_id")
TIMES = ("start", "end")
NUMBERS = ("sampling_rate", "window", "step", *DIMENSIONS)
AMOUNTS = {"no": 0, "none": 0, "low": 1, "medium": 2, "middle": 2, "moderate": 2, "high": 3}
MAX_CLASSES = 127
SHOWN = 20


def check_frame(
    raw: "pd.DataFrame", lines: Sequence[str], labels: Sequence[str], name: str
) -> tuple["pd.DataFrame", dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Check a manifest and fill in its optional columns.

    Parameters
    ----------
    raw
        All cells as text, ``""`` where empty.
    lines
        Where each row is, such as ``"row 3 (line 4)"``.
    labels
        Columns that hold ready labels, besides those that end in ``_label``.
    name
        The manifest's name.

    Returns
    -------
    frame, classes, ratings
        Text columns, float64 columns (NaN where empty), `TIMES` in seconds with a column ``absolute``,
        ``<name>_rating`` columns, and ``<name>_label`` columns (float64: number of the class, or NaN); the classes of
        each label; the names of the ratings.

    Raises
    ------
    InvalidInputError
        With row and column of each problem.
    MissingExtraError
        When pandera is not installed.
    """
    import pandas as pd

    label_columns = _label_columns(raw, labels, name)
    frame = pd.DataFrame(index=raw.index)
    for column in TEXTS:
        frame[column] = raw.get(column, "")
    problems = []
    ratings = [column for column in raw.columns if _is_rating(column) and column not in label_columns]
    for column in (*NUMBERS, *ratings):
        texts = raw[column] if column in raw else pd.Series("", index=raw.index, dtype=object)
        values = pd.to_numeric(texts.where(texts != ""), errors="coerce").astype("float64")
        for row in raw.index[values.isna() & ~texts.map(is_missing)]:
            problems.append(f"{lines[row]}, column {column!r}: {texts[row]!r} is not a number")
        frame[column] = values
    _fill_times(raw, frame, lines, problems)
    classes = {}
    for column, label in label_columns.items():
        frame[f"{label}_label"], classes[label] = _classes(raw[column], column, lines, problems)
    names = zip(frame["recording_id"], frame["recording"], strict=True)
    numbered = [given or f"{recording}#{row}" for row, (given, recording) in enumerate(names, 1)]
    frame["recording_id"] = pd.Series(numbered, index=frame.index, dtype=frame["recording_id"].dtype)
    problems += _violations(frame, lines, ratings)
    if problems:
        raise InvalidInputError(problem_text(name, problems))
    return frame, classes, tuple(column.removesuffix("_rating") for column in ratings)


def _is_rating(column: str) -> bool:
    return column.endswith("_rating") and len(column) > len("_rating")


def _fill_times(raw: "pd.DataFrame", frame: "pd.DataFrame", lines: Sequence[str], problems: list[str]) -> None:
    """Read start and end; both count from the file's beginning, or both from 1970."""
    found: dict[str, dict[int, Time]] = {}
    for column in TIMES:
        found[column] = {}
        for row, text in enumerate(raw[column] if column in raw else [""] * len(raw)):
            if is_missing(text):
                continue
            try:
                found[column][row] = parse_time(text)
            except ValueError as error:
                problems.append(f"{lines[row]}, column {column!r}: {error}")
        frame[column] = [found[column][row].seconds if row in found[column] else math.nan for row in range(len(raw))]
    absolute = {row for times in found.values() for row, time in times.items() if time.absolute}
    for row in sorted(absolute):
        if any(row in times and not times[row].absolute for times in found.values()):
            problems.append(
                f"{lines[row]}, column 'end': start and end must be of one kind, both times of day or both of the file"
            )
    frame["absolute"] = [row in absolute for row in range(len(raw))]


def _classes(
    texts: "pd.Series", column: str, lines: Sequence[str], problems: list[str]
) -> tuple["pd.Series", tuple[str, ...]]:
    """Give the classes of a label numbers: 0 and 1 as they are, whole numbers by size, words in alphabetical order.

    Words that are amounts are in the order of the amounts, so that high is above low.
    """
    import pandas as pd

    known = texts[~texts.map(is_missing)]
    numbers = pd.to_numeric(known, errors="coerce")
    if len(known) and numbers.notna().all():
        for row in known.index[numbers != numbers.round()]:
            sentence = f"{texts[row]} is no class: a whole number or a word is needed"
            problems.append(f"{lines[row]}, column {column!r}: {sentence}")
        known = numbers.round().map(lambda number: f"{number:.0f}")
        names = tuple(sorted(set(known), key=float))
        names = ("0", "1") if set(names) <= {"0", "1"} else names
    else:
        names = _ordered(set(known)) or ("0", "1")
    if len(names) > MAX_CLASSES:
        problems.append(f"column {column!r}: {len(names)} classes, at most {MAX_CLASSES} can be told apart")
    place = {name: float(number) for number, name in enumerate(names)}
    return known.map(place).reindex(texts.index).astype("float64"), names


def _ordered(words: set[str]) -> tuple[str, ...]:
    """Sort words by the amounts that they say, where all of them say one, else by the alphabet."""
    amounts = {word: AMOUNTS.get(word.lower(), -1) for word in words}
    known = min(amounts.values(), default=-1) >= 0
    return tuple(sorted(words, key=lambda word: (amounts[word] if known else 0, word)))


def _label_columns(raw: "pd.DataFrame", labels: Sequence[str], name: str) -> dict[str, str]:
    """Map each column of ready labels to the label's name; refuse columns that are not known."""
    doubled = [column for column in raw.columns if list(raw.columns).count(column) > 1]
    if doubled:
        raise InvalidInputError(f"{name}: column {doubled[0]!r} occurs {doubled.count(doubled[0])} times")
    absent = [column for column in (*NEEDED, *labels) if column not in raw.columns]
    if absent:
        raise InvalidInputError(
            f"{name}: column {absent[0]!r} is missing; there are {', '.join(map(repr, raw.columns))}"
        )
    known = {*TEXTS, *NUMBERS, *TIMES}
    found = {}
    for column in raw.columns:
        if column in labels or (column.endswith("_label") and len(column) > len("_label")):
            found[column] = column.removesuffix("_label")
        elif _is_rating(column):
            if column.removesuffix("_rating") in DIMENSIONS:
                raise InvalidInputError(f"{name}: column {column!r} is named {column.removesuffix('_rating')!r}")
        elif column not in known:
            close = difflib.get_close_matches(column, sorted(known), n=1)
            hint = (
                f"did you mean {close[0]!r}?"
                if close
                else f"a ready label is named {column + '_label'!r} or passed in labels, a rating "
                f"{column + '_rating'!r}"
            )
            raise InvalidInputError(f"{name}: column {column!r} is not known; {hint}")
    if len(set(found.values())) < len(found):
        raise InvalidInputError(f"{name}: two columns hold the same label: {', '.join(map(repr, found))}")
    return found


def _schema(pandera: Any, ratings: Sequence[str]) -> Any:
    """Build the rules, each with the sentence that says what would be right."""
    check, column = pandera.Check, pandera.Column
    filled = check.str_matches(r"\S", error="must not be empty")
    finite = check(lambda values: values.abs() != float("inf"), error="must be finite")
    positive = check.gt(0, error="must be a rate in Hz above 0")
    above = check.gt(0, error="must be a number of seconds above 0")
    columns = {name: column(str, filled) for name in NEEDED}
    columns["recording_id"] = column(str, unique=True)
    columns["sampling_rate"] = column(float, [positive, finite], nullable=True)
    columns |= {name: column(float, [above, finite], nullable=True) for name in ("window", "step")}
    columns |= {name: column(float, finite, nullable=True) for name in (*DIMENSIONS, *ratings)}
    return pandera.DataFrameSchema(columns, strict=False)


def _violations(frame: "pd.DataFrame", lines: Sequence[str], ratings: Sequence[str]) -> list[str]:
    """Everything that breaks a rule, in the order of rows."""
    pandera = require("pandera.pandas", "data", "checking a manifest")
    found: list[tuple[int, str, str]] = []
    try:
        _schema(pandera, ratings).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        for case in error.failure_cases.to_dict("records"):
            sentence = "occurs more than once" if "uniqueness" in str(case["check"]) else str(case["check"])
            value = case["failure_case"]
            shown = f"{value:g}" if isinstance(value, float) else repr(value)
            found.append((int(case["index"]), str(case["column"]), f"{shown} {sentence}"))
    backwards = frame["end"] <= frame["start"].fillna(0.0)
    for row in frame.index[backwards]:
        start = 0.0 if frame["start"].isna()[row] else frame["start"][row]
        found.append((int(row), "end", f"{frame['end'][row]:.12g} must be after the start, {start:.12g}"))
    for row in frame.index[frame["step"].notna() & frame["window"].isna()]:
        found.append((int(row), "step", f"{frame['step'][row]:g} needs a window, whose steps it is"))
    return [f"{lines[row]}, column {column!r}: {text}" for row, column, text in sorted(found)]


def problem_text(name: str, problems: Sequence[str]) -> str:
    """One message for many problems: the first 20, and how many there are."""
    more = f"\n  ... and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return f"{name}: {len(problems)} problem(s)\n  " + "\n  ".join(problems[:SHOWN]) + more
