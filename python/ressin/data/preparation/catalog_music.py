"""The music of a whole catalog: which clips are heard, which rows are read, and what is missing."""

import os
from pathlib import Path

import numpy as np

from ressin._files.limits import inside
from ressin._progress import Count
from ressin.data.preparation.executor import Executor
from ressin.data.preparation.features import read_feature_table
from ressin.data.preparation.music import (
    N_FEATURES,
    Clip,
    MusicTable,
    extractor_version,
    feature_names,
    hear,
    load_cached,
)
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.preparation.stock import Inventory
from ressin.data.sources.catalog import Catalog, Reject
from ressin.data.sources.pmemo_songs import song_id
from ressin.errors import InvalidInputError, OutputError, RecordingError

NO_MUSIC = MusicTable((), (), np.empty((0, 0), np.float32), ())


def decide(catalog: Catalog, choice: str) -> str:
    """Decide where the features come from.

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
    catalog: Catalog,
    stock: Inventory,
    settings: PrepareSettings,
    cache: Path,
    executor: Executor,
    count: Count,
) -> tuple[MusicTable, list[Reject]]:
    """Get the features of every stimulus.

    Parameters
    ----------
    catalog, stock
        What was found, and its digests.
    settings
        With the choice of `music` as `decide` returned it.
    cache
        Folder of features by content, kept between runs.
    executor
        Where the clips are heard.
    count
        Progress.

    Returns
    -------
    music, rejects
        Features of the stimuli that have them; those that do not, by file name.
    """
    if settings.music == "none":
        return NO_MUSIC, []
    if settings.music == "read":
        return _read(catalog)
    return _hear(catalog, stock, settings, cache, executor, count)


def _hear(
    catalog: Catalog,
    stock: Inventory,
    settings: PrepareSettings,
    cache: Path,
    executor: Executor,
    count: Count,
) -> tuple[MusicTable, list[Reject]]:
    version = extractor_version()
    cache.mkdir(parents=True, exist_ok=True)
    root, folder = str(catalog.root.resolve()), str(cache.resolve())
    clips = {path: Clip(root, path, digest, folder, version) for path, digest in stock.audio.items()}
    problems = executor.map(hear, list(clips.values()), threads=os.cpu_count() or 1, count=count)
    rejects = [Reject(path, "music", text) for path, text in zip(clips, problems, strict=True) if text]
    bad = {reject.file for reject in rejects}
    stimuli, rows = [], []
    columns = (catalog.stimuli[name] for name in ("stimulus", "audio", "duration"))
    for stimulus, path, duration in zip(*columns, strict=True):
        if path not in clips or path in bad:
            continue
        heard = load_cached(clips[path].cached)
        if heard is None:
            raise OutputError(f"{clips[path].cached}: vanished while it was being used; run again")
        features, seconds = heard
        remark = _compare_lengths(path, seconds, float(duration), settings)
        rejects += [remark] if remark is not None else []
        if remark is None or remark.action == "kept":
            stimuli.append(str(stimulus))
            rows.append(features)
    values = np.stack(rows) if rows else np.empty((0, N_FEATURES), np.float32)
    return MusicTable(tuple(stimuli), feature_names(), values, (version,) * len(stimuli)), rejects


def _compare_lengths(path: str, seconds: float, duration: float, settings: PrepareSettings) -> Reject | None:
    """Compare a clip with the length that the songs' table gives: much shorter is refused, otherwise it is listed."""
    if not abs(seconds - duration) > settings.length_tolerance:
        return None
    text = f"the clip lasts {seconds:.2f} s, the tables say {duration:.2f} s"
    if seconds < settings.min_cover * duration:
        return Reject(path, "truncated", f"{text}: less than {settings.min_cover:.0%} of it")
    return Reject(path, "disagreement", text, "kept")


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
