"""Your own recordings: a list in CSV or Parquet, one row per window, checked row by row before anything is read.

| column | needed | meaning |
|---|---|---|
| ``recording`` | yes | file, relative to the manifest's folder (or to `root`), which it may not leave |
| ``subject``, ``stimulus`` | yes | who, and what they heard or saw |
| ``sampling_rate`` | no | Hz; otherwise the file has to say it |
| ``column`` | no | column of the signal, by name or by number from 1 |
| ``where`` | no | ``column=value``: rows of a table that holds several recordings |
| ``unit`` | no | of the samples, where the file does not state it |
| ``start``, ``end`` | no | window: seconds or hh:mm:ss of the file, Unix seconds or ISO times; several windows of one \
file are several rows |
| ``window``, ``step`` | no | divides the row: windows of so many seconds, so many apart (default: end to end) |
| ``arousal``, ``valence`` | no | ratings on any scale, the same for one subject; one alone will do |
| ``<name>_rating`` | no | ratings of another dimension, each subject's divided into high and low along it |
| ``<name>_label`` | no | ready labels of any name: 0 and 1, whole numbers or words; also any column named in `labels` |
| ``audio`` | no | music clip of the stimulus |
| ``feature_row`` | no | key of the stimulus in the table `features`; otherwise its name |
| ``recording_id`` | no | otherwise file and row |
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from ressin._files.limits import MAX_TABLE_BYTES, check_unfolded, inside, read_limited
from ressin.data.sources.catalog import DIMENSIONS, Catalog, Entry, Reject
from ressin.data.sources.manifest_check import NUMBERS, TEXTS, TIMES, check_frame, problem_text
from ressin.data.sources.tables import decode, rows_of
from ressin.errors import InvalidInputError, RecordingError

if TYPE_CHECKING:
    import pandas as pd

MAX_ROWS = 1_000_000


def read_manifest(
    path: str | Path,
    *,
    root: str | Path | None = None,
    labels: Sequence[str] = (),
    features: str | None = None,
    window: float | None = None,
    step: float | None = None,
) -> Catalog:
    """Read a manifest.

    Parameters
    ----------
    path
        ``.csv`` (comma, semicolon or tab) or ``.parquet``.
    root
        Folder that the paths are relative to and have to stay in, also through links; default the manifest's.
    labels
        Names of columns that hold ready labels, besides those that end in ``_label``.
    features
        Table of music features (CSV or Parquet: a key, then numbers), relative to `root`.
    window, step
        Seconds, for the rows that do not give their own: each row is divided into windows, `step` apart (default: end
        to end), as many as there are between its start and end. They share the row's ratings and labels, and `pair`.

    Returns
    -------
    catalog
        One entry per row. The recordings are opened later; those that cannot be read become rejects there.

    Raises
    ------
    InvalidInputError
        When the manifest has errors; the message names row and column of each problem (the first 20).
    RecordingError
        When the manifest cannot be read at all.
    """
    source = Path(path)
    base = Path(root) if root is not None else source.parent
    raw, lines = _read(source)
    frame, classes, rating_names = check_frame(_with_windows(raw, window, step), lines, labels, source.name)
    label_names = tuple(classes)
    problems = _columns_of_one_file(frame, lines)
    files = _paths(frame, "recording", base, lines, problems)
    clips = _paths(frame, "audio", base, lines, problems)
    stimuli = _stimuli(frame, clips, lines, problems)
    if problems:
        raise InvalidInputError(problem_text(source.name, problems))
    if features is not None:
        inside(base, features, "table of features")
    entries = _entries(frame, files)
    ratings = frame[["subject", "stimulus", *DIMENSIONS, *(f"{name}_rating" for name in rating_names)]].copy()
    ratings.insert(0, "pair", frame["recording_id"])
    for name in label_names:
        ratings[f"{name}_label"] = frame[f"{name}_label"].astype("Int8")
    return Catalog(
        kind="manifest",
        root=base,
        entries=tuple(entries),
        ratings=ratings,
        stimuli=stimuli,
        features=features,
        rejects=_unlabelled(ratings, entries),
        label_names=label_names,
        classes=classes,
        rating_names=rating_names,
        counts={
            "recordings": len(entries),
            "files": len(set(files)),
            "subjects": int(frame["subject"].nunique()),
            "stimuli": len(stimuli),
        },
    )


def _with_windows(raw: "pd.DataFrame", window: float | None, step: float | None) -> "pd.DataFrame":
    """Fill in the windows of the rows that have none of their own."""
    for name, value in (("window", window), ("step", step)):
        if value is not None and not (math.isfinite(value) and value > 0.0):
            raise InvalidInputError(f"{name}={value:g}: a number of seconds > 0 is needed")
    if window is None:
        if step is not None:
            raise InvalidInputError(f"step={step:g} needs a window, whose steps it is")
        return raw
    filled = raw.assign(window=raw.get("window", ""), step=raw.get("step", ""))
    bare = filled["window"] == ""
    filled.loc[bare, "window"] = repr(float(window))
    if step is not None:
        filled.loc[bare & (filled["step"] == ""), "step"] = repr(float(step))
    return filled


def _columns_of_one_file(frame: "pd.DataFrame", lines: Sequence[str]) -> list[str]:
    """Rows of one file that name its column and rows that do not: their windows could not be known to overlap."""
    named = set(frame.loc[frame["column"] != "", "recording"])
    bare = frame.index[(frame["column"] == "") & frame["recording"].isin(named)]
    words = "is empty, but other rows of the file name one: name it in all"
    return [f"{lines[row]}, column 'column': '' {words}" for row in bare]


def _read(source: Path) -> tuple["pd.DataFrame", list[str]]:
    """Read the table as text; and say for each row where it is in the file."""
    import pandas as pd

    if source.suffix.lower() == ".parquet":
        check_unfolded(source, MAX_TABLE_BYTES)
        _check_rows(pq.read_metadata(source).num_rows, source.name)
        try:
            table = pq.read_table(source)
        except (pa.ArrowException, OSError) as error:
            raise RecordingError(f"{source.name}: not readable as Parquet ({error})") from error
        columns = {name: _texts(table.column(name)) for name in table.column_names}
        frame = pd.DataFrame(columns, dtype=object)
        lines = [f"row {row + 1}" for row in range(len(frame))]
    else:
        text, _ = decode(read_limited(source))
        rows = list(rows_of(text))
        if not rows:
            raise InvalidInputError(f"{source.name}: the manifest is empty")
        header = [cell.strip() for cell in rows[0][1]]
        for line, row in rows[1:]:
            if len(row) != len(header):
                raise InvalidInputError(
                    f"{source.name}: line {line} has {len(row)} field(s), the header has {len(header)}; "
                    "a comma inside a field needs quotes around it"
                )
        cells = [[cell.strip() for cell in row] for _, row in rows[1:]]
        frame = pd.DataFrame(cells, columns=pd.Index(header), dtype=object)
        lines = [f"row {row + 1} (line {line})" for row, (line, _) in enumerate(rows[1:])]
    _check_rows(len(frame), source.name)
    return frame, lines


def _check_rows(number: int, name: str) -> None:
    if not 1 <= number <= MAX_ROWS:
        raise InvalidInputError(f"{name}: {number:,} rows; a manifest has 1 to {MAX_ROWS:,}")


def _texts(column: pa.ChunkedArray) -> list[str]:
    return ["" if value is None or value != value else str(value).strip() for value in column.to_pylist()]


def _paths(frame: "pd.DataFrame", column: str, base: Path, lines: Sequence[str], problems: list[str]) -> list[str]:
    """Make a column of paths relative to the root; those outside it are problems."""
    known: dict[str, str] = {"": ""}
    found = []
    for line, text in zip(lines, frame[column], strict=True):
        if text not in known:
            try:
                known[text] = inside(base, text, "path").relative_to(base.resolve()).as_posix()
            except InvalidInputError as error:
                problems.append(f"{line}, column {column!r}: {error}")
                known[text] = ""
        found.append(known[text])
    return found


def _stimuli(frame: "pd.DataFrame", clips: Sequence[str], lines: Sequence[str], problems: list[str]) -> "pd.DataFrame":
    """Collect clip and feature row of each stimulus; rows that contradict each other are problems."""
    import pandas as pd

    found: dict[str, dict[str, str]] = {}
    for line, stimulus, clip, row in zip(lines, frame["stimulus"], clips, frame["feature_row"], strict=True):
        entry = found.setdefault(stimulus, {"audio": "", "feature_row": ""})
        for column, value in (("audio", clip), ("feature_row", row)):
            if value and entry[column] and value != entry[column]:
                problems.append(
                    f"{line}, column {column!r}: {value!r}, but stimulus {stimulus!r} has {entry[column]!r} above"
                )
            entry[column] = entry[column] or value
    return pd.DataFrame(
        {
            "stimulus": list(found),
            "title": "",
            "artist": "",
            "duration": math.nan,
            "audio": [entry["audio"] for entry in found.values()],
            "feature_row": [entry["feature_row"] or stimulus for stimulus, entry in found.items()],
        }
    )


def _entries(frame: "pd.DataFrame", files: Sequence[str]) -> list[Entry]:
    """One entry per row, those of one file (and one column of it) next to each other."""
    entries = []
    for file, row in zip(files, frame.to_dict("records"), strict=True):
        number = {name: None if math.isnan(row[name]) else float(row[name]) for name in (*NUMBERS, *TIMES)}
        text = {name: str(row[name]) for name in TEXTS}
        entries.append(
            Entry(
                recording_id=text["recording_id"],
                pair=text["recording_id"],
                subject=text["subject"],
                stimulus=text["stimulus"],
                dimension="",
                path=file,
                column=text["column"] or None,
                sampling_rate=number["sampling_rate"],
                start=number["start"] or 0.0,
                end=number["end"],
                absolute=bool(row["absolute"]),
                window=number["window"],
                step=number["step"],
                where=text["where"] or None,
                unit=text["unit"] or None,
            )
        )
    place = {file: position for position, file in reversed(list(enumerate(files)))}
    return sorted(entries, key=lambda entry: (place[entry.path], signal_of(entry)))


def signal_of(entry: Entry) -> tuple[str, float, str, str]:
    """Tell the signals of one file apart, for sorting and grouping."""
    return entry.column or "", entry.sampling_rate or 0.0, entry.where or "", entry.unit or ""


def _unlabelled(ratings: "pd.DataFrame", entries: Sequence[Entry]) -> tuple[Reject, ...]:
    """List the rows that bring neither ratings nor labels."""
    columns = [name for name in ratings.columns if name in DIMENSIONS or name.endswith(("_label", "_rating"))]
    bare = set(ratings.loc[ratings[columns].isna().all(axis=1), "pair"])
    reason = "neither ratings nor labels: prepared without"
    return tuple(Reject(e.path, "labels", reason, "kept", e.recording_id) for e in entries if e.recording_id in bare)
