"""The options of reading a recording are checked, whichever way they are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ressin
from ressin.reading import Reading

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sampling_rate": "4"}, "sampling_rate is '4'; it must be a number"),
    ({"sampling_rate": 10**400}, "sampling_rate is .*; it must be a finite number > 0 in Hz"),
    ({"sampling_rate": float("inf")}, "sampling_rate is inf"),
    ({"sampling_rate": [4.0]}, r"sampling_rate is \[4\.0\]"),
    ({"column": 0}, "column is 0; it must be the name of a column, or its number from 1"),
    ({"column": True}, "column is True"),
    ({"column": 1.5}, r"column is 1\.5"),
    ({"column": ["EDA"]}, r"column is \['EDA'\]"),
    ({"unit": 3}, "unit is 3; it must be text, or None"),
    ({"where": 3}, "where is 3; it must be text, or None"),
    ({"force_rate": 1}, "force_rate is 1; it must be True or False"),
    ({"max_bytes": 0}, "max_bytes is 0; it must be the largest number of bytes"),
    ({"max_bytes": 1e9}, "max_bytes is 1000000000.0"),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG, ids=lambda case: str(case)[:40])
def test_what_cannot_be_is_refused(wrong: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("EDA,other\n1,2\n2,3\n3,4\n")
    with pytest.raises(ressin.InvalidInputError, match=message):
        Reading(**wrong)
    for read in (ressin.read_recording, ressin.open_recording):
        with pytest.raises(ressin.RecordingError, match=f"{path}: {message}"):
            read(path, **wrong)


@pytest.mark.parametrize("column", [2, np.int64(2), "2", "other"])
def test_a_column_by_its_number_or_name(column: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("EDA,other\n1,2\n2,3\n3,4\n")
    recording = ressin.read_recording(path, sampling_rate=4.0, column=column)
    np.testing.assert_array_equal(recording.signal, [2.0, 3.0, 4.0])


@pytest.mark.parametrize("read", [ressin.read_recording, ressin.open_recording])
def test_a_path_that_no_file_can_have(read: Any) -> None:
    with pytest.raises(ressin.RecordingError, match=r"null (byte|character)"):
        read("a\0b.csv", sampling_rate=4.0)
