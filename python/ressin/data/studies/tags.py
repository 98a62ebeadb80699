"""A device's tags joined with a table of ratings: each row of ratings becomes a window that begins at a tag.

| column of the ratings | needed | meaning |
|---|---|---|
| ``recording`` or ``subject`` | yes | the file, relative to the folder, or whose it is (name of folder or file) |
| ``tag`` | no | at which tag the window begins: its number, from 1, or its label; without the column, the rows of a \
recording take its tags in order, and there must be as many rows as tags |
| ``until`` | no | the tag at which it ends, likewise |
| ``duration`` | no | its length in seconds, instead of ``until`` |
| ``stimulus`` | no | otherwise ``tag 1``, ``tag 2`` |
| others | no | as in a manifest: arousal, valence, ``<name>_label``, window, step, ... |

A window without ``until`` and ``duration`` ends at the next tag, the last one at the end of its file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from ressin.data.studies.rows import Found, Row, read_table, shown, value_of
from ressin.errors import InvalidInputError, RessinError
from ressin.io.read import open_recording
from ressin.recording import Recording

OWN = ("tag", "until", "duration", "recording", "subject", "stimulus")
BUILT = ("start", "end")


def join_tags(folder: str | Path, files: Sequence[Path], ratings: str | Path) -> Found:
    """Join the tags of recordings with a table of ratings.

    Parameters
    ----------
    folder
        What the manifest's paths are relative to.
    files
        Recordings in it.
    ratings
        CSV table; see above.

    Returns
    -------
    found
        A row for each row of ratings, in its order, and the recordings without tags or without ratings.

    Raises
    ------
    InvalidInputError
        A row of ratings that fits no recording, several, or no tag: the message names its line and what there is.
    RecordingError
        The table of ratings cannot be read.
    """
    root, path = Path(folder), Path(ratings)
    table = read_table(path)
    if not table:
        raise InvalidInputError(f"{path}: a header and no ratings")
    odd = [name for name in BUILT if name in table[0]]
    if odd:
        raise InvalidInputError(f"{path}: column {odd[0]!r} is what the tags give: leave it out, or write a manifest")
    if not {"recording", "subject"} & set(table[0]):
        raise InvalidInputError(f"{path}: column 'recording' or 'subject' is missing, which says whose the ratings are")
    tagged, left_out = _tagged(root, files)
    if not tagged:
        raise InvalidInputError(f"{root}: no recording with tags among {len(files)} file(s)")
    owner = [_owner(row, line, path, root, tagged) for line, row in enumerate(table, 2)]
    rows: list[Row] = []
    for line, (row, file) in enumerate(zip(table, owner, strict=True), 2):
        place = owner[: line - 2].count(file)
        _check_count(row, file, owner.count(file), tagged[file], path)
        rows.append(_window(row, f"{path.name}, line {line}", file, place, tagged[file], root, path))
    bare = [f"{file.relative_to(root).as_posix()}: no ratings" for file in tagged if file not in owner]
    return Found(tuple(rows), (*left_out, *bare))


def _tagged(root: Path, files: Sequence[Path]) -> tuple[dict[Path, Recording], list[str]]:
    """Read the recordings, and keep those with markers."""
    tagged: dict[Path, Recording] = {}
    left_out = []
    for file in files:
        name = file.relative_to(root).as_posix()
        try:
            recording = open_recording(file)
        except RessinError as error:
            left_out.append(f"{name}: {error}")
            continue
        if recording.refusal:  # another signal of the device
            continue
        if recording.markers:
            tagged[file] = recording
        else:
            left_out.append(f"{name}: no tags")
    return tagged, left_out


def _owner(row: Row, line: int, path: Path, root: Path, tagged: dict[Path, Recording]) -> Path:
    """Find the recording that a row of ratings belongs to."""
    recording, subject = row.get("recording", ""), row.get("subject", "")
    if recording:
        fitting = [file for file in tagged if file.relative_to(root).as_posix() == recording]
        what = f"recording {recording!r}"
    else:
        fitting = [file for file in tagged if subject and subject in (file.stem, *file.relative_to(root).parts[:-1])]
        what = f"subject {subject!r}"
    if len(fitting) != 1:
        known = ", ".join(file.relative_to(root).as_posix() for file in (fitting or tagged))
        raise InvalidInputError(
            f"{path.name}, line {line}: {what} fits {len(fitting)} recordings with tags, one is needed; "
            f"{'they are' if fitting else 'there are'} {known}"
        )
    return fitting[0]


def _check_count(row: Row, file: Path, number: int, recording: Recording, path: Path) -> None:
    if "tag" not in row and number != len(recording.markers):
        raise InvalidInputError(
            f"{path.name}: {number} row(s) for {file.name} of {file.parent.name}, which has {len(recording.markers)} "
            "tag(s): add a column 'tag' that says at which tag each begins"
        )


def _window(row: Row, where: str, file: Path, place: int, recording: Recording, root: Path, path: Path) -> Row:
    """Build a manifest's row from a row of ratings."""
    first = place if "tag" not in row else _tag(row["tag"], "tag", where, recording)
    start = recording.markers[first].time
    later = sorted(marker.time for marker in recording.markers if marker.time > start)
    end = later[0] if later else recording.duration
    if row.get("until", ""):
        end = recording.markers[_tag(row["until"], "until", where, recording)].time
    elif row.get("duration", ""):
        length = value_of(row, "duration", path)
        end = start + length if math.isfinite(length) else end
    if start < 0.0 or end <= start or end > recording.duration + 1.0:
        raise InvalidInputError(
            f"{where}: the window from {start:.2f} to {end:.2f} s is not within the file, 0 to "
            f"{recording.duration:.2f} s"
        )
    name = file.relative_to(root).as_posix()
    return {
        "recording": name,
        "subject": row.get("subject", "") or (file.parent.name if file.parent != root else file.stem),
        "stimulus": row.get("stimulus", "") or f"tag {first + 1}",
        "start": shown(round(start, 6)),
        "end": shown(round(min(end, recording.duration), 6)),
        **{column: text for column, text in row.items() if column not in OWN},
    }


def _tag(text: str, column: str, where: str, recording: Recording) -> int:
    """Find a tag by its number or its label."""
    labels = [marker.label for marker in recording.markers]
    if text.isdecimal() and 1 <= int(text) <= len(labels):
        return int(text) - 1
    if labels.count(text) == 1:
        return labels.index(text)
    seen = ", ".join(dict.fromkeys(labels))
    raise InvalidInputError(
        f"{where}, column {column!r}: {text!r} is none of the {len(labels)} tags; give its number from 1, or a label "
        f"that occurs once ({seen})"
    )
