"""The tables of the prepared folder, made from the parts; each is written whole or not at all."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ressin._files.atomic import replacing
from ressin._files.names import encodable
from ressin.data.preparation.labels import LabelRule, label_dimension, label_ratings, label_song_means
from ressin.data.preparation.music import MusicTable
from ressin.data.preparation.partition import rejects_of
from ressin.data.preparation.people import People
from ressin.data.preparation.task import Task
from ressin.data.sources.catalog import DIMENSIONS, Catalog, Reject
from ressin.data.store.schema import (
    LIST_COLUMNS,
    REJECT_SCHEMA,
    STIMULUS_SCHEMA,
    label_fields,
    music_schema,
    rating_schema,
    recording_schema,
    subject_schema,
)
from ressin.decomposition.quality import MAX_CORRELATION, MAX_FAST_DECAY_SHARE, MAX_RESIDUAL_SHARE, MIRRORED
from ressin.errors import InvalidInputError, RecordingError

if TYPE_CHECKING:
    import pandas as pd

PARQUET_OPTIONS: dict[str, object] = {
    "version": "2.6",
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": False,
}
# The bytes of the floats are sorted by their place before they are compressed: half the size at the same speed.
SPLIT_COLUMNS = [f"{name}.list.element" for name in LIST_COLUMNS]


def label_catalog(catalog: Catalog, rule: LabelRule) -> tuple["pd.DataFrame", "pd.DataFrame", list[Reject]]:
    """Label the ratings of a catalog; labels that come with the data take precedence over the rule.

    Returns
    -------
    ratings, subjects, rejects
        The ratings with a column ``<name>_label`` for every label; centres and thresholds; the subjects that
        have no labels, by name.
    """
    ratings = catalog.ratings.copy()
    label = label_song_means if catalog.rating_source == "song mean" else label_ratings
    labels, subjects = label(ratings, rule)
    for name in DIMENSIONS:
        if name not in catalog.label_names:
            ratings[f"{name}_label"] = labels[f"{name}_label"]
    for name in catalog.rating_names:
        found, thresholds = label_dimension(ratings, ratings[f"{name}_rating"], rule)
        subjects[f"threshold_{name}"], subjects[f"rule_{name}"] = thresholds["threshold"], thresholds["rule"]
        if name not in catalog.label_names:
            ratings[f"{name}_label"] = found
    rejects = []
    rated = ratings[list(DIMENSIONS)].notna().any(axis=1)
    known = set(ratings.loc[rated, "subject"])
    for subject, applied in zip(subjects["subject"], subjects["rule"], strict=True):
        if subject in known and ("k-means" not in applied or "no contrast" in applied):
            rejects.append(Reject(f"subject {subject}", "labels", f"labelled by the rule: {applied}", "kept"))
    return ratings, subjects, rejects


def all_labels(catalog: Catalog) -> tuple[str, ...]:
    """Names of every label of a catalog: arousal and valence, those of other ratings, then the ready-made ones."""
    return tuple(dict.fromkeys((*DIMENSIONS, *catalog.rating_names, *catalog.label_names)))


def write_recordings(
    path: Path,
    tasks: Sequence[Task],
    ratings: "pd.DataFrame",
    names: Sequence[str],
    scale: str = "window",
    rating_names: Sequence[str] = (),
) -> list[Reject]:
    """Join the parts with ratings and labels into ``recordings.parquet``, a row group for each of theirs.

    Returns
    -------
    rejects
        Those of the parts, in order.
    """
    schema = recording_schema(names, scale, rating_names)
    keyed = ratings.set_index("pair")
    people = People(tasks) if scale == "person" else None
    split = [name for name in SPLIT_COLUMNS if name.partition(".")[0] in schema.names]
    options = {**PARQUET_OPTIONS, "use_byte_stream_split": split}
    with replacing(path) as temporary, pq.ParquetWriter(temporary, schema, **options) as writer:
        for task in tasks:
            for table in _row_groups(Path(task.part)):
                rows = keyed.loc[table.column("pair").to_pylist()]
                for field in label_fields(names, rating_names):
                    table = table.append_column(field, column_of(rows[field.name], field.type))
                if people is not None:
                    table = people.add_shares(table)
                writer.write_table(table.select(schema.names).cast(schema))
    return [reject for task in tasks for reject in rejects_of(Path(task.rejects))]


def _row_groups(part: Path) -> Iterator[pa.Table]:
    """Read a part; a damaged one (it was whole when it was written) is removed, so that the next run makes it again."""
    try:
        with pq.ParquetFile(part) as file:
            for place in range(file.num_row_groups):
                yield file.read_row_group(place)
    except (pa.ArrowException, OSError) as error:
        part.unlink(missing_ok=True)
        raise RecordingError(
            f"{part.name}: this piece of work is damaged and was removed; run again ({error})"
        ) from error


def column_of(values: "pd.Series", kind: pa.DataType) -> pa.Array:
    """Turn a pandas column into an Arrow array; whatever pandas calls missing becomes null."""
    return pa.array(values, type=kind, from_pandas=True)


def write_frame(path: Path, frame: "pd.DataFrame", schema: pa.Schema) -> None:
    """Write a frame in the columns of a schema."""
    write_table(path, pa.table([column_of(frame[field.name], field.type) for field in schema], schema=schema))


def write_table(path: Path, table: pa.Table) -> None:
    """Write one table as Parquet, whole or not at all."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary, **PARQUET_OPTIONS)


def write_ratings(path: Path, ratings: "pd.DataFrame", names: Sequence[str], rating_names: Sequence[str] = ()) -> None:
    """Write ``ratings.parquet``."""
    write_frame(path, ratings, rating_schema(names, rating_names))


def write_subjects(path: Path, subjects: "pd.DataFrame", rating_names: Sequence[str] = ()) -> None:
    """Write ``subjects.parquet``."""
    write_frame(path, subjects, subject_schema(rating_names))


def write_stimuli(path: Path, catalog: Catalog, music: MusicTable) -> None:
    """Write ``stimuli.parquet``, with where each stimulus' features came from."""
    sources = dict(zip(music.stimuli, music.sources, strict=True))
    frame = catalog.stimuli.assign(music=[sources.get(name, "") for name in catalog.stimuli["stimulus"]])
    write_frame(path, frame, STIMULUS_SCHEMA)


def write_music(path: Path, music: MusicTable) -> None:
    """Write ``music.parquet``: a row per stimulus, a column per feature."""
    columns = [pa.array(music.stimuli, pa.string())]
    columns += [pa.array(np.ascontiguousarray(music.values[:, place])) for place in range(len(music.names))]
    write_table(path, pa.table(columns, schema=music_schema(music.names)))


def write_rejects(path: Path, rejects: Sequence[Reject]) -> None:
    """Write ``rejects.parquet``."""
    rows = [{name: encodable(text) for name, text in asdict(reject).items()} for reject in rejects]
    write_table(path, pa.Table.from_pylist(rows, schema=REJECT_SCHEMA))


def summarise(rejects: Sequence[Reject]) -> list[dict[str, Any]]:
    """Count rejects by kind and action, the most frequent first."""
    counted = Counter((reject.kind, reject.action) for reject in rejects)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return [{"kind": kind, "action": action, "count": count} for (kind, action), count in ordered]


def count_quality(path: Path) -> dict[str, int]:
    """Count samples by what the evidence says of them, or of the whole recording that they were cut from.

    Returns
    -------
    counts
        ``samples``, ``files``; samples with nothing to say (``good``), whose solve did not converge, whose residual or
        fast decays are above the bounds of `ressin.decomposition.quality`, whose parts are correlated, or mirror each
        other (below -0.9), and with missing samples; and those of which something else is said, such as steps of the
        level, outliers, or a sensor off the skin (``artefacts``).
    """
    names = ["file", "converged", "residual_share", "phasic_tonic_correlation", "fast_decay_share"]
    table = pq.read_table(path, columns=[*names, "quality", "missing_share"])
    residual, correlation, decay, missing = (
        np.asarray(table.column(name), np.float64) for name in (*names[2:], "missing_share")
    )
    said = np.array([text != "" for text in table.column("quality").to_pylist()], np.bool_)
    found = {
        "not_converged": np.array([not value for value in table.column("converged").to_pylist()], np.bool_),
        "large_residual": residual > MAX_RESIDUAL_SHARE,
        "correlated_parts": np.abs(correlation) > MAX_CORRELATION,
        "mirrored_parts": correlation < MIRRORED,
        "fast_decays": decay > MAX_FAST_DECAY_SHARE,
        "missing": missing > 0.0,
    }
    found["artefacts"] = said & ~np.any(list(found.values()), axis=0)
    counts = {
        "samples": table.num_rows,
        "files": len(table.column("file").unique()),
        "good": np.count_nonzero(~said),
        **{name: np.count_nonzero(mask) for name, mask in found.items()},
    }
    return {name: int(count) for name, count in counts.items()}


def dump_meta(meta: dict[str, Any]) -> bytes:
    """Serialise ``meta.json``: sorted, indented, plain JSON without NaN.

    Raises
    ------
    InvalidInputError
        When a setting is not a finite number.
    """
    try:
        return json.dumps(meta, indent=2, sort_keys=True, allow_nan=False).encode() + b"\n"
    except ValueError as error:
        raise InvalidInputError(f"a setting is not a finite number ({error})") from error
