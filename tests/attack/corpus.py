"""Files to begin with: one signal in every format that is read, and files that have once got through a reader."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ressin.simulation.eda import simulate_eda

RATE = 8.0
LARGEST = 60_000  # bytes of a file of RESSIN_FILES_DIR that is taken along


def corpus() -> dict[str, bytes]:
    """Return the content of every file by a name that says what it is; those of RESSIN_FILES_DIR where it is set."""
    signal = simulate_eda(20, RATE, n_scr=3, rng=np.random.default_rng(0)).signal
    files = {**_texts(signal), **_arrays(signal), **_hostile_arrays(), **_hostile_texts(signal), **_parquet(signal)}
    files |= {f"{name}.gz": gzip.compress(data) for name, data in [*files.items()][::3]}
    return files | dict(_from_folder())


def _texts(y: np.ndarray) -> dict[str, bytes]:
    times = np.arange(y.size) / RATE
    dates = np.datetime64("2024-05-01T12:00:00.000") + (1000 * times).astype("timedelta64[ms]")
    rows = [*zip(times, y, dates, strict=True)]

    def lines(head: str, line: Callable[[float, float, Any], str]) -> bytes:
        return (head + "".join(line(*row) + "\n" for row in rows)).encode()

    plain = "time (s),EDA (uS)\n" + "".join(f"{t:.4f},{v:.6f}\n" for t, v, _ in rows)
    return {
        "e4.csv": ("1600000000.0\n8.0\n" + "".join(f"{v:.6f}\n" for v in y)).encode(),
        "plain.csv": plain.encode(),
        "bom.csv": b"\xef\xbb\xbf" + plain.encode(),
        "utf16.csv": plain.encode("utf-16"),
        "micro.csv": plain.replace("uS", "\u00b5S").encode("cp1252"),
        "crlf.csv": plain.replace("\n", "\r\n").encode(),
        "comma.csv": lines("Zeit (ms);EDA\n", lambda t, v, d: f"{1000 * t:.0f};{v:.6f}".replace(".", ",")),
        "iso.csv": lines("stamp,GSR,marker\n", lambda t, v, d: f"{d},{v:.6f},{'x' if v > 3 else ''}"),
        "tabs.tsv": lines(
            "# a device\n# rate 8\nunix\tskin conductance\n", lambda t, v, d: f"{1.6e9 + t:.3f}\t{v:.6f}"
        ),
        "blanks.txt": lines("", lambda t, v, d: f"  {t:8.3f}   {v:9.6f} "),
        "quoted.csv": lines('"time","EDA","note"\n', lambda t, v, d: f'"{t}","{v}","a ""b"", c"'),
        "lone.txt": "".join(f"{v:.6f}\n" for v in y).encode(),
    }


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _arrays(y: np.ndarray) -> dict[str, bytes]:
    named = np.zeros(y.size, dtype=[("time", "<f8"), ("EDA", "<f4")])
    named["time"], named["EDA"] = np.arange(y.size) / RATE, y
    return {
        "double.npy": _npy(y),
        "row.npy": _npy(y[None, :]),
        "big.npy": _npy(np.column_stack([np.arange(y.size) / RATE, y]).astype(">f8")),
        "counts.npy": _npy((1000 * y).astype(np.int16)),
        "named.npy": _npy(named),
        "fortran.npy": _npy(np.asfortranarray(np.column_stack([np.arange(y.size) / RATE, y]))),
    }


def npy_with_header(header: str, body: bytes = b"\0" * 800) -> bytes:
    """Return a NumPy file whose header is any text."""
    padded = header.encode("latin-1", "replace") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(padded).to_bytes(2, "little") + padded + body


def _hostile_arrays() -> dict[str, bytes]:
    headers = {
        "token": "{'descr': '<f8', 'fortran_order': False, 'shape': (100,), ",
        "nested": "{'descr': " + "[" * 300 + "]" * 300 + ", 'fortran_order': False, 'shape': (100,)}",
        "huge": "{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,)}",
        "negative": "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}",
        "code": "{'descr': '<f8', 'fortran_order': False, 'shape': (__import__('os').getpid(),)}",
    }
    arrays: dict[str, np.ndarray] = {
        "timedelta": np.arange(100).astype("m8[ms]"),
        "datetime": np.arange(100).astype("M8[D]"),
        "no_fields": np.zeros(100, dtype=[]),
        "subarray": np.zeros(100, dtype=[("EDA", "<f8", (3,)), ("t", "<f8")]),
        "nested_fields": np.zeros(100, dtype=[("EDA", [("x", "<f8"), ("y", "<f8")])]),
        "text": np.array(["1.5"] * 100),
        "void": np.zeros(100, dtype="V8"),
        "complex": np.zeros(100, dtype=complex),
        "scalar": np.array(1.0),
        "empty": np.empty((0, 3)),
        "half": np.arange(100, dtype=np.float16),
        "longdouble": np.arange(100, dtype=np.longdouble),
    }
    found = {f"{name}.npy": npy_with_header(header) for name, header in headers.items()}
    return found | {f"{name}.npy": _npy(array) for name, array in arrays.items()}


def _hostile_texts(y: np.ndarray) -> dict[str, bytes]:
    def timed(line: Callable[[int], str]) -> bytes:
        return ("time,EDA\n" + "".join(f"{line(k)},{value}\n" for k, value in enumerate(y[:60]))).encode()

    return {
        "digits.csv": ("EDA\n" + f"{'9' * 400}\n" * 40).encode(),
        "digits_time.csv": timed(lambda k: f"{'9' * 400}{k}"),
        "zone.csv": timed(lambda k: f"2024-05-01T12:00:{k:02d}+99:99"),
        "zone_name.csv": timed(lambda k: f"2024-05-01 12:00:{k:02d} Mars/Phobos"),
        "tiny_times.csv": timed(lambda k: f"{5 * k}e-324"),
        "far_dates.csv": timed(lambda k: f"9999-12-31T23:59:{k:02d}"),
        "infinite.csv": b"EDA\n" + b"1\ninf\n-inf\nnan\n" * 10,
        "nul.csv": b"EDA\n1\n2\n\0\n3\n4\n" * 5,
        "formula.csv": b"EDA\n=1+1\n@SUM(A1)\n" * 10,
        "wide.csv": (",".join(f"c{k}" for k in range(300)) + "\n" + (",".join(["1"] * 300) + "\n") * 8).encode(),
        "blanks_at_the_end.csv": b"EDA\n1\n2\n3\n4\n5\n" + b" " * 3000 + b"\n6" + b" " * 3000,
        "quotes.csv": b'EDA\n"1\n2\n3\n4\n5\n',
    }


def _parquet(y: np.ndarray) -> dict[str, bytes]:
    """Return Parquet files; none where pyarrow is not installed."""
    try:
        import pyarrow as pa
    except ImportError:
        return {}
    n = y.size
    ticks = np.arange(n)
    own = json.dumps({"sampling_rate": RATE, "start_time": 1.6e9})
    columns: dict[str, Any] = {
        "plain": pa.table({"time": ticks / RATE, "EDA": y}),
        "own": pa.table({"EDA": y}).replace_schema_metadata({"ressin": own}),
        "dates": pa.table({"t": pa.array(ticks * 125, pa.timestamp("ms", tz="UTC")), "EDA": y}),
        "duration": pa.table({"t": pa.array(ticks, pa.duration("ms")), "EDA": y}),
        "far": pa.table({"t": pa.array(ticks + 10**15, pa.timestamp("s")), "EDA": y}),
        "zone": pa.table({"t": pa.array(ticks * 125, pa.timestamp("ms", tz="Mars/Phobos")), "EDA": y}),
        "time_of_day": pa.table({"t": pa.array((ticks * 125).astype(np.int32), pa.time32("ms")), "EDA": y}),
        "decimal": pa.table({"EDA": pa.array(ticks).cast(pa.decimal128(20))}),
        "lists": pa.table({"EDA": pa.array([[float(v)] for v in y])}),
        "words": pa.table({"t": pa.array([str(k) for k in ticks]).dictionary_encode(), "EDA": y}),
        "nulls": pa.table({"EDA": pa.nulls(n), "x": y}),
        "bad_json": pa.table({"EDA": y}).replace_schema_metadata({"ressin": "{", "pandas": "{"}),
        "deep_json": pa.table({"EDA": y}).replace_schema_metadata({"ressin": "[" * 100_000}),
        "odd_json": pa.table({"EDA": y}).replace_schema_metadata({"ressin": '{"sampling_rate": ' + "9" * 400 + "}"}),
        "empty": pa.table({"EDA": pa.array([], pa.float64())}),
        "no_columns": pa.table({}),
        "binary": pa.table({"EDA": pa.array([b"\xff"] * n)}),
    }
    return {f"{name}.parquet": written(table) for name, table in columns.items()}


def written(table: Any) -> bytes:
    """Return an Arrow table as the content of a Parquet file."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def _from_folder() -> Iterator[tuple[str, bytes]]:
    folder = os.environ.get("RESSIN_FILES_DIR")
    for path in sorted(Path(folder).rglob("*")) if folder else ():
        if path.is_file() and path.stat().st_size <= LARGEST and path.suffix != ".md":
            yield f"given-{path.name}", path.read_bytes()
