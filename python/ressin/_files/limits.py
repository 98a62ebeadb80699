"""Atomic writes, contents' digests, paths that stay in their folder, size limits."""

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from ressin._files.atomic import replacing
from ressin._files.parquet_size import parquet_bytes
from ressin.errors import InvalidInputError, OutputError, RecordingError

DIGEST_BYTES = 16
MIB = 1 << 20
# Limits on what is read from files that are not trusted. A day at 1 kHz as CSV text is about 2 GB.
MAX_TABLE_BYTES = 256 * MIB
MAX_RECORDING_BYTES = 4096 * MIB
MAX_AUDIO_BYTES = 512 * MIB
MAX_JSON_BYTES = 16 * MIB


def digest_bytes(data: bytes) -> str:
    """Return the BLAKE2b digest of some bytes, 32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).hexdigest()


def digest_file(path: Path) -> str:
    """Return the BLAKE2b digest of a file's content, 32 hexadecimal digits, read in blocks of 1 MiB."""
    state = hashlib.blake2b(digest_size=DIGEST_BYTES)
    with path.open("rb") as stream:
        while block := stream.read(MIB):
            state.update(block)
    return state.hexdigest()


def read_limited(path: Path, limit: int = MAX_TABLE_BYTES) -> bytes:
    """Read a whole file, if it is no larger than a limit.

    Raises
    ------
    RecordingError
        When the file is missing, is not a plain file, cannot be read, or is larger than `limit` bytes.
    """
    try:
        if not path.is_file():
            raise RecordingError(f"{path.name}: {'not a plain file' if path.exists() else 'missing'}")
        size = path.stat().st_size
        if size > limit:
            raise RecordingError(f"{path.name}: {size / MIB:,.1f} MiB, at most {limit / MIB:,.0f} MiB is read")
        return path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path.name}: cannot be read ({error.strerror or error})") from error


def inside(root: Path, relative: str, what: str = "path") -> Path:
    """Resolve a path and check that it stays under a folder.

    Parameters
    ----------
    root
        The folder.
    relative
        A path relative to it, or an absolute one under it. Links are followed before the check.
    what
        How the message calls the path.

    Raises
    ------
    InvalidInputError
        When the path leads out of `root`, is empty, contains a null character, or is a circle of links.
    """
    if not relative or "\0" in relative:
        raise InvalidInputError(f"{what} {relative!r} is empty or contains a null character")
    try:
        base = root.resolve()
        target = (base / relative).resolve()
    except (RuntimeError, OSError) as error:  # RuntimeError is how Python before 3.13 calls a circle of links
        raise InvalidInputError(f"{what} {relative!r} cannot be followed ({error})") from error
    if target != base and base not in target.parents:
        raise InvalidInputError(f"{what} {relative!r} leads out of {root}: only files under that folder are read")
    return target


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes to a file: whole, or not at all (see `ressin._files.atomic.replacing`)."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def remove_leftovers(folder: Path) -> int:
    """Remove the temporary files that a killed run left in a folder; returns how many there were."""
    leftovers = [path for path in folder.glob(".*.part.*") if path.is_file()]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for one writer; the operating system releases it when the process ends, also when it is killed.

    Raises
    ------
    OutputError
        When another process is writing to the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+b") as stream:
        try:
            if os.name == "nt":
                import msvcrt

                stream.seek(0)
                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            else:
                import fcntl

                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(f"{folder}: another process is writing to this folder; wait for it or end it") from error
        yield


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


def parquet_size(path: Path, *, nested: bool = False) -> int:
    """Bytes that a Parquet file takes in memory, found without reading it; `nested` as in `parquet_bytes`.

    Raises
    ------
    RecordingError
        When it is not a readable Parquet file.
    """
    try:
        return parquet_bytes(path, nested=nested)
    except (pa.ArrowException, OSError) as error:
        raise RecordingError(f"{path.name}: not a readable Parquet file ({error})") from error
