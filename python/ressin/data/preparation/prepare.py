"""From a catalog to a prepared folder, resumably; an unfinished folder is never taken for a finished one.

The order makes it safe to kill at any moment:

1. the files are digested, and the key of the result is computed from content, settings and versions; if the folder's
   ``meta.json`` has that key and every file has the digest it names, there is nothing to do;
2. ``meta.json`` is removed, so that a folder that is being changed cannot be taken for a finished one;
3. clips are heard into a cache, recordings are prepared part by part; each file appears whole under the name of its
   content, so a part that is there is done;
4. the tables are assembled, each whole or not at all; ``meta.json`` comes last; the parts are removed.
"""

import math
import shutil
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ressin._core import __version__
from ressin._files.json_text import parse_json
from ressin._files.limits import MAX_JSON_BYTES, digest_file, locked, read_limited, remove_leftovers, write_bytes
from ressin._progress import StageProgress, Stages
from ressin.data.preparation import catalog_music, tables
from ressin.data.preparation.executor import Executor
from ressin.data.preparation.music import extractor_version
from ressin.data.preparation.partition import run_task
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.preparation.stock import content_key, make_tasks, take_stock
from ressin.data.preparation.task import Task
from ressin.data.sources.catalog import Catalog, Reject
from ressin.data.store import schema
from ressin.errors import InvalidInputError, RecordingError

WORK = ".work"
CACHE = ".cache"


@dataclass(frozen=True)
class PrepareReport:
    """What a preparation did.

    Attributes
    ----------
    folder
        The prepared folder.
    up_to_date
        True when everything was there already and nothing was done.
    meta
        Content of ``meta.json``: settings, counts, rejects by kind, digests.
    resumed
        Parts that an earlier, interrupted run had finished.
    seconds
        Wall-clock time.
    """

    folder: Path
    up_to_date: bool
    meta: dict[str, Any]
    resumed: int
    seconds: float


def prepare(
    catalog: Catalog,
    folder: str | Path,
    *,
    settings: PrepareSettings | None = None,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    n_threads: int = 0,
    progress: StageProgress = False,
) -> PrepareReport:
    """Decompose, label, hear, and write the prepared folder.

    Parameters
    ----------
    catalog
        From `ressin.data.sources.pmemo.read_pmemo` or `ressin.data.sources.manifest.read_manifest`.
    folder
        Where the result goes; made if need be. It must not be a folder with other things in it.
    settings
        How; the defaults are the paper's for PMEmo, and for a manifest whose rows are windows of files (start, end)
        each file is decomposed and scaled as a whole, and nothing is dropped; see `PrepareSettings`.
    scheduler
        None for this process, ``"local"`` or ``"local:N"`` for N workers on this machine, or the address of a Dask
        scheduler. The result is the same, byte for byte.
    cache
        Folder of music features by content; default ``.cache`` in `folder`. Kept, so that other settings need not
        hear the clips again.
    n_threads
        Threads of the decomposition in this process; 0 takes every core. Workers of a cluster take one each.
    progress
        True for a tqdm bar for each stage, or a function called with (stage, done, total).

    Returns
    -------
    report
        What was done, with the counts.

    Raises
    ------
    InvalidInputError
        No usable recording at all, or a folder that holds something else.
    OutputError
        The folder cannot be written, or another process holds its lock.
    MissingExtraError
        An extra is needed that is not installed.
    """
    began = time.perf_counter()
    target = Path(folder)
    _check_target(target)
    with locked(target):
        asked = settings or PrepareSettings()
        chosen = replace(asked, music=catalog_music.decide(catalog, asked.music))
        chosen = chosen.decided(has_windows=catalog.has_windows)
        music = chosen.music
        stock = take_stock(catalog, hear_audio=music == "extract", read_features=music == "read")
        version = __version__
        tasks = make_tasks(catalog, stock, chosen, version, target / WORK, n_threads if scheduler is None else 1)
        key = content_key(catalog, stock, tasks, chosen, version, extractor_version() if music == "extract" else "")
        meta = finished(target)
        if meta is not None and meta["content_key"] == key:
            _tidy(target)
            return PrepareReport(target, True, meta, 0, time.perf_counter() - began)
        (target / schema.META).unlink(missing_ok=True)
        resumed = _clear(target, tasks)
        with Stages(progress) as stages, Executor(scheduler) as executor:
            music_cache = Path(cache) if cache is not None else target / CACHE
            table, deaf = catalog_music.listen(catalog, stock, chosen, music_cache, executor, stages.count("music"))
            executor.map(run_task, tasks, count=stages.count("recordings"))
        before = [*catalog.rejects, *stock.rejects]
        names = tables.all_labels(catalog)
        ratings, subjects, unlabelled = tables.label_catalog(catalog, chosen.labels)
        others = catalog.rating_names
        refused = tables.write_recordings(target / schema.RECORDINGS, tasks, ratings, names, chosen.scale, others)
        rejects = [*before, *refused, *unlabelled, *deaf]
        tables.write_ratings(target / schema.RATINGS, ratings, names, others)
        tables.write_subjects(target / schema.SUBJECTS, subjects, others)
        tables.write_stimuli(target / schema.STIMULI, catalog, table)
        tables.write_music(target / schema.MUSIC, table)
        tables.write_rejects(target / schema.REJECTS, rejects)
        meta = _meta(target, catalog, chosen, key, version, rejects, names)
        write_bytes(target / schema.META, tables.dump_meta(meta))
        _tidy(target)
    return PrepareReport(target, False, meta, resumed, time.perf_counter() - began)


def _check_target(folder: Path) -> None:
    """Refuse to write into a folder that holds something else."""
    if folder.exists() and not folder.is_dir():
        raise InvalidInputError(f"{folder} is a file; a folder is needed")
    ours = {schema.META, WORK, CACHE, ".lock", *schema.TABLES}
    others = [path.name for path in folder.iterdir() if path.name not in ours] if folder.is_dir() else []
    others = [name for name in others if not name.startswith(".")]
    if others and not (folder / schema.META).exists() and not (folder / WORK).exists():
        raise InvalidInputError(f"{folder} holds other things ({sorted(others)[0]}): name an empty or a new folder")


def _clear(folder: Path, tasks: list[Task]) -> int:
    """Remove what earlier runs left half done or for other content; returns how many parts are still good."""
    work = folder / WORK
    work.mkdir(exist_ok=True)
    remove_leftovers(folder)
    remove_leftovers(work)
    wanted = {Path(path).name for task in tasks for path in (task.part, task.rejects, task.people)}
    for path in work.iterdir():
        if path.name not in wanted:
            path.unlink()
    return sum(1 for task in tasks if Path(task.part).is_file())


def _tidy(folder: Path) -> None:
    """Remove what is not needed beside a result that is whole; an earlier run may have been killed before it did."""
    remove_leftovers(folder)
    shutil.rmtree(folder / WORK, ignore_errors=True)


def finished(folder: Path) -> dict[str, Any] | None:
    """Read ``meta.json`` if the folder is whole: every file there, each with the digest that it names."""
    try:
        meta = parse_json(read_limited(folder / schema.META, MAX_JSON_BYTES))
        whole = all(digest_file(folder / name) == meta["files"][name]["digest"] for name in schema.TABLES)
        return dict(meta) if whole and isinstance(meta["content_key"], str) else None
    except (RecordingError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _meta(
    folder: Path,
    catalog: Catalog,
    settings: PrepareSettings,
    key: str,
    version: str,
    rejects: list[Reject],
    names: tuple[str, ...],
) -> dict[str, Any]:
    """Content of ``meta.json``."""
    import pyarrow.parquet as pq

    files = {
        name: {"digest": digest_file(folder / name), "rows": pq.read_metadata(folder / name).num_rows}
        for name in schema.TABLES
    }
    if files[schema.RECORDINGS]["rows"] == 0:
        worst = next((reject for reject in rejects if reject.action == "rejected" and reject.recording_id), None)
        detail = f"; the first reason: {worst.file}: {worst.reason}" if worst else ""
        raise InvalidInputError(f"no usable recording among {len(catalog.entries)}{detail}")
    return {
        "schema_version": schema.SCHEMA_VERSION,
        "ressin_version": version,
        "content_key": key,
        "source": {
            "kind": catalog.kind,
            "name": catalog.root.resolve().name,
            "rating_source": catalog.rating_source,
            "windows": catalog.has_windows,
        },
        "settings": {**settings.as_dict(), "row_seconds": settings.row_seconds or square_rows(folder)},
        "in_words": settings.in_words(has_windows=catalog.has_windows),
        "quality": tables.count_quality(folder / schema.RECORDINGS),
        "labels": list(names),
        "ratings": list(catalog.rating_names),
        "classes": {name: list(classes) for name, classes in catalog.classes.items()},
        "simulation": catalog.simulation,
        "counts": {**catalog.counts, "prepared": files[schema.RECORDINGS]["rows"]},
        "rejects": tables.summarise(rejects),
        "files": files,
    }


def square_rows(folder: Path) -> float:
    """Whole seconds a row, at least 1, that give the median recording about as many rows as columns."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder / schema.RECORDINGS, columns=["n_samples", "sampling_rate"])
    samples, rates = (np.asarray(column, np.float64) for column in table.columns)
    if not len(samples):
        return 1.0
    seconds, rate = float(np.median(samples / rates)), float(np.median(rates))
    return float(min(max(1, round(math.sqrt(seconds / rate))), max(1, int(seconds / 2))))
