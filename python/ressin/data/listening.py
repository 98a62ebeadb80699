"""The music of a whole catalog: which clips are heard, which rows are read, and what is missing."""

import os
from pathlib import Path

import numpy as np

from ressin.data.catalog import Catalog, Reject
from ressin.data.execute import Executor, Report
from ressin.data.features import read_feature_table
from ressin.data.files import inside
from ressin.data.inventory import Inventory
from ressin.data.music import N_FEATURES, Clip, MusicTable, extractor_version, feature_names, hear, load_cached
from ressin.data.pmemo_songs import song_id
from ressin.errors import InvalidInputError, RecordingError

NO_MUSIC = MusicTable((), (), np.empty((0, 0), np.float32), ())


def decide(catalog: Catalog, choice: str) -> str:
    """Settle where the features come from.

    Parameters
    ----------
    catalog
        What was found.
    choice
        ``"auto"``, ``"extract"``, ``"read"`` or ``"none"``.

    Returns
    -------
    choice
        ``"extract"``, ``"read"`` or ``"none"``.

    Raises
    ------
    InvalidInputError
        When a table of features is to be read and there is none.
    MissingExtraError
        When clips are to be heard and the extra is missing.
    """
    if choice == "read" and catalog.features is None:
        raise InvalidInputError(
            "music='read' needs a table of features beside the data (static_features.csv), there is none"
        )
    if choice == "auto":
        choice = "read" if catalog.features is not None else "extract" if catalog.stimuli["audio"].any() else "none"
    if choice == "extract":
        extractor_version()
    return choice


def listen(
    catalog: Catalog, stock: Inventory, choice: str, cache: Path, executor: Executor, report: Report | None
) -> tuple[MusicTable, list[Reject]]:
    """Get the features of every stimulus.

    Parameters
    ----------
    catalog, stock
        What was found, and its digests.
    choice
        As `decide` settled it.
    cache
        Folder of features by content, kept between runs.
    executor
        Where the clips are heard.
    report
        Progress.

    Returns
    -------
    music, rejects
        Features of the stimuli that have them; those that do not, by file name.
    """
    if choice == "none":
        return NO_MUSIC, []
    if choice == "read":
        return _read(catalog)
    return _hear(catalog, stock, cache, executor, report)


def _hear(
    catalog: Catalog, stock: Inventory, cache: Path, executor: Executor, report: Report | None
) -> tuple[MusicTable, list[Reject]]:
    version = extractor_version()
    cache.mkdir(parents=True, exist_ok=True)
    root, folder = str(catalog.root.resolve()), str(cache.resolve())
    clips = {path: Clip(root, path, digest, folder, version) for path, digest in stock.audio.items()}
    problems = executor.map(hear, list(clips.values()), threads=os.cpu_count() or 1, report=report)
    rejects = [Reject(path, "music", text) for path, text in zip(clips, problems, strict=True) if text]
    bad = {reject.file for reject in rejects}
    stimuli, rows = [], []
    for stimulus, path in zip(catalog.stimuli["stimulus"], catalog.stimuli["audio"], strict=True):
        if path not in clips or path in bad:
            continue
        features = load_cached(clips[path].cached)
        if features is None:
            rejects.append(
                Reject(path, "music", "its features vanished from the cache while it was being read; run again")
            )
            continue
        stimuli.append(str(stimulus))
        rows.append(features)
    values = np.stack(rows) if rows else np.empty((0, N_FEATURES), np.float32)
    return MusicTable(tuple(stimuli), feature_names(), values, (version,) * len(stimuli)), rejects


def _read(catalog: Catalog) -> tuple[MusicTable, list[Reject]]:
    file = str(catalog.features)
    try:
        known, names, problems = read_feature_table(inside(catalog.root, file, "table of features"), file)
    except RecordingError as error:
        return NO_MUSIC, [Reject(file, "music", str(error))]
    rejects = [Reject(file, "music", problem) for problem in problems]
    if len(names) != N_FEATURES:
        reason = f"{len(names):,} features per row where ComParE has {N_FEATURES:,}"
        rejects.append(Reject(file, "disagreement", reason, "kept"))
    stimuli, rows = [], []
    for stimulus, key in zip(catalog.stimuli["stimulus"], catalog.stimuli["feature_row"], strict=True):
        if key and song_id(str(key)) in known:
            stimuli.append(str(stimulus))
            rows.append(known[song_id(str(key))])
        else:
            rejects.append(Reject(file, "music", f"no features of stimulus {stimulus}"))
    values = np.stack(rows) if rows else np.empty((0, len(names)), np.float32)
    return MusicTable(tuple(stimuli), names, values, (f"read from {file}",) * len(stimuli)), rejects
