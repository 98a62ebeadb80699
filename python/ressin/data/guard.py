"""Limits on what a file may unfold to, checked before it is unfolded."""

import gzip
import zlib
from pathlib import Path

import pyarrow as pa

from ressin.data.files import MAX_RECORDING_BYTES, MIB
from ressin.errors import RecordingError
from ressin.io.unfolded import parquet_bytes


def check_unfolded(path: Path, limit: int = MAX_RECORDING_BYTES) -> None:
    """Refuse a file that is, or unpacks to, more than a limit.

    Plain files are judged by their size, gzip by unpacking in pieces without keeping them, Parquet by
    what its values take in memory.

    Raises
    ------
    RecordingError
        When it is too large, missing, or damaged.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise RecordingError(f"{path.name}: {error.strerror or error}") from error
    if magic[:2] == b"\x1f\x8b":
        size = _gzip_size(path, limit)
    elif magic == b"PAR1":
        size = parquet_size(path)
    if size > limit:
        raise RecordingError(
            f"{path.name}: holds {size / MIB:,.0f} MiB or more, at most {limit / MIB:,.0f} MiB is read"
        )


def _gzip_size(path: Path, limit: int) -> int:
    """Bytes that a gzip file unpacks to, or something above the limit as soon as that is known."""
    size = 0
    try:
        with gzip.open(path, "rb") as stream:
            while size <= limit and (piece := stream.read(MIB)):
                size += len(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise RecordingError(f"{path.name}: damaged gzip data ({error})") from error
    return size


def parquet_size(path: Path) -> int:
    """Bytes that a Parquet file takes in memory, found without reading it.

    Raises
    ------
    RecordingError
        When it is not a readable Parquet file.
    """
    try:
        return parquet_bytes(path)
    except (pa.ArrowException, OSError) as error:
        raise RecordingError(f"{path.name}: not a readable Parquet file ({error})") from error
