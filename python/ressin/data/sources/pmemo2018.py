"""PMEmo 2018: one EDA file per song, subject and dimension; one annotation file per song and dimension."""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ressin._files.limits import inside, read_limited
from ressin.data.sources.catalog import DIMENSIONS, Catalog, Entry, Reject, natural
from ressin.data.sources.pmemo_songs import find_audio, read_chorus, read_metadata, read_rows, song_id
from ressin.data.sources.tables import decode, number, rows_of
from ressin.errors import RecordingError

if TYPE_CHECKING:
    import pandas as pd

LETTER = {"arousal": "A", "valence": "V"}
EDA_NAME = re.compile(r"^(?P<song>\d+)_(?P<subject>[0-9A-Za-z]+)_(?P<letter>[AV])\.csv$")
MEAN_TOLERANCE = 0.02

Rating = dict[tuple[str, str], float]  # (song, subject) -> static rating, 0..1


def read_2018(root: Path) -> Catalog:
    """Read a PMEmo-2018 folder, and list what is missing or disagrees.

    Parameters
    ----------
    root
        The folder with ``metadata.csv``, ``Annotations`` and ``EDA``.
    """
    import pandas as pd

    rejects: list[Reject] = []
    songs = read_metadata(root, rejects)
    read_chorus(root, songs, rejects)
    ratings = {dimension: _read_annotations(root, dimension, songs, rejects) for dimension in DIMENSIONS}
    for dimension in DIMENSIONS:
        _check_means(root, dimension, ratings[dimension], rejects)
    entries = [entry for dimension in DIMENSIONS for entry in _find_eda(root, dimension, songs, rejects)]
    _cross_check(entries, ratings, rejects)
    clips = find_audio(root, "Chorus", rejects)
    rejects += [
        Reject(f"Chorus/{song}.mp3", "missing", f"no music clip of song {song}")
        for song in sorted(songs, key=natural)
        if song not in clips
    ]
    pairs = sorted(
        {*ratings["arousal"], *ratings["valence"], *((entry.stimulus, entry.subject) for entry in entries)},
        key=lambda pair: (natural(pair[0]), natural(pair[1])),
    )
    frame = pd.DataFrame(
        {
            "pair": [f"{song}_{subject}" for song, subject in pairs],
            "subject": [subject for _, subject in pairs],
            "stimulus": [song for song, _ in pairs],
            "arousal": [ratings["arousal"].get(pair, math.nan) for pair in pairs],
            "valence": [ratings["valence"].get(pair, math.nan) for pair in pairs],
        }
    )
    rated = ratings["arousal"].keys() & ratings["valence"].keys()
    return Catalog(
        kind="pmemo-2018",
        root=root,
        entries=tuple(sorted(entries, key=lambda e: (natural(e.stimulus), natural(e.subject), e.dimension))),
        ratings=frame,
        stimuli=song_frame(songs, clips),
        features="static_features.csv" if (root / "static_features.csv").is_file() else None,
        rejects=tuple(rejects),
        counts={
            "songs": len(songs),
            "labelled songs": len({song for song, _ in rated}),
            "subjects": len({entry.subject for entry in entries}),
            "recordings": len({entry.pair for entry in entries}),
            "EDA files": len(entries),
        },
    )


def song_frame(songs: Mapping[str, Mapping[str, object]], clips: Mapping[str, str]) -> "pd.DataFrame":
    """Return the songs as the catalog's table of stimuli."""
    import pandas as pd

    order = sorted({*songs, *clips}, key=natural)
    return pd.DataFrame(
        {
            "stimulus": order,
            "title": [str(songs.get(song, {}).get("title", "")) for song in order],
            "artist": [str(songs.get(song, {}).get("artist", "")) for song in order],
            "duration": pd.Series([songs.get(song, {}).get("duration", math.nan) for song in order], dtype="float64"),
            "audio": [clips.get(song, "") for song in order],
            "feature_row": order,
        }
    )


def _read_annotations(root: Path, dimension: str, songs: Mapping[str, object], rejects: list[Reject]) -> Rating:
    """Read every subject's static rating of one dimension; songs without a file are listed."""
    letter, folder = LETTER[dimension], f"Annotations/{dimension.capitalize()}"
    found: Rating = {}
    seen = set()
    files = (
        sorted((root / folder).glob("*.csv"), key=lambda path: natural(path.stem)) if (root / folder).is_dir() else []
    )
    for path in files:
        relative = f"{folder}/{path.name}"
        if not path.stem.endswith(f"-{letter}"):
            rejects.append(Reject(relative, "malformed", f"a name of the form <song>-{letter}.csv is needed"))
            continue
        song = song_id(path.stem[:-2])
        seen.add(song)
        _read_song_ratings(root, relative, song, found, rejects)
    rejects += [
        Reject(f"{folder}/{song}-{letter}.csv", "missing", f"no {dimension} annotation of song {song}")
        for song in sorted(songs, key=natural)
        if song not in seen
    ]
    return found


def _read_song_ratings(root: Path, relative: str, song: str, found: Rating, rejects: list[Reject]) -> None:
    """Read one annotation file: a header, then a row per subject; bad rows are listed one by one."""
    try:
        text, encoding = decode(read_limited(inside(root, relative)))
        rows = list(rows_of(text))[1:]
    except (RecordingError, ValueError) as error:
        rejects.append(Reject(relative, "malformed", str(error)))
        return
    if encoding not in ("utf-8", "utf-8-sig"):
        rejects.append(Reject(relative, "encoding", f"not UTF-8; read as {encoding}", "kept"))
    if not rows:
        rejects.append(Reject(relative, "malformed", "no row below the header"))
    for line, row in rows:
        subject = song_id(row[0])
        problem = _rating_problem(row, subject, (song, subject) in found)
        if problem:
            rejects.append(Reject(relative, problem[0], f"line {line}: {problem[1]}"))
        else:
            found[song, subject] = number(row[1])


def _rating_problem(row: list[str], subject: str, known: bool) -> tuple[str, str] | None:
    """Say what is wrong with one subject's row: (kind, sentence), or None."""
    if not subject:
        return "malformed", "no subject id"
    if len(row) < 2:
        return "malformed", f"subject {subject} has no rating"
    try:
        value = number(row[1])
    except ValueError:
        return "malformed", f"the rating of subject {subject} is {row[1][:40]!r}, not a number"
    if math.isnan(value):
        return "malformed", f"subject {subject} has an empty rating"
    if not 0.0 <= value <= 1.0:
        return "range", f"the rating of subject {subject} is {value:g}, outside 0..1"
    if known:
        return "duplicate", f"subject {subject} a second time; the first rating is used"
    return None


def _check_means(root: Path, dimension: str, ratings: Rating, rejects: list[Reject]) -> None:
    """Compare ``A_static.csv`` and ``V_static.csv`` with the mean of the subjects' ratings; both are kept."""
    relative = f"{LETTER[dimension]}_static.csv"
    _, rows = read_rows(root, relative, rejects)
    by_song: dict[str, list[float]] = {}
    for (song, _), value in ratings.items():
        by_song.setdefault(song, []).append(value)
    for line, row in rows:
        song = song_id(row[0])
        try:
            mean = number(row[1])
        except (ValueError, IndexError):
            rejects.append(Reject(relative, "malformed", f"line {line}: no mean {dimension} of song {song}"))
            continue
        values = by_song.get(song)
        if values is None:
            reason = f"line {line}: song {song} has a mean {dimension} but no ratings by subjects"
            rejects.append(Reject(relative, "disagreement", reason, "kept"))
        elif not abs(sum(values) / len(values) - mean) <= MEAN_TOLERANCE:
            own = sum(values) / len(values)
            reason = (
                f"line {line}: mean {dimension} of song {song} is {mean:.4f}, its {len(values)} ratings give {own:.4f}"
            )
            rejects.append(Reject(relative, "disagreement", reason, "kept"))


def _find_eda(root: Path, dimension: str, songs: Mapping[str, object], rejects: list[Reject]) -> list[Entry]:
    """List the EDA files of one dimension by their names; the content is read later."""
    letter, folder = LETTER[dimension], f"EDA/{dimension.capitalize()}"
    if not (root / folder).is_dir():
        rejects.append(Reject(folder, "missing", f"no folder of {dimension} recordings"))
        return []
    entries = []
    for path in sorted((root / folder).iterdir()):
        if path.name.startswith("."):
            continue
        match = EDA_NAME.match(path.name)
        relative = f"{folder}/{path.name}"
        if match is None or match["letter"] != letter:
            rejects.append(Reject(relative, "malformed", f"a name of the form <song>_<subject>_{letter}.csv is needed"))
            continue
        song, subject = song_id(match["song"]), song_id(match["subject"])
        if songs and song not in songs:
            reason = f"song {song} is not in metadata.csv"
            rejects.append(Reject(relative, "disagreement", reason, "kept", f"{song}_{subject}_{letter}"))
        entries.append(Entry(f"{song}_{subject}_{letter}", f"{song}_{subject}", subject, song, dimension, relative))
    return entries


def _cross_check(entries: list[Entry], ratings: Mapping[str, Rating], rejects: list[Reject]) -> None:
    """List ratings without a recording and recordings without a rating."""
    for dimension in DIMENSIONS:
        letter, folder = LETTER[dimension], f"EDA/{dimension.capitalize()}"
        recorded = {(e.stimulus, e.subject): e for e in entries if e.dimension == dimension}
        rated = ratings[dimension]
        for song, subject in sorted(rated.keys() - recorded.keys(), key=lambda p: (natural(p[0]), natural(p[1]))):
            reason = f"subject {subject} rated the {dimension} of song {song}, but there is no recording"
            rejects.append(Reject(f"{folder}/{song}_{subject}_{letter}.csv", "missing", reason))
        for pair in sorted(recorded.keys() - rated.keys(), key=lambda p: (natural(p[0]), natural(p[1]))):
            entry = recorded[pair]
            reason = f"no {dimension} rating of song {pair[0]} by subject {pair[1]}: prepared without that label"
            rejects.append(Reject(entry.path, "labels", reason, "kept", entry.recording_id))
