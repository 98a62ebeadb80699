"""Decompositions to files and back."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin.decomposition.decompose import decompose
from ressin.decomposition.result import Decomposition
from ressin.decomposition.scrs import find_scrs
from ressin.errors import OutputError
from ressin.io import read_recording, write_decomposition, write_evidence
from ressin.io.write import write_scrs
from ressin.simulation.eda import simulate_eda


@pytest.fixture(scope="module")
def result() -> Decomposition:
    made = simulate_eda(40, 8, n_scr=4, rng=np.random.default_rng(3))
    return decompose(made.signal, 8)


PARTS = {"EDA_Raw": "signal", "EDA_Tonic": "tonic", "EDA_Phasic": "phasic", "EDA_SMNA": "driver"}


@pytest.mark.parametrize(("suffix", "separator"), [(".csv", ","), (".tsv", "\t"), (".txt", "\t"), (".csv.gz", ",")])
def test_text_has_units_in_its_header(tmp_path: Path, result: Decomposition, suffix: str, separator: str) -> None:
    path = tmp_path / f"out{suffix}"
    write_decomposition(result, path)
    table = pd.read_csv(path, sep=separator)
    assert list(table.columns) == [
        "Time (s)", "EDA_Raw (uS)", "EDA_Tonic (uS)", "EDA_Phasic (uS)", "EDA_SMNA (uS/s)", "EDA_Residual (uS)",
    ]  # fmt: skip
    np.testing.assert_allclose(table["Time (s)"], np.arange(320) / 8)
    for column, name in PARTS.items():
        unit = "uS/s" if name == "driver" else "uS"
        np.testing.assert_allclose(table[f"{column} ({unit})"], getattr(result, name), rtol=1e-9, atol=1e-300)


def test_parquet_is_exact_and_has_units_and_evidence(tmp_path: Path, result: Decomposition) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    path = tmp_path / "out.parquet"
    write_decomposition(result, path, unit="kOhm", start_time=1.6e9)
    table = pq.read_table(path)
    assert table.schema.field("EDA_Tonic").metadata == {b"unit": b"kOhm"}
    assert table.schema.field("EDA_SMNA").metadata == {b"unit": b"kOhm/s"}
    evidence = json.loads(table.schema.metadata[b"ressin"])
    assert evidence["status"] == "optimal"
    assert (evidence["sampling_rate"], evidence["start_time"]) == (8, 1.6e9)
    for column, name in PARTS.items():
        np.testing.assert_array_equal(table[column].to_numpy(), getattr(result, name))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_written_is_read_as_the_same_recording(tmp_path: Path, result: Decomposition, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / f"out{suffix}"
    write_decomposition(result, path)
    recording = read_recording(path)
    assert (recording.sampling_rate, recording.unit) == (8, "uS")
    np.testing.assert_allclose(recording.signal, result.signal, rtol=1e-9)


def test_evidence_is_strict_json_with_what_was_added(tmp_path: Path, result: Decomposition) -> None:
    path = tmp_path / "evidence.json"
    write_evidence(result, path, extra={"file": "x.csv", "array": np.arange(3), "nothing": float("nan")})

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    evidence = json.loads(path.read_text(), parse_constant=refuse)
    assert (evidence["file"], evidence["array"], evidence["nothing"]) == ("x.csv", [0, 1, 2], None)
    assert evidence["status"] == "optimal"
    assert evidence["relative_gap"] <= 1e-8
    assert evidence["settings"]["tau0"] == 2.0
    assert evidence["quality"]["messages"] == []


def test_events_have_units(tmp_path: Path, result: Decomposition) -> None:
    scrs = find_scrs(result, min_amplitude=0.05)
    write_scrs(scrs, tmp_path / "scrs.csv")
    table = pd.read_csv(tmp_path / "scrs.csv")
    assert list(table.columns) == [
        "SCR_Onsets (sample)", "SCR_Peaks (sample)", "SCR_Height (uS)", "SCR_Amplitude (uS)", "SCR_RiseTime (s)",
        "SCR_Recovery (sample)", "SCR_RecoveryTime (s)", "SCR_OnsetTime (s)", "SCR_PeakTime (s)",
        "SCR_SignalRise (uS)", "SCR_Confidence", "SCR_Artefact",
    ]  # fmt: skip
    np.testing.assert_array_equal(table["SCR_Peaks (sample)"], scrs["SCR_Peaks"])


@pytest.mark.parametrize("name", ["out", "out.xlsx", "out.parquet.gz"])
def test_another_format_is_refused(tmp_path: Path, result: Decomposition, name: str) -> None:
    with pytest.raises(OutputError, match=r"the suffix says the format, and it must be one of \.csv"):
        write_decomposition(result, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [write_decomposition, write_evidence])
def test_a_folder_that_is_not_there_is_named(tmp_path: Path, result: Decomposition, write: object) -> None:
    assert callable(write)
    with pytest.raises(OutputError, match=r"cannot write .*the folder .*nowhere does not exist"):
        write(result, tmp_path / "nowhere" / "out.csv")


def test_missing_samples_are_empty_cells_and_come_back_as_missing(tmp_path: Path, result: Decomposition) -> None:
    gappy = result.signal.copy()
    gappy[20:30] = np.nan
    write_decomposition(decompose(gappy, 8, missing="solve"), tmp_path / "out.csv")
    line = (tmp_path / "out.csv").read_text().splitlines()[21].split(",")
    assert (line[0], line[1], line[5]) == ("2.5", "", "")
    np.testing.assert_allclose(read_recording(tmp_path / "out.csv").signal, gappy, rtol=1e-9)


def test_gzip_is_the_same_every_time(tmp_path: Path, result: Decomposition) -> None:
    for name in ("a.csv.gz", "b.csv.gz"):
        write_decomposition(result, tmp_path / name)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
