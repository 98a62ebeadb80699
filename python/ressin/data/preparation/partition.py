"""One piece of work: some recordings, read, decomposed, and written as one Parquet part.

A part depends on its task alone: the same content, settings and version give the same bytes, on any machine of a
cluster.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ressin._files.atomic import replacing
from ressin.data.preparation.reading import Signal, read_files
from ressin.data.preparation.sample import Levels, Sample
from ressin.data.preparation.solving import BATCH_SAMPLES, Solved, solve
from ressin.data.preparation.task import Task
from ressin.data.sources.catalog import Reject
from ressin.data.store.schema import DRIVER, PART_SCHEMA, PEOPLE_SCHEMA, level_names
from ressin.image import CHANNELS

PARQUET_OPTIONS: dict[str, object] = {"version": "2.6", "use_dictionary": False, "compression": "none"}


def run_task(task: Task) -> str:
    """Carry out one task; returns its key. Nothing is done when the part is already there.

    A part is a Parquet file of `PART_SCHEMA`, one row per usable recording, with the rejects as JSON beside it, and,
    where channels are scaled by person, all samples of each of their signals. The part itself comes last.
    """
    if not Path(task.part).is_file():
        rejects: list[Reject] = []
        with ExitStack() as stack:
            rows = _writer(stack, task.part, PART_SCHEMA)
            people = _writer(stack, task.people, PEOPLE_SCHEMA) if task.settings.scale == "person" else None
            for solved in _solved(task, rejects):
                for chunk in _chunks(solved, task.settings.partition):
                    rows.write_table(chunk)
                if people is not None:
                    people.write_table(_people(solved))
            with replacing(task.rejects) as listing:
                listing.write_text(json.dumps([asdict(reject) for reject in rejects]), "utf-8")
    return task.key


def _writer(stack: ExitStack, path: str, schema: pa.Schema) -> pq.ParquetWriter:
    """Open a table that is there when the stack is left, and is not where it is left by an error."""
    temporary = stack.enter_context(replacing(path))
    return stack.enter_context(pq.ParquetWriter(temporary, schema, **PARQUET_OPTIONS))


def _solved(task: Task, rejects: list[Reject]) -> Iterator[list[Solved]]:
    """Read and decompose the files of a task, about `BATCH_SAMPLES` at a time; rejects are added to the list."""
    waiting: list[Signal] = []
    for signals, listed in read_files(task):
        rejects += listed
        waiting += signals
        if sum(len(signal.values) for signal in waiting) >= BATCH_SAMPLES:
            yield _solve(waiting, task, rejects)
            waiting = []
    yield _solve(waiting, task, rejects)


def _solve(signals: Sequence[Signal], task: Task, rejects: list[Reject]) -> list[Solved]:
    solved = solve(signals, task.settings, task.n_threads)
    rejects += [reject for one in solved for reject in one.rejects]
    return solved


def _chunks(solved: Sequence[Solved], n_rows: int) -> Iterator[pa.Table]:
    """Lay samples out as `PART_SCHEMA`, at most `n_rows` in a table."""
    samples = ((sample, one.levels) for one in solved for sample in one.samples)
    while chunk := list(islice(samples, n_rows)):
        yield _table(chunk)


def _table(samples: Sequence[tuple[Sample, Levels]]) -> pa.Table:
    parts = [sample.decomposed for sample, _ in samples]
    columns = {name: _lists([part.channels[k] for part in parts]) for k, name in enumerate(CHANNELS)}
    columns[DRIVER] = _lists([part.driver for part in parts])
    records = [_record(sample, levels) for sample, levels in samples]
    for field in PART_SCHEMA:
        if field.name not in columns:
            columns[field.name] = pa.array([record[field.name] for record in records], field.type)
    return pa.table([columns[field.name] for field in PART_SCHEMA], schema=PART_SCHEMA)


def _lists(parts: Sequence[np.ndarray]) -> pa.ListArray:
    """Put arrays into a column of lists."""
    offsets = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)])
    flat = np.concatenate([*parts, np.empty(0, np.float32)])
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(flat))


def _record(sample: Sample, levels: Levels) -> dict[str, object]:
    """Identity, place, levels and evidence of one row."""
    window, entry = sample.window, sample.window.entry
    means, deviations = (map(float, values) for values in (levels.mean, levels.deviation))
    return {
        "recording_id": entry.recording_id,
        "pair": entry.pair,
        "subject": entry.subject,
        "stimulus": entry.stimulus,
        "dimension": entry.dimension,
        "file": window.file,
        "start": window.start,
        "end": window.end,
        "sampling_rate": window.sampling_rate,
        "n_samples": sample.channels.shape[1],
        **dict(zip(level_names("mean"), means, strict=True)),
        **dict(zip(level_names("deviation"), deviations, strict=True)),
        **sample.decomposed.evidence,
        "missing_share": sample.missing_share,
    }


def _people(solved: Sequence[Solved]) -> pa.Table:
    """All samples of each signal, by person, in rows."""
    rows = [(subject, one.whole) for one in solved for subject in dict.fromkeys(e.subject for e in one.signal.entries)]
    columns = [pa.array([subject for subject, _ in rows], pa.string())]
    columns += [_lists([whole[k] for _, whole in rows]) for k in range(len(CHANNELS))]
    return pa.table(columns, schema=PEOPLE_SCHEMA)


def rejects_of(path: Path) -> list[Reject]:
    """Read back the rejects of a part."""
    return [Reject(**reject) for reject in json.loads(path.read_text("utf-8"))]
