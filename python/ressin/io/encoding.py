"""Text of unknown encoding, brought to UTF-8 with newline line ends."""

from __future__ import annotations

from ressin.errors import RecordingError


def as_utf8(path: str, data: bytes) -> tuple[bytes, str]:
    """Decode by byte order mark, else as UTF-8, else as Windows-1252.

    Parameters
    ----------
    path
        The file, for messages.
    data
        Its bytes.

    Returns
    -------
    text : bytes
        The same text in UTF-8, without byte order mark, with newline line ends.
    note : str
        Which encoding was found if it was not UTF-8, else empty.

    Raises
    ------
    RecordingError
        If the bytes are not text in any of them.
    """
    note = ""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data, note = _recode(path, data, "utf-16"), "encoding UTF-16"
    elif data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if b"\0" in data:
        position = data.index(b"\0")
        raise RecordingError(
            f"{path}: is not text: a zero byte at position {position}; CSV, TSV, TXT, Parquet and .npy are read"
        )
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data, note = _recode(path, data, "cp1252"), "encoding not UTF-8, read as Windows-1252"
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), note


def _recode(path: str, data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordingError(
            f"{path}: is not text in UTF-8, UTF-16 or Windows-1252: "
            f"byte {data[error.start]:#04x} at position {error.start}"
        ) from None
