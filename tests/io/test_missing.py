"""All readers of text agree on what a missing value is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ressin.errors import RecordingError
from ressin.io.live.growing import Growing
from ressin.io.missing import WORDS
from ressin.io.read import read_recording
from ressin.reading import Reading

CELLS = sorted({spelt for word in WORDS for spelt in (word, word.upper(), word.title(), f" {word} ")} | {"nAn", "NULl"})


def of_a_file(cell: str, folder: Path) -> NDArray[np.float64]:
    file = folder / "one.csv"
    file.write_text(f"time,EDA\n0,1.5\n0.25,{cell}\n0.5,2.5\n0.75,3.5\n")
    return read_recording(file).signal


def of_a_pipe(cell: str, folder: Path) -> NDArray[np.float64]:
    lines = Growing("standard input", Reading(column="EDA"))
    data = f"time,EDA\n0,1.5\n0.25,{cell}\n0.5,2.5\n0.75,3.5\n".encode()
    signal, _ = lines.take(data, is_last=True)
    lines.take(b"")  # raises what stopped the first call
    return signal


def of_a_data_set(cell: str, folder: Path) -> NDArray[np.float64]:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from ressin.data.sources.tables import read_numbers

    return np.asarray(
        read_numbers(f"time,EDA\n0,1.5\n0.25,{cell}\n0.5,2.5\n0.75,3.5\n".encode(), "one.csv").values[:, 1]
    )


READERS = [of_a_file, of_a_pipe, of_a_data_set]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("cell", CELLS)
def test_a_missing_value_is_nan(cell: str, reader: Callable[[str, Path], NDArray[np.float64]], tmp_path: Path) -> None:
    np.testing.assert_array_equal(reader(cell, tmp_path), [1.5, np.nan, 2.5, 3.5])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("cell", ["-", "?", "missing", "1_000", "nan nan"])
def test_a_cell_that_is_neither_a_number_nor_missing_is_refused_by_its_text(
    cell: str, reader: Callable[[str, Path], NDArray[np.float64]], tmp_path: Path
) -> None:
    with pytest.raises(RecordingError, match=re.escape(repr(cell)) + ".*is not a number"):
        reader(cell, tmp_path)


def test_an_empty_manifest_cell_is_missing_in_every_spelling() -> None:
    pytest.importorskip("pandera", reason="pandera is not installed")
    from ressin.data.sources.manifest_check import check_frame

    row = {"recording": "a.csv", "subject": "anna", "stimulus": "film"}
    raw = pd.DataFrame(
        [row | {"recording_id": f"{k}", "end": cell.strip()} for k, cell in enumerate(CELLS)], dtype=object
    )
    frame, _, _ = check_frame(raw, [f"row {k}" for k in range(len(raw))], [], "manifest.csv")
    assert frame["end"].isna().all()
