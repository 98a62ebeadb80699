"""Claims: a 100 MB CSV at 64 Hz is read in at most 1.5 times what pandas takes; wide and odd files in linear time."""

from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ressin

ROWS = 5_000_000  # of about 22 bytes
RATE = 64.0
MOST = 1.5  # times what pandas takes


def _csv(path: Path, rows: int = ROWS) -> Path:
    rng = np.random.default_rng(0)
    signal = 4.0 + np.cumsum(rng.standard_normal(rows)) * 1e-4
    with path.open("w", encoding="ascii") as file:
        file.write("time (s),EDA (uS)\n")
        for first in range(0, rows, 100_000):
            part = range(first, min(first + 100_000, rows))
            file.write("".join([f"{i / RATE:.6f},{signal[i]:.6f}\n" for i in part]))
    return path


def _seconds(function: Any) -> float:
    started = process_time()
    function()
    return process_time() - started


@pytest.mark.parametrize("arrow", [True, False], ids=["pyarrow", "pandas alone"])
def test_a_large_csv_against_pandas(
    arrow: bool, benchmark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if arrow:
        pytest.importorskip("pyarrow", reason="pyarrow, which parses large files, is not installed")
    else:
        monkeypatch.setattr("ressin.io.text.parse_numbers", lambda *_: {})
    path = _csv(tmp_path / "large.csv")
    found = ressin.read_recording(path)
    expected = pd.read_csv(path, float_precision="round_trip")
    np.testing.assert_array_equal(found.signal, expected.iloc[:, 1])
    assert (found.sampling_rate, found.n_samples) == (RATE, ROWS)
    pairs = [(_seconds(lambda: pd.read_csv(path)), _seconds(lambda: ressin.read_recording(path))) for _ in range(5)]
    ratio = float(np.median([pandas / own for pandas, own in pairs]))
    benchmark.pedantic(lambda: ressin.read_recording(path), rounds=1)
    benchmark.extra_info.update(ratio=ratio, bytes=path.stat().st_size)
    own = "with pyarrow" if arrow else "without pyarrow"
    times = f"{own}: pandas {pairs[-1][0]:.2f} s, ressin {pairs[-1][1]:.2f} s, median of 5 {1 / ratio:.2f}x pandas"
    print(f"{path.stat().st_size / 1e6:.0f} MB, {times}")
    if benchmark.stats is not None:  # not where benchmarks are switched off
        assert ratio >= 1 / MOST, f"reading takes {1 / ratio:.2f} times as long as pandas"


def _wide(n: int) -> str:
    names = ",".join(f"c{i}" for i in range(n - 2))
    row = ",".join(["0.125"] * (n - 2))
    return f"time (s),EDA (uS),{names}\n" + "".join(f"{i / 4},4.{i % 7},{row}\n" for i in range(200))


def _blanks(n: int) -> str:
    return "time EDA\n" + "".join(f"{i / 4} 4.{i % 7}{' ' * (n if i == 100 else 0)}\n" for i in range(200))


def _ragged(n: int) -> str:
    return "time (s),EDA (uS)\n" + "".join(f"{i / 4},4.{i % 7}" + (",press" if i % 2 else "") + "\n" for i in range(n))


def _long_cell(n: int) -> str:
    return "time (s),EDA (uS),note\n" + "".join(f"{i / 4},4.{i % 7},{'x' * (n if i == 9 else 1)}\n" for i in range(200))


@pytest.mark.parametrize(
    ("make", "size"), [(_wide, 800), (_blanks, 200_000), (_ragged, 40_000), (_long_cell, 2_000_000)]
)
def test_odd_files_take_time_in_proportion_to_their_size(benchmark: Any, tmp_path: Path, make: Any, size: int) -> None:
    paths = [tmp_path / "one.csv", tmp_path / "four.csv"]
    for path, factor in zip(paths, (1, 4), strict=True):
        path.write_text(make(factor * size))
        assert ressin.read_recording(path).sampling_rate == 4
    seconds = [min(_seconds(lambda p=path: ressin.read_recording(p)) for _ in range(3)) for path in paths]
    growth = seconds[1] / seconds[0]
    benchmark.pedantic(lambda: ressin.read_recording(paths[0]), rounds=1)
    benchmark.extra_info.update(growth=growth, seconds=seconds)
    print(f"{make.__name__[1:]}: {seconds[0]:.3f} s, four times the size {seconds[1]:.3f} s: {growth:.1f}x")
    if benchmark.stats is not None:
        assert growth < 8, f"four times the size takes {growth:.1f} times as long"
