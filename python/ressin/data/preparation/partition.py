"""One piece of work: some recordings, read, decomposed, and written as one Parquet part.

A part depends on its task alone: the same content, settings and version give the same bytes, on any machine of a
cluster.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ressin._files.atomic import replacing
from ressin.data.preparation.cut import Cut
from ressin.data.preparation.reading import read_files
from ressin.data.preparation.sample import Sample, programme_of
from ressin.data.preparation.task import Task
from ressin.data.sources.catalog import Reject
from ressin.data.store.schema import PART_SCHEMA
from ressin.errors import QualityWarning, describe
from ressin.image import CHANNELS

if TYPE_CHECKING:
    from ressin.decomposition.result import Decomposition

PARQUET_OPTIONS: dict[str, object] = {"version": "2.6", "use_dictionary": False, "compression": "none"}


def run_task(task: Task) -> str:
    """Carry out one task; returns its key. Nothing is done when the part is already there."""
    part = Path(task.part)
    if not part.is_file():
        table = prepare_partition(task)
        with replacing(part) as temporary:
            pq.write_table(table, temporary, **PARQUET_OPTIONS)
    return task.key


def prepare_partition(task: Task) -> pa.Table:
    """Read and decompose the recordings of a task.

    Returns
    -------
    table
        `PART_SCHEMA`, one row per usable recording; the rejects are JSON in the schema's metadata.
    """
    windows, rejects = read_files(task)
    samples, refused = _decompose(windows, task)
    listing = json.dumps([asdict(reject) for reject in rejects + refused])
    return _table(samples).replace_schema_metadata({b"ressin.rejects": listing.encode()})


def _decompose(windows: list[Cut], task: Task) -> tuple[list[Sample], list[Reject]]:
    """Decompose a batch; a recording that the solver refuses is listed with the solver's message."""
    samples, rejects = [], []
    for window, result in zip(windows, _results(windows, task), strict=True):
        try:
            if isinstance(result, Exception):
                raise result
            samples.append(Sample.of(window, result))
        except Exception as error:  # noqa: BLE001  # whatever one recording does, the others are prepared
            reason = f"not decomposed: {re.sub('^signal [0-9]+: ', '', describe(error))}"
            rejects.append(Reject(window.entry.path, "solver", reason, "rejected", window.entry.recording_id))
    return samples, rejects


def _results(windows: list[Cut], task: Task) -> list[Decomposition | Exception]:
    """Decompose windows as one batch; where that raises, each alone, so that one cannot take the others."""
    from ressin.decomposition.decompose import decompose_batch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", QualityWarning)  # the column ``quality`` has it, for each recording
        try:
            results = decompose_batch(
                [window.signal for window in windows],
                [window.sampling_rate for window in windows],
                **programme_of(task.settings.decomposition),
                errors="return",
                n_threads=task.n_threads,
            )
            return [*results]
        except Exception as error:  # noqa: BLE001
            if len(windows) == 1:
                return [error]
    return [result for window in windows for result in _results([window], task)]


def _table(samples: Sequence[Sample]) -> pa.Table:
    """Lay samples out as `PART_SCHEMA`."""
    records = [_record(sample) for sample in samples]
    offsets = np.concatenate([[0], np.cumsum([s.channels.shape[1] for s in samples], dtype=np.int64)])
    columns = {}
    for k, name in enumerate(CHANNELS):
        flat = pa.array(np.concatenate([*(s.channels[k] for s in samples), np.empty(0, np.float32)]))
        columns[name] = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), flat)
    for field in PART_SCHEMA:
        if field.name not in columns:
            columns[field.name] = pa.array([record[field.name] for record in records], field.type)
    return pa.table([columns[field.name] for field in PART_SCHEMA], schema=PART_SCHEMA)


def _record(sample: Sample) -> dict[str, object]:
    """Identity and evidence of one row."""
    window, result, entry = sample.window, sample.result, sample.window.entry
    return {
        "recording_id": entry.recording_id,
        "pair": entry.pair,
        "subject": entry.subject,
        "stimulus": entry.stimulus,
        "dimension": entry.dimension,
        "sampling_rate": window.sampling_rate,
        "n_samples": sample.channels.shape[1],
        "status": result.status,
        "converged": result.converged,
        "iterations": result.iterations,
        "objective": result.objective,
        "relative_gap": result.relative_gap,
        "residual_share": result.quality.residual_share,
        "phasic_tonic_correlation": result.quality.phasic_tonic_correlation,
        "fast_decay_share": result.quality.fast_decay_share,
        "quality": " ".join(result.quality.messages),
        "missing_share": sample.missing_share,
    }


def rejects_of(table: pa.Table) -> list[Reject]:
    """Read back the rejects of a part."""
    return [Reject(**reject) for reject in json.loads(table.schema.metadata[b"ressin.rejects"])]
