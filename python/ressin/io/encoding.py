"""Text of unknown encoding, brought to UTF-8 with newline line ends."""

from __future__ import annotations

import re

from ressin.errors import RecordingError
from ressin.io.words import EASTERN, RUSSIAN


def as_utf8(path: str, data: bytes) -> tuple[bytes, str]:
    """Decode by byte order mark, else UTF-16 without one by its zero bytes, else as UTF-8, else as Windows-1252.

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
    elif (encoding := unmarked_utf16(data)) is not None:
        data, note = _recode(path, data, encoding), "encoding UTF-16 without a byte order mark"
    if b"\0" in data:
        position = data.index(b"\0")
        raise RecordingError(
            f"{path}: is not text: a zero byte at position {position}, and its first bytes {data[:8]!r} belong to no "
            "format that is known here; export the signal as CSV"
        )
    try:
        if not data.isascii():
            data.decode("utf-8")
    except UnicodeDecodeError:
        data, note = _national(path, data)
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data, note


def _national(path: str, data: bytes) -> tuple[bytes, str]:
    """Decode what is not UTF-8: in the encoding in which its first lines have words of headers, else Windows-1252.

    Where none has, letters of two bytes each are taken for Chinese.
    """
    head = data[: 1 << 16]
    if any(word in head.decode("cp1251", "replace").lower() for word in RUSSIAN):
        return data.decode("cp1251", "replace").encode("utf-8"), "encoding not UTF-8, read as Windows-1251"
    pairs = [len(run) for run in re.findall(rb"[\x80-\xff]+", head)]
    likely = bool(pairs) and all(length % 2 == 0 for length in pairs)  # letters of two bytes each
    counts = [_known_letters(head, encoding, letters) for encoding, _, letters in EASTERN]
    best = counts.index(max(counts))
    first, *others = [EASTERN[best][:2], *[found[:2] for i, found in enumerate(EASTERN) if i != best]]
    western = ("cp1252", "Windows-1252")
    is_eastern = likely or counts[best] > 1
    for encoding, name in (first, western, *others) if is_eastern else (western, first, *others):
        try:
            return data.decode(encoding).encode("utf-8"), f"encoding not UTF-8, read as {name}"
        except UnicodeError:
            continue
    return _recode(path, data, "cp1252"), ""


def _known_letters(head: bytes, encoding: str, letters: str) -> int:
    """Count some letters in a text; bytes that are none in the encoding count against it."""
    text = head.decode(encoding, "replace")
    return sum(text.count(letter) for letter in letters) - 2 * text.count("\ufffd")


def unmarked_utf16(data: bytes) -> str | None:
    """Return the UTF-16 whose every other byte is zero, as that of plain letters and digits is; None where neither."""
    head = data[:400]
    if len(head) < 8 or len(data) % 2:
        return None
    even, odd = head[0::2], head[1::2]
    if odd.count(0) > 0.9 * len(odd) and b"\0" not in even:
        return "utf-16-le"
    return "utf-16-be" if even.count(0) > 0.9 * len(even) and b"\0" not in odd else None


def _recode(path: str, data: bytes, encoding: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        position = getattr(error, "start", 0)
        raise RecordingError(
            f"{path}: is not text in UTF-8, UTF-16 or Windows-1252: byte {data[position]:#04x} at position {position}"
        ) from None
