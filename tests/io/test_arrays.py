"""NumPy and Parquet files, and the errors for damaged ones."""

import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin._files.parquet_size import parquet_bytes
from ressin.errors import MissingExtraError, RecordingError
from ressin.io import read_recording

SAMPLES = np.array([2.0, 2.125, -0.5, 1e-3, 12.75, 3.0])


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<i2", "<u2"])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1), (1, -1)])
def test_one_signal_of_any_real_dtype(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    samples = np.round(np.abs(SAMPLES)).astype(dtype)
    np.save(tmp_path / "x.npy", samples.reshape(shape))
    recording = read_recording(tmp_path / "x.npy", sampling_rate=4)
    np.testing.assert_array_equal(recording.signal, samples.astype(float))
    assert recording.signal.dtype == np.float64
    assert recording.signal.dtype.isnative


def test_times_beside_samples_give_the_rate(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.column_stack([np.arange(6) / 16, SAMPLES]))
    recording = read_recording(tmp_path / "x.npy")
    np.testing.assert_array_equal(recording.signal, SAMPLES)
    assert recording.sampling_rate == 16


def test_a_structured_array_has_named_columns(tmp_path: Path) -> None:
    array = np.zeros(6, dtype=[("time", "f8"), ("ECG", "f8"), ("EDA", "f4")])
    array["time"], array["EDA"] = np.arange(6) / 8, SAMPLES
    np.save(tmp_path / "x.npy", array)
    recording = read_recording(tmp_path / "x.npy")
    np.testing.assert_array_equal(recording.signal, SAMPLES.astype(np.float32).astype(float))
    assert recording.sampling_rate == 8


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((6, 3)), "3 columns could be the signal: 1, 2, 3; name one"),
        (np.zeros((3, 90)), r"90 columns could be the signal: .*\(3, 90\), more columns than rows: save its transpose"),
        (np.zeros((2, 3, 4)), r"the array has shape \(2, 3, 4\); a recording is \(n_samples,\)"),
        (np.zeros((0,)), r"the array is empty, shape \(0,\)"),
        (np.array(["a", "b"]), "the array is of dtype <U1; a recording is real numbers"),
        (np.array([True, False]), "the array is of dtype bool"),
        (np.array([1j, 2]), "column 1: the numbers are complex; a recording has real samples"),
        (np.array([1.0, np.inf, 2.0]), "row 2, column 1: inf is not a finite number"),
        (np.full(4, np.nan), "all 4 samples are missing"),
    ],
)
def test_arrays_that_are_no_recording_are_refused(tmp_path: Path, array: np.ndarray, message: str) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(RecordingError, match=message):
        read_recording(tmp_path / "x.npy", sampling_rate=4)


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1.0, "a", None], dtype=object), allow_pickle=True)
    with pytest.raises(RecordingError, match="it holds Python objects, which are not loaded; save it as numbers"):
        read_recording(tmp_path / "x.npy", sampling_rate=4)


def _npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, SAMPLES)
    return buffer.getvalue()


@pytest.mark.parametrize("length", [8, 40, 150])
def test_a_cut_npy_is_refused(tmp_path: Path, length: int) -> None:
    (tmp_path / "x.npy").write_bytes(_npy()[:length])
    with pytest.raises(RecordingError, match=r"x\.npy: not a whole NumPy file .* was it cut short"):
        read_recording(tmp_path / "x.npy", sampling_rate=4)


@pytest.mark.parametrize("suffix", [".npy", ".parquet"])
def test_text_under_another_name_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_text("EDA\n1\n2\n")
    with pytest.raises(RecordingError, match=f"is named {suffix} but does not begin like one: it begins with b'EDA"):
        read_recording(path, sampling_rate=4)


@pytest.fixture
def parquet(tmp_path: Path) -> Path:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    frame = pd.DataFrame({"timestamp": pd.date_range("2024-05-01", periods=6, freq="20ms", tz="UTC"), "EDA": SAMPLES})
    frame.to_parquet(tmp_path / "x.parquet")
    return tmp_path / "x.parquet"


def test_parquet_with_timestamps(parquet: Path) -> None:
    recording = read_recording(parquet)
    np.testing.assert_array_equal(recording.signal, SAMPLES)
    assert recording.sampling_rate == 50
    assert recording.start_time == pd.Timestamp("2024-05-01", tz="UTC").timestamp()


def test_parquet_with_the_times_as_index(parquet: Path) -> None:
    pd.read_parquet(parquet).set_index("timestamp").to_parquet(parquet)
    assert read_recording(parquet).sampling_rate == 50


def test_parquet_with_nulls_and_integers(parquet: Path) -> None:
    pd.DataFrame({"EDA": pd.array([1, None, 3], dtype="Int16"), "mark": ["a", "b", None]}).to_parquet(parquet)
    np.testing.assert_array_equal(read_recording(parquet, sampling_rate=4).signal, [1, np.nan, 3])


def test_parquet_that_is_cut_or_empty_or_holds_text_is_refused(parquet: Path) -> None:
    whole = parquet.read_bytes()
    parquet.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RecordingError, match=r"x\.parquet: not a whole Parquet file .* was it cut short"):
        read_recording(parquet)
    pd.DataFrame({"EDA": []}).to_parquet(parquet)
    with pytest.raises(RecordingError, match="the table has no rows"):
        read_recording(parquet)
    pd.DataFrame({"EDA": ["1.5", "x"]}).to_parquet(parquet)
    with pytest.raises(RecordingError, match="row 2, column 'EDA': 'x' is not a number"):
        read_recording(parquet, sampling_rate=4)


def test_without_pyarrow_the_extra_is_named(parquet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"reading Parquet needs pyarrow: .*ressin\[data\]"):
        read_recording(parquet)


@pytest.mark.parametrize("shape", [(10**13,), (10**17,), (10**30,), (2**32, 2**32), (-5,)])
def test_npy_that_declares_more_than_it_holds_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with (tmp_path / "x.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
        file.write(bytes(80))
    with pytest.raises(RecordingError, match=r"x\.npy: not a whole NumPy file"):
        read_recording(tmp_path / "x.npy", sampling_rate=4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[", "is not what ressin writes"),
        (b"[]", "is not what ressin writes"),
        (b"\xff", "is not what ressin writes"),
        (b"[" * 100_000, "is not what ressin writes"),
        (b'{"sampling_rate": "abc"}', "is not what ressin writes"),
        (b'{"sampling_rate": -1}', "says -1 Hz"),
        (b'{"sampling_rate": 0}', "says 0 Hz"),
        (b'{"start_time": 1e999}', "inf is not finite"),
    ],
)
def test_parquet_with_metadata_of_a_stranger_is_refused(parquet: Path, text: bytes, message: str) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(pq.read_table(parquet).replace_schema_metadata({b"ressin": text}), parquet)
    with pytest.raises(RecordingError, match=rf"x\.parquet: the metadata named 'ressin' .*{message}"):
        read_recording(parquet)


def test_parquet_of_a_few_bytes_that_unfolds_to_too_much_is_refused(
    parquet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    pa = pytest.importorskip("pyarrow")
    pq.write_table(pa.table({"EDA": np.zeros(100_000), "mark": ["x" * 1000] * 100_000}), parquet)
    assert parquet.stat().st_size < 20_000
    monkeypatch.setattr("ressin.io.arrays.MAX_PARQUET_BYTES", 90_000_000)
    with pytest.raises(RecordingError, match=r"x\.parquet: takes 97 MiB in memory, at most 86 MiB is read"):
        read_recording(parquet, sampling_rate=4)


def test_the_size_of_a_parquet_file_is_that_of_its_columns(parquet: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    pa = pytest.importorskip("pyarrow")
    columns = {
        "float": pa.array([0.0] * 500, pa.float32()),
        "list": pa.array([[1.0] * 7] * 500),
        "flag": pa.array([True] * 500),
        "text": pa.array(["abc"] * 499 + [None]),
    }
    pq.write_table(pa.table(columns), parquet)
    assert parquet_bytes(parquet, nested=True) == 500 * (4 + 7 * 8 + 1 + 4) + 499 * 3
    pq.write_table(pa.table({"lists of texts": pa.array([["abc"]] * 500)}), parquet)
    assert parquet_bytes(parquet, nested=True) >= 500 * 7


@pytest.mark.parametrize("kind", ["list_", "struct", "map_"])
def test_columns_of_lists_are_refused_before_anything_of_them_is_asked_for(parquet: Path, kind: str) -> None:
    """In a damaged file pyarrow ends the process where the size of such a column is asked for."""
    pq = pytest.importorskip("pyarrow.parquet")
    pa = pytest.importorskip("pyarrow")
    of = {"list_": pa.list_(pa.float64()), "struct": pa.struct([("x", pa.float64())]), "map_": pa.map_("int8", "int8")}
    values = {"list_": [1.0], "struct": {"x": 1.0}, "map_": [(1, 2)]}
    pq.write_table(pa.table({"EDA": np.ones(20), "odd": pa.array([values[kind]] * 20, of[kind])}), parquet)
    with pytest.raises(RecordingError, match=r"column 'odd\.[a-z_.]*' holds lists or structures, which are not read"):
        read_recording(parquet, sampling_rate=4)
