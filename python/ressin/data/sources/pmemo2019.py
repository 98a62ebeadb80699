"""PMEmo 2019: one EDA file per song with a column per subject; only song means are annotated."""

import math
from pathlib import Path

from ressin._files.limits import inside, read_limited
from ressin.data.sources.catalog import Catalog, Entry, Reject, natural
from ressin.data.sources.pmemo2018 import song_frame
from ressin.data.sources.pmemo_songs import find_audio, read_metadata, read_rows, song_id
from ressin.data.sources.tables import decode, number, rows_of
from ressin.errors import RecordingError

STATIC = "annotations/static_annotations.csv"


def read_2019(root: Path) -> Catalog:
    """Read a PMEmo-2019 folder.

    The ratings of this release are means over the subjects of a song; every recording of the song gets
    them, and the catalog says so (``rating_source="song mean"``), because a label made from them is the
    song's and not the person's.

    Parameters
    ----------
    root
        The folder with ``metadata.csv``, ``annotations`` and ``EDA``.
    """
    import pandas as pd

    rejects: list[Reject] = []
    songs = read_metadata(root, rejects)
    means = _read_means(root, rejects)
    entries = _find_eda(root, rejects)
    recorded = {entry.stimulus for entry in entries}
    for song in sorted(songs, key=natural):
        if song not in means:
            rejects.append(Reject(STATIC, "missing", f"no annotation of song {song}: prepared without labels", "kept"))
        if song not in recorded:
            rejects.append(Reject(f"EDA/{song}_EDA.csv", "missing", f"no recordings of song {song}"))
    clips = find_audio(root, "chorus", rejects)
    rejects += [
        Reject(f"chorus/{song}.mp3", "missing", f"no music clip of song {song}")
        for song in sorted(songs, key=natural)
        if song not in clips
    ]
    nothing = (math.nan, math.nan)
    frame = pd.DataFrame(
        {
            "pair": [entry.pair for entry in entries],
            "subject": [entry.subject for entry in entries],
            "stimulus": [entry.stimulus for entry in entries],
            "arousal": pd.Series([means.get(entry.stimulus, nothing)[0] for entry in entries], dtype="float64"),
            "valence": pd.Series([means.get(entry.stimulus, nothing)[1] for entry in entries], dtype="float64"),
        }
    )
    features = "features/static_features.csv"
    return Catalog(
        kind="pmemo-2019",
        root=root,
        entries=tuple(entries),
        ratings=frame,
        stimuli=song_frame(songs, clips),
        features=features if (root / features).is_file() else None,
        rejects=tuple(rejects),
        rating_source="song mean",
        counts={
            "songs": len(songs),
            "labelled songs": len(means),
            "subjects": len({entry.subject for entry in entries}),
            "recordings": len(entries),
            "EDA files": len({entry.path for entry in entries}),
        },
    )


def _read_means(root: Path, rejects: list[Reject]) -> dict[str, tuple[float, float]]:
    """Read ``musicId,Arousal(mean),Valence(mean)``: song -> (arousal, valence)."""
    header, rows = read_rows(root, STATIC, rejects)
    lowered = [name.lower() for name in header]
    try:
        places = [next(i for i, name in enumerate(lowered) if name.startswith(d)) for d in ("arousal", "valence")]
    except StopIteration:
        if header:
            reason = f"columns {header}: Arousal(mean) and Valence(mean) are needed"
            rejects.append(Reject(STATIC, "malformed", reason))
        return {}
    means: dict[str, tuple[float, float]] = {}
    for line, row in rows:
        song = song_id(row[0])
        try:
            arousal, valence = (number(row[place]) for place in places)
        except (ValueError, IndexError):
            rejects.append(Reject(STATIC, "malformed", f"line {line}: song {song} has no two numbers"))
            continue
        if not (0.0 <= arousal <= 1.0 and 0.0 <= valence <= 1.0):
            reason = f"line {line}: song {song} has arousal {arousal:g} and valence {valence:g}, outside 0..1"
            rejects.append(Reject(STATIC, "range", reason))
        elif song in means:
            rejects.append(Reject(STATIC, "duplicate", f"line {line}: song {song} a second time; the first is used"))
        else:
            means[song] = (arousal, valence)
    return means


def _find_eda(root: Path, rejects: list[Reject]) -> list[Entry]:
    """List the recordings by the headers of the EDA files: a column per subject, its id the last six characters."""
    if not (root / "EDA").is_dir():
        rejects.append(Reject("EDA", "missing", "no folder of recordings"))
        return []
    entries = []
    for path in sorted((root / "EDA").iterdir(), key=lambda path: natural(path.name.split("_")[0])):
        relative = f"EDA/{path.name}"
        if path.name.startswith("."):
            continue
        if not path.name.endswith("_EDA.csv"):
            rejects.append(Reject(relative, "malformed", "a name of the form <song>_EDA.csv is needed"))
            continue
        song = song_id(path.name[: -len("_EDA.csv")])
        seen: set[str] = set()
        for column in _columns(root, relative, rejects):
            subject = column[-6:]
            if subject in seen:
                reason = f"column {column!r}: subject {subject} a second time; the first is used"
                rejects.append(Reject(relative, "duplicate", reason))
                continue
            seen.add(subject)
            name = f"{song}_{subject}"
            entries.append(Entry(name, name, subject, song, "", relative, column))
    return entries


def _columns(root: Path, relative: str, rejects: list[Reject]) -> list[str]:
    """Names of the subjects' columns of one EDA file."""
    try:
        text, _ = decode(read_limited(inside(root, relative)))
        _, header = next(rows_of(text), (0, []))
    except (RecordingError, ValueError) as error:
        rejects.append(Reject(relative, "malformed", str(error)))
        return []
    names = [cell.strip() for cell in header[1:]]
    if not names:
        rejects.append(Reject(relative, "malformed", "no column beside the time"))
    short = [name for name in names if len(name) < 6]
    rejects += [
        Reject(relative, "malformed", f"column {name!r} does not end in a subject id of six characters")
        for name in short
    ]
    return [name for name in names if len(name) >= 6]
