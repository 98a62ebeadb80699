"""Forms of MATLAB's variables: which array is the recording, its rate and its unit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from ressin.errors import RecordingError
from ressin.io.read import read_recording
from tests.io.layouts.writers import RATE, SIGNAL, TIMES, N


def _channels() -> Any:
    cells = np.zeros((1, 2), dtype=[("name", "O"), ("data", "O"), ("srate", "O"), ("unit", "O")])
    cells[0, 0] = ("ECG", np.zeros(4 * N), 4 * RATE, "mV")
    cells[0, 1] = ("EDA", 1000 * SIGNAL, RATE, "nS")
    return cells


def _biopac(**changed: Any) -> dict[str, Any]:
    about = {"labels": ["ECG", "EDA"], "units": ["Volts", "microsiemens"], "isi": 125.0, "isi_units": "ms"}
    return {"data": np.column_stack([0 * SIGNAL, SIGNAL]), "start_sample": 0, **about, **changed}


def _nested() -> dict[str, Any]:
    eda = {"data": SIGNAL, "fs": RATE, "unit": "uS"}
    return {"S01": {"EDA": eda, "TEMP": {"data": np.full(80, 33.0), "fs": 1.0, "unit": "degC"}}}


def _eeglab() -> dict[str, Any]:
    places = np.array([("Cz",), ("GSR",)], dtype=[("labels", "O")])
    return {"EEG": {"data": np.vstack([0 * SIGNAL, SIGNAL]), "srate": RATE, "chanlocs": places, "nbchan": 2}}


FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "an array of structures": ({"channels": _channels()}, "uS"),
    "structures in a structure": (_nested(), "uS"),
    "a unit beside": ({"EDA": 1000 * SIGNAL, "fs": RATE, "units": "nS"}, "uS"),
    "names of the columns": (
        {"signals": np.column_stack([0 * SIGNAL, SIGNAL]), "labels": np.array(["ECG", "EDA"], object), "fs": RATE}, ""
    ),
    "EEGLAB": (_eeglab(), ""),
    "BIOPAC in seconds": (_biopac(isi=0.125, isi_units="sec"), "uS"),
    "BIOPAC in milliseconds": (_biopac(isi_units="milliseconds"), "uS"),
    "vectors": ({"time": TIMES, "EDA": SIGNAL}, ""),
    "days": ({"t": 738_839 + TIMES / 86_400, "EDA": SIGNAL}, ""),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, tmp_path: Path) -> None:
    variables, unit = FORMS[form]
    savemat(tmp_path / "x.mat", variables)
    found = read_recording(tmp_path / "x.mat")
    assert (found.sampling_rate, found.unit, found.n_samples) == (RATE, unit, N)
    np.testing.assert_allclose(found.signal, SIGNAL, rtol=1e-12)


def test_version_4(tmp_path: Path) -> None:
    savemat(tmp_path / "x.mat", {"EDA": SIGNAL, "fs": RATE}, format="4")
    found = read_recording(tmp_path / "x.mat")
    assert found.sampling_rate == RATE
    np.testing.assert_array_equal(found.signal, SIGNAL)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"EDA": SIGNAL + 1j, "fs": RATE}, r"EDA holds complex numbers.*save real\(EDA\)"),
        ({"note": "hello"}, "no array of numbers is in it; its variables are note"),
        (_biopac(isi_units="furlongs"), "isi_units is 'furlongs', which is no unit of time"),
        ({"EDA": SIGNAL, "fs": 0.0}, "the rate is not in the file"),
    ],
)
def test_refused_with_the_fault(variables: dict[str, Any], message: str, tmp_path: Path) -> None:
    savemat(tmp_path / "x.mat", variables)
    with pytest.raises(RecordingError, match=message):
        read_recording(tmp_path / "x.mat")
