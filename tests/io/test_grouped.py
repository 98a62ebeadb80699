"""Numbers with marks between their thousands: read where the file tells them from decimals, else refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io.grouped import decimal_sign, is_grouped
from ressin.io.read import read_recording

N, RATE = 9600, 8.0  # 20 minutes: from 1000 s on the times have a mark
TIMES = np.arange(N) / RATE
SIGNAL = np.round(4.5 + 0.4 * np.sin(np.arange(N) / 40), 5)


def german(value: float, digits: int = 3) -> str:
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,"))


def quoted(value: float, digits: int = 3) -> str:
    return f'"{value:,.{digits}f}"'


def french(value: float, digits: int = 3) -> str:
    return f"{value:,.{digits}f}".translate(str.maketrans(",.", "\u202f,"))


def swiss(value: float, digits: int = 3) -> str:
    return f"{value:,.{digits}f}".replace(",", "'")


@pytest.mark.parametrize(
    ("write", "separator"), [(german, ";"), (german, "\t"), (quoted, ","), (french, ";"), (swiss, ",")]
)
@pytest.mark.parametrize(("unit", "scale", "digits"), [("uS", 1.0, 5), ("nS", 1e3, 2), ("Ohm", None, 3)])
def test_marks_between_thousands_are_left_out(
    write: Callable[[float, int], str], separator: str, unit: str, scale: float | None, digits: int, tmp_path: Path
) -> None:
    values = 1e6 / SIGNAL if scale is None else scale * SIGNAL
    rows = [f"{write(t, 3)}{separator}{write(x, digits)}" for t, x in zip(TIMES.tolist(), values.tolist(), strict=True)]
    path = tmp_path / "x.csv"
    path.write_text("\n".join([f"time (s){separator}EDA ({unit})", *rows, ""]), encoding="utf-8")
    found = read_recording(path)
    assert (found.sampling_rate, found.n_samples, found.unit) == (RATE, N, "uS")
    assert "column 'time (s)' has marks between thousands" in found.notes
    np.testing.assert_allclose(found.signal, SIGNAL, rtol=1e-7)


def test_whole_milliseconds_without_a_header_are_told_from_decimals_by_those_below_a_thousand(tmp_path: Path) -> None:
    rows = [f"{german(1000 * t, 0)};{german(x, 5)}" for t, x in zip(TIMES.tolist(), SIGNAL.tolist(), strict=True)]
    (tmp_path / "x.csv").write_text("\n".join(rows))
    found = read_recording(tmp_path / "x.csv")
    assert (found.sampling_rate, found.n_samples) == (RATE, N)
    np.testing.assert_array_equal(found.signal, SIGNAL)


def test_a_mark_that_may_be_either_is_refused(tmp_path: Path) -> None:
    rows = [f'{t},"{1e6 / x:,.0f}"' for t, x in zip(TIMES.tolist(), SIGNAL.tolist(), strict=True)]
    (tmp_path / "x.csv").write_text("\n".join(["time (s),GSR (Ohm)", *rows]))
    with pytest.raises(RecordingError, match=r"line 2, column 'GSR .*mark may be a decimal sign, or stand between"):
        read_recording(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("cell", "grouped", "sign"),
    [("1.234,5", True, ","), ("1,234.5", True, "."), ("1,234", True, ""), ("1,234,567", True, ""),
     ("1234.5", False, ""), ("12,34.5", False, ""), ("1.234.5", False, ""), ("1 234,5", True, ","),
     ("0.125", True, ""), ("word", False, "")],
)  # fmt: skip
def test_the_form_of_one_number(cell: str, grouped: bool, sign: str) -> None:
    assert (is_grouped(cell), decimal_sign(cell)) == (grouped, sign)
