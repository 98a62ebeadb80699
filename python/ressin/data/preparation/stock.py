"""The digest of every file, the pieces of work, and the key of the whole result."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ressin._files.limits import MAX_AUDIO_BYTES, MAX_RECORDING_BYTES, MIB, digest_bytes, digest_file, inside
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.preparation.task import Task
from ressin.data.sources.catalog import Catalog, Entry, Reject
from ressin.data.store.schema import SCHEMA_VERSION
from ressin.errors import InvalidInputError

MAX_PARTITION_BYTES = 64 * MIB


@dataclass(frozen=True)
class Inventory:
    """Content of the source as digests.

    Attributes
    ----------
    recordings, audio
        Digest by path; only files that are there, inside the root and not too large.
    features
        Digest of the table of features, or "".
    sizes
        Bytes of each recording file.
    rejects
        The files that cannot be used.
    """

    recordings: dict[str, str]
    audio: dict[str, str]
    features: str
    sizes: dict[str, int]
    rejects: tuple[Reject, ...]


def take_stock(catalog: Catalog, *, hear_audio: bool, read_features: bool) -> Inventory:
    """Digest the files that the preparation will read.

    Parameters
    ----------
    catalog
        What was found.
    hear_audio, read_features
        Whether the clips, and whether the table of features, will be used.
    """
    by_path: dict[str, list[Entry]] = {}
    for entry in catalog.entries:
        by_path.setdefault(entry.path, []).append(entry)
    clips = [path for path in dict.fromkeys(catalog.stimuli["audio"]) if path] if hear_audio else []
    recordings = [_digest(catalog.root, path, MAX_RECORDING_BYTES) for path in by_path]
    audio = [_digest(catalog.root, path, MAX_AUDIO_BYTES) for path in clips]
    rejects = []
    for (path, entries), (_, _, problem) in zip(by_path.items(), recordings, strict=True):
        if problem:
            rejects += [Reject(path, problem[0], problem[1], "rejected", entry.recording_id) for entry in entries]
    for path, (_, _, problem) in zip(clips, audio, strict=True):
        if problem:
            rejects.append(Reject(path, problem[0], problem[1]))
    features = ""
    if read_features and catalog.features is not None:
        features = digest_file(inside(catalog.root, catalog.features, "table of features"))
    return Inventory(
        {path: digest for path, (digest, _, problem) in zip(by_path, recordings, strict=True) if not problem},
        {path: digest for path, (digest, _, problem) in zip(clips, audio, strict=True) if not problem},
        features,
        {path: size for path, (_, size, _) in zip(by_path, recordings, strict=True)},
        tuple(rejects),
    )


def _digest(root: Path, path: str, limit: int) -> tuple[str, int, tuple[str, str] | None]:
    """Digest and size of one file, or the kind and sentence of what is wrong with it."""
    try:
        file = inside(root, path)
        if not file.is_file():
            return "", 0, ("missing", f"{path}: {'not a plain file' if file.exists() else 'there is no such file'}")
        size = file.stat().st_size
        if size > limit:
            return "", size, ("size", f"{path}: {size / MIB:,.0f} MiB, at most {limit / MIB:,.0f} MiB is read")
        return digest_file(file), size, None
    except InvalidInputError as error:
        return "", 0, ("outside", str(error))
    except OSError as error:
        return "", 0, ("malformed", f"{path}: cannot be read ({error.strerror or error})")


def _key(value: Any) -> str:
    return digest_bytes(json.dumps(value, sort_keys=True, ensure_ascii=True).encode())


def make_tasks(
    catalog: Catalog, stock: Inventory, settings: PrepareSettings, version: str, parts: Path, n_threads: int = 0
) -> list[Task]:
    """Cut the recordings into pieces of work, each named by its content, the settings and the version.

    A piece ends at `PrepareSettings.partition` recordings or at 64 MiB of files; one file is never divided.
    """
    known = {
        str(name): float(seconds)
        for name, seconds in zip(catalog.stimuli["stimulus"], catalog.stimuli["duration"], strict=True)
        if math.isfinite(seconds)
    }
    tasks = []
    for entries in _pieces([entry for entry in catalog.entries if entry.path in stock.recordings], stock, settings):
        digests = {entry.path: stock.recordings[entry.path] for entry in entries}
        durations = {entry.stimulus: known[entry.stimulus] for entry in entries if entry.stimulus in known}
        content = [[asdict(entry), digests[entry.path], durations.get(entry.stimulus)] for entry in entries]
        key = _key([SCHEMA_VERSION, version, catalog.kind, settings.as_dict(), content])
        part = str(parts / f"{key}.parquet")
        root = str(catalog.root.resolve())
        tasks.append(Task(key, catalog.kind, root, tuple(entries), digests, durations, settings, part, n_threads))
    return tasks


def _pieces(entries: Sequence[Entry], stock: Inventory, settings: PrepareSettings) -> list[list[Entry]]:
    pieces: list[list[Entry]] = []
    size = 0
    for place, entry in enumerate(entries):
        same_file = place > 0 and entries[place - 1].path == entry.path
        full = pieces and (
            len(pieces[-1]) >= settings.partition or size + stock.sizes[entry.path] > MAX_PARTITION_BYTES
        )
        if not pieces or (full and not same_file):
            pieces.append([])
            size = 0
        pieces[-1].append(entry)
        size += 0 if same_file else stock.sizes[entry.path]
    return pieces


def content_key(
    catalog: Catalog, stock: Inventory, tasks: Sequence[Task], settings: PrepareSettings, version: str, hearing: str
) -> str:
    """Return the key of the whole result: a digest of every input, setting and version.

    Parameters
    ----------
    hearing
        Name and version of the extractor of music features, or "".
    """
    ratings = digest_bytes(catalog.ratings.to_csv(index=False).encode())
    stimuli = digest_bytes(catalog.stimuli.to_csv(index=False).encode())
    listed = [asdict(reject) for reject in (*catalog.rejects, *stock.rejects)]
    return _key(
        [
            *(SCHEMA_VERSION, version, catalog.kind, settings.as_dict(), [task.key for task in tasks]),
            *(ratings, stimuli, listed, stock.audio, stock.features, hearing),
            *(
                list(catalog.label_names),
                catalog.classes,
                list(catalog.rating_names),
                catalog.rating_source,
                catalog.simulation,
            ),
        ]
    )
