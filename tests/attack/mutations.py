"""Changes to a file: of bytes, of the cells and lines of a text, of a NumPy header, of a Parquet table, of gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np

from tests.attack.corpus import npy_with_header, written

Rng: TypeAlias = np.random.Generator
Mutation: TypeAlias = Callable[[bytes, Rng], bytes]

CELLS = (
    "",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "-1e400",
    "5e-324",
    "1e308",
    "0x10",
    "1_000",
    "1,5",
    "1.5.5",
    "--1",
    "+1",
    "1e",
    "e5",
    "9" * 400,
    "0." + "0" * 400 + "1",
    "-0",
    "NULL",
    "None",
    "#N/A",
    "true",
    "TRUE",
    "=1+1",
    '"',
    '""',
    "'",
    "\\",
    "\t",
    " ",
    "#",
    "12:00:00",
    "12:61:61",
    "24:00:00",
    "2024-02-30",
    "2024-05-01T12:00:00",
    "2024-05-01T12:00:00+99:99",
    "9999-12-31T23:59:59",
    "0000-00-00",
    "1.6e9",
    "1.6e12",
    "1.6e18",
    "-9999",
    "\u00b5S",
    "\u0661\u0662",
    "\ud7ff",
    "\U0001f600",
    "EDA",
    "time",
    "uS",
    "x" * 5000,
)
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
DESCRIPTIONS = (
    "'<f8'",
    "'>f8'",
    "'<f2'",
    "'|O'",
    "'<m8[ms]'",
    "'<M8[ns]'",
    "'|V0'",
    "'<U9'",
    "'|S0'",
    "'<c16'",
    "'|b1'",
    "[]",
    "''",
    "[('EDA', '<f8')]",
    "[('EDA', '<f8', (2, 2))]",
    "[('', '<f8')]",
    "[('EDA', '<f8'), ('EDA', '<f8')]",
    "'<f8', '<f8'",
    "'<f' + '8'",
    "1",
    "None",
    "[('a', [('b', [('c', '<f8')])])]",
)
SHAPES = (
    "()",
    "(0,)",
    "(100,)",
    "(99, 1)",
    "(1, 100)",
    "(-1,)",
    "(2**63,)",
    "(10**30,)",
    "(1e3,)",
    "('1',)",
    "(True,)",
    "100",
    "None",
    "(100, 0)",
)


def pick(choices: tuple[str, ...], rng: Rng) -> str:
    return choices[int(rng.integers(len(choices)))]


def flip_bits(data: bytes, rng: Rng) -> bytes:
    """Flip up to eight bits anywhere."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if changed:
            changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def truncate(data: bytes, rng: Rng) -> bytes:
    """Cut the end off."""
    return data[: int(rng.integers(len(data) + 1))]


def remove(data: bytes, rng: Rng) -> bytes:
    """Cut a piece out."""
    start, stop = sorted(int(k) for k in rng.integers(0, len(data) + 1, 2))
    return data[:start] + data[stop:]


def repeat(data: bytes, rng: Rng) -> bytes:
    """Write a piece twice, or many times."""
    start, stop = sorted(int(k) for k in rng.integers(0, len(data) + 1, 2))
    times = int(rng.choice([2, 3, 50])) if stop - start < 2000 else 2
    return data[:start] + data[start:stop] * times + data[stop:]


def insert(data: bytes, rng: Rng) -> bytes:
    """Put bytes of any kind in."""
    at, n = int(rng.integers(len(data) + 1)), int(rng.integers(1, 64))
    return data[:at] + rng.integers(0, 256, n, dtype=np.uint8).tobytes() + data[at:]


def overwrite_number(data: bytes, rng: Rng) -> bytes:
    """Write a number that lengths and offsets break at over 1, 2, 4 or 8 bytes."""
    width = int(rng.choice([1, 2, 4, 8]))
    at = int(rng.integers(max(1, len(data) - width + 1)))
    number: int = NUMBERS[int(rng.integers(len(NUMBERS)))] % 256**width
    order: Literal["little", "big"] = "little" if rng.random() < 0.7 else "big"
    return data[:at] + number.to_bytes(width, order) + data[at + width :]


def _lines(data: bytes) -> list[bytes]:
    return data.split(b"\n")


def change_cells(data: bytes, rng: Rng) -> bytes:
    """Write odd cells into up to four lines of a text."""
    lines = _lines(data)
    separator = max((b",", b";", b"\t", b" "), key=data[:4000].count)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(len(lines)))
        cells = lines[at].split(separator)
        cells[int(rng.integers(len(cells)))] = pick(CELLS, rng).encode("utf-8", "replace")
        lines[at] = separator.join(cells)
    return b"\n".join(lines)


def change_column(data: bytes, rng: Rng) -> bytes:
    """Write one odd cell into a whole column."""
    separator = max((b",", b";", b"\t", b" "), key=data[:4000].count)
    column, cell = int(rng.integers(3)), pick(CELLS, rng).encode("utf-8", "replace")[:500]
    lines = [line.split(separator) for line in _lines(data)]
    for cells in lines[int(rng.integers(3)) :]:
        if column < len(cells):
            cells[column] = cell
    return b"\n".join(separator.join(cells) for cells in lines)


def change_lines(data: bytes, rng: Rng) -> bytes:
    """Drop, repeat, swap or empty lines."""
    lines = _lines(data)
    a, b = (int(k) for k in rng.integers(0, len(lines), 2))
    kind = int(rng.integers(4))
    if kind == 0:
        del lines[a]
    elif kind == 1:
        lines.insert(a, lines[b])
    elif kind == 2:
        lines[a], lines[b] = lines[b], lines[a]
    else:
        lines[a] = b" " * int(rng.integers(0, 50))
    return b"\n".join(lines)


def change_marks(data: bytes, rng: Rng) -> bytes:
    """Replace one sign by another wherever it stands: separators, decimal signs, line ends, quotes."""
    signs = (b",", b";", b"\t", b".", b"\n", b"\r\n", b"\r", b'"', b"'", b" ", b"|", b"\0", b"#", b":")
    old, new = (signs[int(rng.integers(len(signs)))] for _ in range(2))
    count = int(rng.choice([1, 3, -1]))
    changed = data.replace(old, new, count)
    return changed if len(changed) < 4 * len(data) + 100 else data


def change_encoding(data: bytes, rng: Rng) -> bytes:
    """Write a text in another encoding, with or without a mark, or half of it."""
    text = data.decode("utf-8", "replace")
    encoding = pick(("utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-7", "cp037", "utf-8-sig", "gb18030"), rng)
    encoded = text.encode(encoding, "replace")
    half = len(encoded) // 2
    return encoded if rng.random() < 0.7 else encoded[:half] + data[len(data) // 2 :]


def change_npy_header(data: bytes, rng: Rng) -> bytes:
    """Give the bytes a NumPy header of odd entries."""
    order = pick(("True", "False", "1", "None"), rng)
    entries = [f"'descr': {pick(DESCRIPTIONS, rng)}", f"'fortran_order': {order}", f"'shape': {pick(SHAPES, rng)}"]
    if rng.random() < 0.2:
        del entries[int(rng.integers(3))]
    header = "{" + ", ".join(entries) + pick(("}", "", "}}", ", 'x': 1}", ", }"), rng)
    return npy_with_header(header, data[128 : 128 + 800])


def make_parquet(data: bytes, rng: Rng) -> bytes:
    """Write a Parquet table whose columns have odd types; without pyarrow, the bytes with a Parquet mark."""
    try:
        import pyarrow as pa
    except ImportError:
        return b"PAR1" + data
    n = int(rng.choice([0, 1, 2, 40]))
    values = rng.integers(-(2**31), 2**31, n)
    kinds = (
        pa.duration("ns"),
        pa.timestamp("s"),
        pa.timestamp("ns", tz="Nowhere/Here"),
        pa.timestamp("us", tz="+25:00"),
        pa.time64("ns"),
        pa.date32(),
        pa.date64(),
        pa.decimal128(30, 5),
        pa.uint64(),
        pa.float16(),
        pa.bool_(),
        pa.string(),
        pa.binary(),
        pa.float64(),
        pa.int64(),
        pa.null(),
        pa.list_(pa.float64()),
        pa.struct([("x", pa.float64())]),
        pa.map_(pa.string(), pa.int64()),
    )
    names = ("EDA", "time", "t (ms)", "", "EDA", "\u00b5S", "x" * 300)
    arrays, chosen = [], []
    for _ in range(int(rng.integers(1, 4))):
        kind = kinds[int(rng.integers(len(kinds)))]
        try:
            array = pa.array(values).cast(kind)
        except (pa.ArrowException, NotImplementedError):
            array = pa.nulls(n, kind)
        arrays.append(array)
        chosen.append(pick(names, rng))
    metadata = pick(("", "{", "[]", '{"sampling_rate": "x"}', '{"sampling_rate": -1}', '{"sampling_rate": 1e999}'), rng)
    table = pa.Table.from_arrays(arrays, names=chosen)
    try:
        content = written(table.replace_schema_metadata({"ressin": metadata}) if metadata else table)
    except pa.ArrowNotImplementedError:  # half floats in an older pyarrow
        return b"PAR1" + data
    return flip_bits(content, rng) if rng.random() < 0.3 else content


def change_gzip(data: bytes, rng: Rng) -> bytes:
    """Compress, twice, in two members, cut short, followed by something else, or with a wrong check."""
    packed = gzip.compress(data[:20_000], 1)
    kind = int(rng.integers(6))
    if kind == 0:
        return gzip.compress(packed)
    if kind == 1:
        return packed + gzip.compress(data[:100])
    if kind == 2:
        return truncate(packed, rng)
    if kind == 3:
        return packed + b"trailing"
    if kind == 4:
        return packed[:-8] + rng.integers(0, 256, 8, dtype=np.uint8).tobytes()
    return packed[:10] + zlib.compress(data[:1000]) + packed[-8:]


MUTATIONS: dict[str, Mutation] = {
    "bits flipped": flip_bits,
    "cut short": truncate,
    "a piece removed": remove,
    "a piece repeated": repeat,
    "bytes put in": insert,
    "lengths overwritten": overwrite_number,
    "odd cells": change_cells,
    "an odd column": change_column,
    "lines changed": change_lines,
    "marks changed": change_marks,
    "another encoding": change_encoding,
    "NumPy header": change_npy_header,
    "Parquet types": make_parquet,
    "gzip": change_gzip,
}
