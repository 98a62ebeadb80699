"""``meta.json`` of a prepared folder, checked when it is read: every entry has the type that its use needs."""

import math
from pathlib import Path
from typing import Any

from ressin._files.json_text import parse_json
from ressin._files.limits import MAX_JSON_BYTES, read_limited
from ressin.data.store.schema import META, SCHEMA_VERSION
from ressin.errors import RecordingError


def read_meta(folder: Path) -> dict[str, Any]:
    """Read and check ``meta.json``.

    Raises
    ------
    RecordingError
        When it is missing, too large, not JSON, of another version of the schema, or an entry has another shape.
    """
    path = folder / META
    try:
        meta = parse_json(read_limited(path, MAX_JSON_BYTES))
    except RecordingError:
        raise
    except (ValueError, RecursionError) as error:
        raise RecordingError(f"{path} is not JSON ({error})") from error
    version = meta.get("schema_version") if isinstance(meta, dict) else None
    if version != SCHEMA_VERSION:
        raise RecordingError(f"{path}: schema version {version!r}, not {SCHEMA_VERSION}: prepare it again")
    labels = meta.get("labels")
    names = isinstance(labels, list) and all(isinstance(name, str) for name in labels)
    _insist(names and len(set(labels)) == len(labels), path, "labels", "a list of different names", labels)
    quality = meta.get("quality", {})
    counted = isinstance(quality, dict) and all(type(count) is int for count in quality.values())
    _insist(counted, path, "quality", "counts", quality)
    ratings = meta.get("ratings", [])
    given = isinstance(ratings, list) and all(isinstance(name, str) for name in ratings)
    _insist(given and set(ratings) <= set(labels), path, "ratings", "a list of names of labels", ratings)
    classes = meta.get("classes", {})
    named = isinstance(classes, dict) and all(
        isinstance(names, list) and names and all(isinstance(name, str) for name in names) for names in classes.values()
    )
    _insist(named and set(classes) <= set(labels), path, "classes", "the names of each label's classes", classes)
    for name in ("settings", "counts", "source"):
        _insist(isinstance(meta.get(name), dict), path, name, "an object", meta.get(name))
    for name, value in meta["settings"].items():
        if name in ("window", "decomposition", "labels"):
            _insist(isinstance(value, dict), path, f"settings.{name}", "an object", value)
    row = meta["settings"].get("row_seconds", 1.0)
    right = type(row) in (float, int) and 0.0 < row < math.inf
    _insist(right, path, "settings.row_seconds", "a number of seconds > 0", row)
    _insist(isinstance(meta["source"].get("rating_source"), str), path, "source", "of a rating_source", meta["source"])
    _insist(isinstance(meta.get("ressin_version"), str), path, "ressin_version", "a text", meta.get("ressin_version"))
    simulation = meta.get("simulation")
    _insist(simulation is None or _has_ceiling(simulation), path, "simulation", "null or a ceiling's rows", simulation)
    return dict(meta)


def _has_ceiling(simulation: Any) -> bool:
    rows = simulation.get("ceiling", []) if isinstance(simulation, dict) else None
    return isinstance(rows, list) and all(
        isinstance(row, dict)
        and isinstance(row.get("dimension"), str)
        and isinstance(row.get("split"), str)
        and isinstance(row.get("accuracy"), (int, float))
        and math.isfinite(row["accuracy"])
        for row in rows
    )


def _insist(right: bool, path: Path, name: str, wanted: str, found: Any) -> None:
    if not right:
        raise RecordingError(f"{path}: {name!r} must be {wanted}, not {str(found)[:80]!r}")
