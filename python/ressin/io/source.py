"""The bytes of a file, unpacked where they are compressed, within limits."""

from __future__ import annotations

import stat
import sys
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ressin.errors import RecordingError
from ressin.io.encoding import as_utf8
from ressin.reading import MAX_BYTES

_GZIP = b"\x1f\x8b"
_PIECE = 1 << 22  # bytes unpacked at a time
_PACKED = 1 << 20  # bytes given to the unpacker at a time
_HEAD = 1 << 16


@dataclass(frozen=True)
class Content:
    """A file that is to be read.

    Attributes
    ----------
    path
        As it was given; of a file in a zip archive, the archive's with the member's behind it.
    data
        Its bytes, unpacked.
    limit
        Largest number of bytes that is read or unpacked.
    """

    path: Path
    data: bytes = field(repr=False)
    limit: int = MAX_BYTES

    @cached_property
    def _text(self) -> tuple[bytes, str]:
        return as_utf8(str(self.path), self.data)

    @property
    def text(self) -> bytes:
        """The file as UTF-8 with newline line ends; RecordingError where it is not text."""
        return self._text[0]

    @property
    def encoding_note(self) -> str:
        """Which encoding was found if it was not UTF-8."""
        return self._text[1]

    @cached_property
    def head(self) -> list[str]:
        """The first lines of a text, up to 64 KiB; none where the file is not text."""
        start = self.data[:_HEAD]
        try:
            text, _ = as_utf8(str(self.path), start[: len(start) // 2 * 2] if len(self.data) > _HEAD else start)
        except RecordingError:
            return []
        return text.decode("utf-8", "replace").splitlines()

    def beside(self, name: str) -> bytes | None:
        """Return the bytes of a file of the same folder or archive; None where there is none."""
        try:
            return read_bytes(self.path.with_name(name), self.limit)
        except RecordingError:
            return None


def open_content(path: Path, limit: int = MAX_BYTES) -> Content:
    """Read a file for its layout to be found."""
    return Content(path, read_bytes(path, limit), limit)


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Read a whole file; gzip is recognised by its first bytes, whatever the name, and unpacked.

    Parameters
    ----------
    path
        A regular file, ``-`` for standard input, or a member of a zip archive (``study.zip/S1/EDA.csv``).
    limit
        Largest number of bytes, packed or unpacked.

    Raises
    ------
    RecordingError
        If the file is missing, unreadable, empty, a folder, no regular file, larger than `limit`, or a gzip stream
        that is cut short or damaged.
    """
    data = _raw_bytes(path, limit)
    if not data:
        raise RecordingError(f"{path}: the file is empty (0 bytes)")
    if data.startswith(_GZIP):
        return _unpack(path, data, limit)
    if path.suffix.lower() == ".gz":
        raise RecordingError(f"{path}: is named .gz but is not gzip data: it begins with {data[:4]!r}, not {_GZIP!r}")
    return data


def _raw_bytes(path: Path, limit: int) -> bytes:
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(limit + 1)
            _check_size(path, len(data), limit)
            return data
        archive = archive_of(path)
        if archive is not None:
            return _member(path, archive, limit)
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise RecordingError(f"{path}: is a folder; give the files in it")
        if not stat.S_ISREG(about.st_mode):
            raise RecordingError(f"{path}: is not a regular file; give a file, or - to read standard input")
        _check_size(path, about.st_size, limit)
        return path.read_bytes()
    except RecordingError:
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise RecordingError(f"{path}: there is no such file") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a name that no file can have
        raise RecordingError(f"{path}: cannot be read: {error}") from error


def _check_size(path: Path, size: int, limit: int) -> None:
    if size > limit:
        raise RecordingError(
            f"{path}: holds more than {limit / 2**20:,.0f} MiB, the most that is read; cut it, or raise the limit with "
            "max_bytes= or --max-mib"
        )


def inside(path: Path) -> Path:
    """Return the only EDA.csv of a session's folder or archive; any other path as it is."""
    try:
        names = [path / name.name for name in path.iterdir()] if path.is_dir() else _zipped(path)
    except OSError:
        return path  # a name that is too long, a folder that cannot be listed: the reader says so
    found = [name for name in names if name.name.lower() in ("eda.csv", "eda.csv.gz")]
    return found[0] if len(found) == 1 else path


def _zipped(path: Path) -> list[Path]:
    """Return the members of a zip archive; none where it is no archive."""
    try:
        if path.suffix.lower() != ".zip" or not path.is_file():
            return []
        with zipfile.ZipFile(path) as opened:
            return [path / name for name in opened.namelist() if not name.endswith("/")]
    except (zipfile.BadZipFile, OSError):
        return []  # the reader says what is wrong with it


def archive_of(path: Path) -> Path | None:
    """Return the zip archive that a path leads into; None where it leads into none."""
    return next((p for p in path.parents if p.suffix.lower() == ".zip" and p.is_file()), None)


def _member(path: Path, archive: Path, limit: int) -> bytes:
    name = path.relative_to(archive).as_posix()
    try:
        with zipfile.ZipFile(archive) as opened:
            _check_size(path, opened.getinfo(name).file_size, limit)
            with opened.open(name) as stream:
                data = stream.read(limit + 1)
    except KeyError:
        raise RecordingError(f"{path}: there is no such file in the archive") from None
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error, EOFError) as error:
        raise RecordingError(f"{path}: the archive cannot be read ({error})") from error
    _check_size(path, len(data), limit)
    return data


def _unpack(path: Path, data: bytes, limit: int) -> bytes:
    """Unpack gzip piece by piece, so that what unpacks to more than the limit is never laid out."""
    pieces: list[bytes] = []
    size = 0
    unpacker: Any = zlib.decompressobj(31)
    try:
        for start in range(0, len(data), _PACKED):
            rest = data[start : start + _PACKED]
            while rest:
                if unpacker.eof:  # another member, or padding
                    rest = rest.lstrip(b"\0")
                    unpacker = zlib.decompressobj(31) if rest else unpacker
                    continue
                pieces.append(unpacker.decompress(rest, _PIECE))
                size += len(pieces[-1])
                _check_size(path, size, limit)
                rest = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
    except zlib.error as error:
        raise RecordingError(f"{path}: the gzip data is damaged ({error}); copy it again") from error
    if not unpacker.eof:
        raise RecordingError(
            f"{path}: the gzip data ends after {len(data)} bytes, before its end mark: the file was cut short; "
            "copy it again"
        )
    if not size:
        raise RecordingError(f"{path}: the file is empty once unpacked (0 bytes)")
    return b"".join(pieces)


def content_suffix(path: Path) -> str:
    """Return the suffix below a final ``.gz``, in lower case: ``".csv"`` of ``EDA.CSV.gz``."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def content_stem(path: Path) -> str:
    """Return the file name without its suffix and without ``.gz``: ``EDA`` of ``EDA.csv.gz``."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
