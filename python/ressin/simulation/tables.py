"""The tables of a simulated PMEmo-2018 folder: songs, choruses, annotations, static means."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ressin._files.limits import write_bytes
from ressin.data.sources.catalog import DIMENSIONS
from ressin.simulation.population import Population

FIRST_LABEL = 15.5  # s; PMEmo's dynamic labels begin here, at 2 Hz
CHORUS_START = 30.0  # s into the full song, which is not part of the release


def write_song_tables(folder: Path, population: Population, audio: str, rng: np.random.Generator) -> None:
    """Make the folders and write every table.

    Parameters
    ----------
    folder
        Root of the data set.
    population
        Songs, subjects, ratings.
    audio
        Suffix of the clips, or ``"none"``.
    rng
        Random generator of the dynamic labels.
    """
    for name in ("Annotations/Arousal", "Annotations/Valence", "EDA/Arousal", "EDA/Valence", "Chorus"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    songs = population.songs
    suffix = "mp3" if audio == "none" else audio
    _write(
        folder / "metadata.csv",
        ("song id", "file name", "title", "artists"),
        ((m, f"{m}.{suffix}", f"Simulated song {m}", "ressin") for m in songs["stimulus"]),
    )
    spans = zip(songs["stimulus"], songs["seconds"], strict=True)
    _write(
        folder / "chorus.csv",
        ("song id", "start", "end"),
        ((m, f"{CHORUS_START:.1f}", f"{CHORUS_START + seconds:.1f}") for m, seconds in spans),
    )
    for dimension in DIMENSIONS:
        _write_annotations(folder, population, dimension, rng)


def _write_annotations(folder: Path, population: Population, dimension: str, rng: np.random.Generator) -> None:
    """One file per song with its subjects' static and dynamic labels, and the table of static means."""
    letter = dimension[0].upper()
    seconds = dict(zip(population.songs["stimulus"], population.songs["seconds"], strict=True))
    means = []
    for song, group in sorted(population.pairs.groupby("stimulus"), key=lambda item: int(str(item[0]))):
        times = np.arange(FIRST_LABEL, seconds[song], 0.5)
        rows = []
        for subject, rating in zip(group["subject"], group[dimension], strict=True):
            rows.append((subject, f"{rating:g}", *(f"{value:.3f}" for value in _dynamic(rating, len(times), rng))))
        name = folder / "Annotations" / dimension.capitalize() / f"{song}-{letter}.csv"
        _write(name, ("subject id", "static", *(f"{time:g}" for time in times)), rows)
        ratings = group[dimension].to_numpy()
        means.append((str(song), f"{ratings.mean():.6f}", f"{ratings.std():.6f}"))
    _write(folder / f"{letter}_static.csv", ("musicId", f"mean_{letter}", f"std_{letter}"), means)


def _dynamic(rating: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a wandering judgement that starts in the middle and settles at the static rating."""
    settled = 0.5 + (rating - 0.5) * (1.0 - np.exp(-np.arange(1, n + 1) / 10.0))
    return np.asarray(np.clip(settled + np.cumsum(rng.normal(0.0, 0.01, n)), 0.0, 1.0))


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    for row in (header, *rows):
        text.write(",".join(row) + "\n")
    write_bytes(path, text.getvalue().encode())
