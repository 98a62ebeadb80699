"""The files of a simulation that take time, written in jobs that any process can do."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from ressin._extras import require
from ressin._files.limits import write_bytes
from ressin.simulation.clips import AUDIO_RATE, cues_of, make_clip
from ressin.simulation.population import Population, SimulationSettings
from ressin.simulation.skin import make_trace

EDA_HEADER = ("time(s)", "EDA(microsiemens)")


@dataclass(frozen=True)
class Job:
    """Some rows of one kind: ``"arousal"`` or ``"valence"`` (rows of pairs), or ``"audio"`` (rows of songs)."""

    folder: str
    kind: str
    rows: tuple[int, ...]
    population: Population
    settings: SimulationSettings
    seed: int
    audio: str


def make_files(job: Job) -> int:
    """Write the files of a job; returns how many."""
    for row in job.rows:
        if job.kind == "audio":
            _make_clip(job, row)
        else:
            _make_recording(job, row)
    return len(job.rows)


def _make_recording(job: Job, row: int) -> None:
    from ressin.simulation.population import generator

    pair = job.population.pairs.iloc[row]
    subjects, songs = job.population.subjects, job.population.songs
    subject = subjects.iloc[int(pair["subject"]) - int(subjects["subject"].iloc[0])]
    seconds = float(songs["seconds"].iloc[int(pair["stimulus"]) - 1])
    numbers = {name: float(subject[name]) for name in subjects.columns if name != "subject"}
    signal = make_trace(numbers, float(pair["drive"]), seconds, job.settings, generator(job.seed, job.kind, row))
    time = np.round(np.arange(len(signal)) / job.settings.sampling_rate, 6)
    folder = Path(job.folder) / "EDA" / job.kind.capitalize()
    write_trace(folder / f"{pair['stimulus']}_{pair['subject']}_{job.kind[0].upper()}.csv", time, signal)


def write_trace(path: Path, time: np.ndarray, signal: np.ndarray) -> None:
    """Write one EDA file as PMEmo 2018 has it."""
    buffer = io.BytesIO((",".join(EDA_HEADER) + "\n").encode())
    buffer.seek(0, io.SEEK_END)
    table = pa.table([pa.array(time), pa.array(signal)], names=list(EDA_HEADER))
    pacsv.write_csv(table, buffer, pacsv.WriteOptions(include_header=False, quoting_style="none"))
    write_bytes(path, buffer.getvalue())


def _make_clip(job: Job, row: int) -> None:
    from ressin.simulation.population import generator

    soundfile = require("soundfile", "music", "writing music clips")
    song = job.population.songs.iloc[row]
    rng = generator(job.seed, "audio", row)
    clip = make_clip(
        cues_of(float(song["song_arousal"]), float(song["song_valence"]), rng), float(song["seconds"]), rng
    )
    buffer = io.BytesIO()
    soundfile.write(buffer, clip, AUDIO_RATE, format=job.audio.upper())
    write_bytes(Path(job.folder) / "Chorus" / f"{song['stimulus']}.{job.audio}", buffer.getvalue())
