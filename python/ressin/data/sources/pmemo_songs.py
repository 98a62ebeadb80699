"""The song tables of PMEmo: titles, chorus times, clips, static means; shared by both releases."""

import math
from collections.abc import Sequence
from pathlib import Path

from ressin._files.limits import inside, read_limited
from ressin.data.sources.catalog import Reject
from ressin.data.sources.tables import decode, number, rows_of
from ressin.errors import InvalidInputError, RecordingError

AUDIO_SUFFIXES = (".mp3", ".wav", ".flac", ".ogg")


def read_rows(root: Path, relative: str, rejects: list[Reject]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read a text table; a missing or unreadable one is listed and comes back empty.

    Returns
    -------
    header, rows
        Stripped cells of the header, and (line number, cells) of every row below it.
    """
    try:
        text, encoding = decode(read_limited(inside(root, relative)))
        rows = list(rows_of(text))
    except (RecordingError, InvalidInputError) as error:
        missing = not (root / relative).exists()
        rejects.append(Reject(relative, "missing" if missing else "malformed", str(error)))
        return [], []
    if encoding not in ("utf-8", "utf-8-sig"):
        rejects.append(Reject(relative, "encoding", f"not UTF-8; read as {encoding}", "kept"))
    if not rows:
        rejects.append(Reject(relative, "malformed", "the file is empty"))
        return [], []
    return [cell.strip() for cell in rows[0][1]], rows[1:]


def song_id(cell: str) -> str:
    """Normalise a song's identifier: ``" 12 "``, ``"012"`` and ``"12.0"`` are all ``"12"``."""
    text = cell.strip()
    if text.endswith(".0"):
        text = text[:-2]
    return str(int(text)) if text.isdecimal() and text.isascii() else text


def clock(cell: str) -> float:
    """Read a time of ``chorus.csv``: seconds, or minutes and seconds as ``1:25`` or ``0:01:25``.

    Raises
    ------
    ValueError
        When it is neither.
    """
    seconds = 0.0
    for part in cell.strip().split(":"):
        seconds = 60.0 * seconds + number(part)
    return seconds


def read_metadata(root: Path, rejects: list[Reject]) -> dict[str, dict[str, object]]:
    """Read ``metadata.csv`` by column names where they are known, by position otherwise.

    Returns
    -------
    songs
        For every song id: title, artist, and start and end of the chorus in seconds where the table has them.
    """
    header, rows = read_rows(root, "metadata.csv", rejects)
    lowered = [name.lower().replace(" ", "").replace("_", "") for name in header]

    def place(names: Sequence[str], default: int) -> int:
        return next((lowered.index(name) for name in names if name in lowered), default)

    title, artist = place(("title",), 2), place(("artists", "artist"), 3)
    start, end = place(("chorusstarttime",), -1), place(("chorusendtime",), -1)
    songs: dict[str, dict[str, object]] = {}
    for line, row in rows:
        song = song_id(row[0])
        if not song or song in songs:
            what = "a song without id" if not song else f"song {song} a second time; the first one is used"
            rejects.append(Reject("metadata.csv", "duplicate" if song else "malformed", f"line {line}: {what}"))
            continue
        entry: dict[str, object] = {
            "title": row[title].strip() if title < len(row) else "",
            "artist": row[artist].strip() if artist < len(row) else "",
        }
        if 0 <= start < len(row) and 0 <= end < len(row):
            entry["duration"] = _span(row[start], row[end], "metadata.csv", line, rejects)
        songs[song] = entry
    return songs


def read_chorus(root: Path, songs: dict[str, dict[str, object]], rejects: list[Reject]) -> None:
    """Add the clips' durations from ``chorus.csv`` (song id, start, end) to the songs."""
    _, rows = read_rows(root, "chorus.csv", rejects)
    for line, row in rows:
        song = song_id(row[0])
        if len(row) < 3:
            rejects.append(Reject("chorus.csv", "malformed", f"line {line}: {len(row)} field(s), 3 needed"))
        elif song not in songs and songs:
            rejects.append(Reject("chorus.csv", "disagreement", f"line {line}: song {song} is not in metadata.csv"))
        else:
            songs.setdefault(song, {})["duration"] = _span(row[1], row[2], "chorus.csv", line, rejects)


def _span(start: str, end: str, file: str, line: int, rejects: list[Reject]) -> float:
    """Seconds from start to end; NaN, and a listing, where they make no sense."""
    try:
        seconds = clock(end) - clock(start)
    except ValueError as error:
        rejects.append(Reject(file, "malformed", f"line {line}: {error}"))
        return math.nan
    if not seconds > 0:
        rejects.append(Reject(file, "range", f"line {line}: the chorus runs from {start} to {end}"))
        return math.nan
    return seconds


def find_audio(root: Path, folder: str, rejects: list[Reject]) -> dict[str, str]:
    """List the clips of a folder by song id; the suffixes soundfile reads, the first of several wins."""
    clips: dict[str, str] = {}
    if not (root / folder).is_dir():
        rejects.append(Reject(folder, "missing", "no folder of music clips"))
        return clips
    files = sorted(
        (root / folder).iterdir(), key=lambda path: (*AUDIO_SUFFIXES, path.suffix.lower()).index(path.suffix.lower())
    )
    for path in files:
        if path.suffix.lower() not in AUDIO_SUFFIXES or not path.is_file():
            continue
        song = song_id(path.stem)
        if song in clips:
            rejects.append(Reject(f"{folder}/{path.name}", "duplicate", f"song {song} already has {clips[song]}"))
        else:
            clips[song] = f"{folder}/{path.name}"
    return clips
