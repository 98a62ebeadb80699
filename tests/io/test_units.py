"""Units of skin conductance in every spelling, and what is made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io.read import read_recording
from ressin.io.units import parse_unit, unit_in_name

VALUES = np.array([4.0, 4.25, 4.5, 5.0, 4.75, 4.5, 4.25, 4.0])


def write(folder: Path, name: str, values: np.ndarray) -> Path:
    path = folder / "x.csv"
    path.write_text(f"time (s),{name}\n" + "".join(f"{i / 2},{value!r}\n" for i, value in enumerate(values.tolist())))
    return path


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("EDA (uS)", VALUES),
        ("EDA [\u00b5S]", VALUES),
        ("EDA (umho)", VALUES),
        ("eda_scl_usiemens", VALUES),
        ("EDA (micro-Siemens)", VALUES),
        ("EDA (S)", VALUES / 1e6),
        ("EDA (mS)", VALUES / 1e3),
        ("GSR_nS", VALUES * 1e3),
        ("GSR (Ohm)", 1e6 / VALUES),
        ("GSR (\u03a9)", 1e6 / VALUES),
        ("gsr_kohm", 1e3 / VALUES),
        ("Skin Resistance (kOhms)", 1e3 / VALUES),
        ("GSR (MOhm)", 1 / VALUES),
        ("GSR [M\u2126]", 1 / VALUES),
    ],
)
def test_conductance_and_resistance_become_microsiemens(tmp_path: Path, name: str, values: np.ndarray) -> None:
    found = read_recording(write(tmp_path, name, values))
    assert found.unit == "uS"
    np.testing.assert_allclose(found.signal, VALUES, rtol=1e-14)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("EDA (V)", "is in V, not in microsiemens"),
        ("EDA_mV", "is in mV, not in microsiemens"),
        ("GSR (ADC)", "holds counts of a converter"),
        ("GSR RAW (no units)", "holds counts of a converter"),
        ("GSR resistance", "is a resistance without a unit; give it: --unit kOhm"),
        ("Temperature", "is temperature, not skin conductance"),
        ("HR", "is heart rate, not skin conductance"),
        ("Skin (\u00b0C)", "is temperature, not skin conductance"),
    ],
)
def test_what_is_no_conductance_is_refused_with_a_remedy(tmp_path: Path, name: str, message: str) -> None:
    path = write(tmp_path, name, VALUES)
    with pytest.raises(RecordingError, match=message) as caught:
        read_recording(path)
    assert "--" in str(caught.value)


def test_a_unit_that_is_not_stated_is_unknown_and_odd_values_warn(tmp_path: Path) -> None:
    plausible = read_recording(write(tmp_path, "EDA", VALUES))
    assert (plausible.unit, plausible.warnings) == ("", ())
    assert "unit unknown" in plausible.notes
    counts = read_recording(write(tmp_path, "EDA", np.arange(500.0, 508.0)))
    assert counts.unit == ""
    assert any("look like counts of a converter" in warning for warning in counts.warnings)
    high = read_recording(write(tmp_path, "EDA (uS)", VALUES * 100))
    assert any("8 of 8 values are outside 0.01 to 100 uS" in warning for warning in high.warnings)


def test_a_given_unit_wins_and_is_noted(tmp_path: Path) -> None:
    found = read_recording(write(tmp_path, "GSR (uS)", 1e3 / VALUES), unit="kOhm")
    np.testing.assert_allclose(found.signal, VALUES, rtol=1e-14)
    assert "unit kOhm given (the file says uS)" in found.notes
    volts = read_recording(write(tmp_path, "EDA (V)", VALUES), unit="V")
    assert volts.unit == "V"
    np.testing.assert_array_equal(volts.signal, VALUES)


def test_a_column_in_microsiemens_beats_a_better_name(tmp_path: Path) -> None:
    rows = "".join(f"{i / 2},{600 + i},{value}\n" for i, value in enumerate(VALUES))
    (tmp_path / "x.csv").write_text("time (s),GSR,Leitwert (uS)\n" + rows)
    np.testing.assert_array_equal(read_recording(tmp_path / "x.csv").signal, VALUES)


def test_a_resistance_of_nothing_is_a_missing_sample(tmp_path: Path) -> None:
    found = read_recording(write(tmp_path, "GSR (kOhm)", np.array([250.0, 0.0, 200.0, 250.0, 240.0, 230.0])))
    assert np.flatnonzero(np.isnan(found.signal)).tolist() == [1]


@pytest.mark.parametrize("sentinel", [-1.0, -999.0, -9999.0])
def test_sentinels_are_missing_where_all_else_is_positive(tmp_path: Path, sentinel: float) -> None:
    marked = VALUES.copy()
    marked[[2, 3]] = sentinel
    found = read_recording(write(tmp_path, "EDA (uS)", marked))
    assert np.flatnonzero(np.isnan(found.signal)).tolist() == [2, 3]
    z_scored = np.array([-1.0, -0.5, 0.5, 1.0, -2.0, 2.0])
    np.testing.assert_array_equal(read_recording(write(tmp_path, "EDA", z_scored)).signal, z_scored)


def test_names_and_units_apart() -> None:
    assert unit_in_name("GSR CAL (\u00b5Siemens) (Shimmer Sensor)") == "\u00b5Siemens"
    assert unit_in_name("Galvanic skin response (GSR)") == ""
    assert unit_in_name("TIME(2022/09/19 13:34:49.156)") == ""
    assert [parse_unit(text).kind for text in ("ms", "mS", "MOHM", "bpm")] == [
        "time",
        "conductance",
        "resistance",
        "heart rate",
    ]
