"""The bytes of a file, unpacked where they are compressed."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from ressin.errors import RecordingError

_GZIP = b"\x1f\x8b"
_NPY = b"\x93NUMPY"
_PARQUET = b"PAR1"
# Formats that are not read, with what to do about each.
_FOREIGN = {
    b"PK\x03\x04": "a zip archive (an Excel workbook is one, so is .npz): save the table as CSV, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the table as CSV",
    b"\x89HDF": "an HDF5 or MATLAB 7.3 file: export the signal as CSV or .npy",
    b"MATLAB 5.0": "a MATLAB file: export the signal as CSV or .npy",
    b"BZh": "bzip2-compressed: unpack it, or compress it with gzip",
    b"\xfd7zXZ": "xz-compressed: unpack it, or compress it with gzip",
    b"\x28\xb5\x2f\xfd": "zstd-compressed: unpack it, or compress it with gzip",
}


def read_bytes(path: Path) -> bytes:
    """Read a whole file; gzip is recognised by its first bytes, whatever the name, and unpacked.

    Raises
    ------
    RecordingError
        If the file is missing, unreadable, empty, a folder, or a gzip stream that is cut short or damaged.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RecordingError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise RecordingError(f"{path}: is a folder; give the files in it") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not data:
        raise RecordingError(f"{path}: the file is empty (0 bytes)")
    if data.startswith(_GZIP):
        return _unpack(path, data)
    if path.suffix.lower() == ".gz":
        raise RecordingError(f"{path}: is named .gz but is not gzip data: it begins with {data[:4]!r}, not {_GZIP!r}")
    return data


def _unpack(path: Path, data: bytes) -> bytes:
    try:
        unpacked = gzip.decompress(data)
    except EOFError:
        raise RecordingError(
            f"{path}: the gzip data ends after {len(data)} bytes, before its end mark: the file was cut short; "
            "copy it again"
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RecordingError(f"{path}: the gzip data is damaged ({error}); copy it again") from error
    if not unpacked:
        raise RecordingError(f"{path}: the file is empty once unpacked (0 bytes)")
    return unpacked


def kind_of(path: Path, data: bytes) -> str:
    """Tell ``"npy"``, ``"parquet"`` and ``"text"`` apart by the first bytes, and compare the name with them.

    Raises
    ------
    RecordingError
        If the content belongs to a format that is not read here, or does not fit the name.
    """
    for magic, what in _FOREIGN.items():
        if data.startswith(magic):
            raise RecordingError(f"{path}: is {what}; CSV, TSV, TXT, Parquet and .npy are read, each also as .gz")
    kind = "npy" if data.startswith(_NPY) else "parquet" if data.startswith(_PARQUET) else "text"
    suffix = content_suffix(path)
    if suffix in (".npy", ".parquet") and kind != suffix[1:]:
        raise RecordingError(f"{path}: is named {suffix} but does not begin like one: it begins with {data[:6]!r}")
    return kind


def content_suffix(path: Path) -> str:
    """Return the suffix below a final ``.gz``, in lower case: ``".csv"`` of ``EDA.CSV.gz``."""
    return Path(path.stem).suffix.lower() if path.suffix.lower() == ".gz" else path.suffix.lower()


def content_stem(path: Path) -> str:
    """Return the file name without its suffix and without ``.gz``: ``EDA`` of ``EDA.csv.gz``."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
