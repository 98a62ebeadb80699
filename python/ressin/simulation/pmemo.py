"""A simulated PMEmo-2018 folder: files made by a documented model, which the PMEmo loader reads.

Beside the files of the release the folder holds ``simulation/``: the settings and seed (written first), the latent
variables, and, last, ``report.json`` with the ceiling; a folder without that last file is unfinished.
"""

import dataclasses
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ressin._extras import require
from ressin._files.atomic import replacing
from ressin._files.json_text import parse_json
from ressin._files.limits import MAX_JSON_BYTES, read_limited, write_bytes
from ressin._progress import StageProgress, Stages
from ressin.data.preparation.labels import LabelRule, label_ratings
from ressin.data.samples.splits import KINDS, make_splits
from ressin.data.sources.catalog import DIMENSIONS
from ressin.data.sources.simulated import LATENTS, REPORT, SETTINGS
from ressin.errors import InvalidInputError, RecordingError
from ressin.simulation.ceiling import measure_ceiling
from ressin.simulation.population import Population, SimulationSettings, generator, make_population
from ressin.simulation.tables import write_song_tables
from ressin.simulation.work import Job, make_files

AUDIO_CHOICES = ("mp3", "wav", "flac", "none")


@dataclass(frozen=True)
class SimulationReport:
    """What was written.

    Attributes
    ----------
    folder
        The PMEmo-2018 folder.
    up_to_date
        True when it was there already.
    report
        Content of ``report.json``: settings, seed, counts, and the ceiling per dimension and split.
    """

    folder: Path
    up_to_date: bool
    report: dict[str, Any]


def simulate_pmemo(
    folder: str | Path,
    *,
    seed: int,
    settings: SimulationSettings | None = None,
    audio: str = "mp3",
    n_processes: int = 0,
    progress: StageProgress = False,
) -> SimulationReport:
    """Write a simulated PMEmo-2018 folder.

    Parameters
    ----------
    folder
        A new or empty folder, or one that an interrupted run with the same settings began: it is finished then.
    seed
        Seed of all randomness; it is recorded.
    settings
        Sizes and effects; the defaults are the documented simulated set.
    audio
        ``"mp3"``, ``"wav"``, ``"flac"`` or ``"none"``.
    n_processes
        Processes that write; 0 takes every core. The files do not depend on it.
    progress
        True for a tqdm bar, or a function called with (stage, done, total); there is one stage, "files".

    Returns
    -------
    report
        With the ceiling: what a classifier reaches that is told the latent variables.

    Raises
    ------
    InvalidInputError
        A folder with other things in it or another simulation, an unknown kind of audio.
    MissingExtraError
        When audio is wanted and soundfile is not installed.
    OutputError
        When the folder cannot be written.
    """
    chosen = settings or SimulationSettings()
    target = Path(folder)
    if audio not in AUDIO_CHOICES:
        raise InvalidInputError(f"audio={audio!r} is not known: one of {', '.join(AUDIO_CHOICES)}")
    if audio != "none":
        require("soundfile", "music", "writing music clips")
    about = {"seed": seed, "audio": audio, "settings": dataclasses.asdict(chosen), "version": 2}
    if _begun(target, about):
        return SimulationReport(target, True, _parsed(target / REPORT))
    population = make_population(chosen, generator(seed, "population"))
    write_song_tables(target, population, audio, generator(seed, "dynamic"))
    with Stages(progress) as stages:
        _write_files(target, population, chosen, seed, audio, n_processes, stages)
    latents = _write_latents(target, population)
    report = {**about, "counts": _counts(population), "ceiling": _ceiling(population, latents)}
    write_bytes(target / REPORT, json.dumps(report, indent=2).encode())
    return SimulationReport(target, False, report)


def _parsed(path: Path) -> Any:
    try:
        return parse_json(read_limited(path, MAX_JSON_BYTES))
    except ValueError as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(f"{path} is not JSON ({error})") from error


def _begun(folder: Path, about: dict[str, Any]) -> bool:
    """Claim a folder; True when the simulation in it is the wanted one and finished."""
    wanted = json.loads(json.dumps(about))
    if (folder / SETTINGS).exists():
        if _parsed(folder / SETTINGS) != wanted:
            raise InvalidInputError(f"{folder} holds a simulation with other settings: name another folder")
        return (folder / REPORT).exists()
    if folder.is_dir() and any(folder.iterdir()):
        raise InvalidInputError(f"{folder} is not empty: name a new folder")
    (folder / "simulation").mkdir(parents=True, exist_ok=True)
    write_bytes(folder / SETTINGS, json.dumps(about, indent=2).encode())
    return False


def _write_files(
    folder: Path,
    population: Population,
    settings: SimulationSettings,
    seed: int,
    audio: str,
    n_processes: int,
    stages: Stages,
) -> None:
    """Write recordings and clips, in jobs over several processes."""
    jobs = [
        Job(str(folder), dimension, tuple(rows), population, settings, seed, audio)
        for dimension in DIMENSIONS
        for rows in _batches(len(population.pairs), 200)
    ]
    if audio != "none":
        jobs += [
            Job(str(folder), "audio", tuple(rows), population, settings, seed, audio)
            for rows in _batches(len(population.songs), 10)
        ]
    workers = min(n_processes or os.cpu_count() or 1, len(jobs))
    total = sum(len(job.rows) for job in jobs)
    done = 0
    if workers == 1:
        for job in jobs:
            done += make_files(job)
            stages.tell("files", done, total)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for count in pool.map(make_files, jobs):
            done += count
            stages.tell("files", done, total)


def _batches(n: int, size: int) -> list[range]:
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def _write_latents(folder: Path, population: Population) -> Any:
    """Write ``latents.parquet``: one row per pair, everything that the ceiling is told."""
    latents = population.pairs.merge(population.songs, on="stimulus").merge(
        population.subjects[["subject", "bias", "spread"]], on="subject"
    )
    with replacing(folder / LATENTS) as temporary:
        pq.write_table(pa.Table.from_pandas(latents, preserve_index=False), temporary)
    return latents


def _counts(population: Population) -> dict[str, int]:
    return {
        "songs": len(population.songs),
        "labelled songs": int(population.pairs["stimulus"].nunique()),
        "subjects": len(population.subjects),
        "recordings": len(population.pairs),
        "EDA files": 2 * len(population.pairs),
    }


def _ceiling(population: Population, latents: Any) -> Sequence[dict[str, Any]]:
    """Measure the ceiling on the labels that the default rule gives, under the default folds."""
    import pandas as pd

    labels, _ = label_ratings(population.pairs, LabelRule())
    recordings = pd.concat(
        [
            population.pairs[["pair", "subject", "stimulus"]]
            .join(labels)
            .assign(dimension=dimension, recording_id=population.pairs["pair"] + f"_{dimension[0].upper()}")
            for dimension in DIMENSIONS
        ],
        ignore_index=True,
    )
    possible = min(recordings["subject"].nunique(), recordings["stimulus"].nunique())
    if possible < 2:
        return []
    splits = [make_splits(recordings, kind, n_folds=min(10, possible)) for kind in KINDS]
    return measure_ceiling(recordings, latents, splits)
