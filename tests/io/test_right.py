"""The files of RESSIN_FILES_DIR, made up after those of devices and people: each as its RIGHT.md says."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io.read import read_recording


@pytest.fixture(scope="module")
def files() -> Path:
    folder = os.environ.get("RESSIN_FILES_DIR")
    if not folder:
        pytest.skip("RESSIN_FILES_DIR is not set to the folder of made-up files")
    return Path(folder)


# File, rate in Hz, samples, unit, missing samples; the rate that the caller gives.
READ: tuple[tuple[str, float, int, str, int, float | None], ...] = (
    ("acq_onlydata_min.txt", 8, 240, "", 0, None),
    ("acq_text_ms.txt", 8, 240, "uS", 0, None),
    ("arduino_millis.csv", 8, 240, "", 0, None),
    ("arduino_serial.txt", 8, 240, "", 0, None),
    ("bids/sub-01_task-rest_physio.tsv.gz", 8, 240, "uS", 0, None),
    ("burst.csv", 8, 240, "", 0, None),
    ("colon_ms.csv", 8, 240, "", 0, None),
    ("consensys.csv", 8, 240, "uS", 0, None),
    ("cut_last.csv", 8, 240, "", 0, None),
    ("date_time_cols.csv", 8, 240, "", 0, None),
    ("e4_date_start.csv", 4, 240, "uS", 0, None),
    ("e4session/EDA.csv", 4, 240, "uS", 1, None),
    ("eda_raw_adc.csv", 8, 240, "", 0, None),
    ("eda_siemens.csv", 8, 240, "uS", 0, None),
    ("emotibit_EA.csv", 15, 240, "uS", 0, None),
    ("excel_apostrophe.csv", 10, 240, "", 0, 10),
    ("flat_zero.csv", 60, 600, "", 0, None),
    ("gap.csv", 8, 240, "", 40, None),
    ("gazepoint_ohm.csv", 60, 600, "uS", 0, None),
    ("german_date.csv", 8, 240, "uS", 0, None),
    ("gsr_kohm.csv", 8, 240, "uS", 0, None),
    ("gsr_value_and_us.csv", 8, 240, "uS", 0, None),
    ("imotions_interleaved.txt", 8, 300, "uS", 0, None),
    ("jitter_bt.csv", 8, 240, "", 0, None),
    ("labchart_gsr.txt", 8, 240, "uS", 0, None),
    ("led_type2.txt", 8, 240, "uS", 0, None),
    ("matlab_datenum.csv", 8, 240, "", 0, None),
    ("mindware.txt", 8, 240, "uS", 0, None),
    ("neurokit_out.csv", 8, 240, "", 0, 8),
    ("opensignals.txt", 100, 600, "uS", 0, None),
    ("pandas_dt_index.csv", 8, 240, "", 0, None),
    ("reaction_time.csv", 8, 240, "", 0, 8),
    ("rec.vhdr", 1000, 240, "uS", 0, None),
    ("seconds_resolution.csv", 8, 240, "uS", 0, None),
    ("sentinel.csv", 8, 240, "", 29, None),
    ("time_hours.csv", 8, 240, "", 0, None),
    ("trailing_summary.csv", 8, 240, "", 0, None),
    ("transposed.txt", 8, 240, "", 0, None),
    ("two_times.csv", 4.0495, 240, "uS", 0, None),
    ("us_ampm.csv", 8, 240, "", 0, None),
    ("utf16le_nobom.csv", 8, 240, "", 0, None),
)
REFUSED: tuple[tuple[str, str, float | None], ...] = (
    ("e4session/TEMP.csv", "TEMP.csv holds skin temperature", None),
    ("e4session/HR.csv", "HR.csv holds heart rate", None),
    ("e4session/BVP.csv", "BVP.csv holds blood volume pulse", None),
    ("eda_volts.csv", "is in V, not in microsiemens; convert it .*--unit V", None),
    ("embraceplus_agg_nomiss.csv", "aggregates for each minute, not a recording", None),
    ("neurokit_out.csv", "the rate is not in the file .*--rate", None),
    ("reaction_time.csv", "the rate is not in the file .*--rate", None),
    ("excel_apostrophe.csv", "no clock; .*--rate", None),
    ("time_min_unnamedunit.csv", "too short for a recording; if they are minutes", None),
    ("seconds_resolution.csv", "the rate of 4 Hz was given, but the file says 8 Hz", 4.0),
    ("opensignals.txt", "the rate of 10 Hz was given, but the file says 100 Hz", 10.0),
    ("gap.csv", "the rate of 4 Hz was given, but the file says 8 Hz", 4.0),
    ("unisens.xml", "eda.bin, which holds the skin conductance, is not beside it", None),
    ("rec.eeg", "samples of a BrainVision recording; give its header, rec.vhdr", None),
    ("bids/sub-01_task-rest_physio.json", "is a description in JSON", None),
)


@pytest.mark.parametrize(("name", "rate", "n", "unit", "missing", "given"), READ, ids=[row[0] for row in READ])
def test_read_right(files: Path, name: str, rate: float, n: int, unit: str, missing: int, given: float | None) -> None:
    found = read_recording(files / name, sampling_rate=given)
    assert found.sampling_rate == pytest.approx(rate, rel=2e-5)
    assert (found.n_samples, found.unit) == (n, unit)
    assert int(np.isnan(found.signal).sum()) == missing
    if unit == "uS":
        assert 2.9 < np.nanmin(found.signal) < np.nanmax(found.signal) < 8


@pytest.mark.parametrize(("name", "message", "given"), REFUSED, ids=[f"{row[0]}-{row[2]}" for row in REFUSED])
def test_refused_with_the_fault_and_the_remedy(files: Path, name: str, message: str, given: float | None) -> None:
    with pytest.raises(RecordingError, match=message):
        read_recording(files / name, sampling_rate=given)


def test_every_file_is_here(files: Path) -> None:
    told = {name for name, *_ in (*READ, *REFUSED)}
    there = {path.relative_to(files).as_posix() for path in files.rglob("*") if path.is_file()}
    assert there - {"RIGHT.md"} == told


def test_starts_gaps_and_events(files: Path) -> None:
    assert read_recording(files / "e4_date_start.csv").start_time == 1_362_332_617  # 2013-03-03T17:43:37Z
    assert read_recording(files / "bids" / "sub-01_task-rest_physio.tsv.gz").start_time == -3.5
    gap = read_recording(files / "gap.csv")
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(gap.signal)), np.arange(100, 140))
    assert [marker.time for marker in read_recording(files / "led_type2.txt").markers] == [6.25]
    jitter = read_recording(files / "jitter_bt.csv")
    assert any(re.search("times deviate from an even grid", note) for note in jitter.notes)
    assert read_recording(files / "flat_zero.csv").warnings == ("the signal does not change: every value is 0",)
