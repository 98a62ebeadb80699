"""Forms in which devices and programmes write their layouts, beside those of `writers`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io.read import read_recording
from tests.io.layouts.writers import RATE, SIGNAL, START, TIMES, N

ROWS = list(zip(TIMES.tolist(), SIGNAL.tolist(), strict=True))
COUNTS = np.rint(SIGNAL * 0.132 / 3.3 * 2**10).astype(int)
OF_COUNTS = COUNTS / 2**10 * 3.3 / 0.132


def bitalino(sensor: str = "EDA", channels: int = 6, lost: tuple[int, int] = (0, 0)) -> list[str]:
    """Return lines as OpenSignals writes them for BITalino: the resolution of every column, a counter to 15."""
    labels = [f"A{i + 1}" for i in range(channels)]
    about = {
        "sensor": [sensor] + ["ECG"] * (channels - 1), "device name": "20:16",
        "column": ["nSeq", "I1", "I2", "O1", "O2", *labels],
        "time": "22:13:20.0", "date": "2023-11-14", "device": "bitalino_rev", "sampling rate": 8, "label": labels,
        "resolution": [4, 1, 1, 1, 1, 10, 10, 10, 10, 6, 6][: 5 + channels],
    }  # fmt: skip
    rows = [
        f"{i % 16}\t0\t0\t0\t0\t{count}\t" + "7\t" * (channels - 1)
        for i, count in enumerate(COUNTS)
        if not lost[0] <= i < lost[1]
    ]
    return ["# OpenSignals Text File Format. Version 1", "# " + json.dumps({"20:16": about}), "# EndOfHeader", *rows]


ACQ5 = ["a.acq", "Recording on: 2023-11-14 22:13:20.000", "125 msec/sample", "1 channels", "EDA", "microsiemens"]
LABCHART = ["Interval=\t0.125 s", "TimeFormat=\tStartOfBlock", "DateFormat=\tM/d/yyyy", "ChannelTitle=\tECG\tEDA"]
SHIMMER = ["Shimmer 3\tShimmer 3\tShimmer 3", "Timestamp\tGSR\tGSR", "CAL\tRAW\tCAL", "mSecs\tno units\tkOhms"]
BIOTRACE = [
    "RAW Data export file from BioTrace+ software",
    "Output rate:\t8\tSamples/sec.",
    "",
    "TIME\t[E] SC/GSR\tEvents",
]
EMOTIBIT = "EmotiBitTimestamp,PacketNumber,DataLength,TypeTag,ProtocolVersion,DataReliability,EA"
GAZEPOINT = "CNT,TIME(2023/11/14 22:13:20.000),TIMETICK(f=10000000),GSR,GSR_US,GSRV"
IMOTIONS = [
    "#HEADER,",
    "#DATA,",
    "Row,Timestamp,EventSource,SlideEvent,EventSource,GSR RAW,GSR Resistance CAL,GSR Conductance CAL",
]
VARIANTS: dict[str, list[str]] = {
    "AcqKnowledge 5": [*ACQ5, "sec\tCH1\t", f"\t{N}\t", *(f"{t:g}\t{x!r}\t" for t, x in ROWS)],
    "AcqKnowledge without times": ["a.acq", *ACQ5[2:], "CH1", f"{N}", *(f"{x!r}" for _, x in ROWS)],
    "AcqKnowledge's rate": ["a.acq", "8 samples/second", *ACQ5[3:], "CH1", *(f"{x!r}" for _, x in ROWS)],
    "LabChart's range": [*LABCHART, "Range=\t2.0 mV\t40.0 \u00b5S", *(f"{t:.3f}\t0.1\t{x!r}" for t, x in ROWS)],
    "LabChart with missing": [*LABCHART, "UnitName=\tmV\tuS", *(f"{t:.3f}\t0.1\t{x!r}" for t, x in ROWS)],
    "LabChart's input": [
        *LABCHART, "Range=\t2.0 V\t40.0 uS", "UnitName=\tmV\t*", *(f"{t:.3f}\t0.1\t{x!r}" for t, x in ROWS)
    ],
    "a rate in a comment": [
        "# Simple Text Format", "# Sampling Rate (Hz):= 8.00", "EDA (uS)", *(f"{x!r}" for _, x in ROWS)
    ],
    "EmotiBit's packets of one and two": [
        f"{5000 + 1000 * TIMES[i + n - 1]:.0f},{i},{n},EA,1,100,{','.join(map(repr, SIGNAL[i : i + n].tolist()))}"
        for i, n in ((3 * (k // 2) + k % 2, 1 + k % 2) for k in range(2 * N // 3))
    ] + [f"{5000 + 1000 * TIMES[-1]:.0f},{N},1,EA,1,100,{ROWS[-1][1]!r}"],
    "ShimmerConnect": [*SHIMMER, *(f"{1000 * t:.1f}\t{7}\t{1000 / x!r}" for t, x in ROWS)],
    "BioTrace with decimal commas": [
        *BIOTRACE, *(f"00:{int(t) // 60:02d}:{t % 60:06.3f}\t{str(x).replace('.', ',')}\t" for t, x in ROWS)
    ],
    "EmotiBit's old columns": [
        EMOTIBIT, *(f"{5000 + 1000 * t:.3f},{i},1,EA,1,100,{x!r}" for i, (t, x) in enumerate(ROWS))
    ],
    "Gazepoint in uS": [
        GAZEPOINT, *(f"{i},{t:.5f},{1250000 * i},{1e6 / x:.1f},{x!r},1" for i, (t, x) in enumerate(ROWS))
    ],
    "iMotions 9": [*IMOTIONS, *(f"1,{1000 * t:.4f},5,,5,{9},{1000 / x:.4f},{x!r}" for t, x in ROWS)],
    "pandas' Timedelta": ["time,EDA (uS)", *(f"0 days 00:{int(t) // 60:02d}:{t % 60:09.6f},{x!r}" for t, x in ROWS)],
    "minutes and seconds": ["time,EDA (uS)", *(f"{int(t) // 60:02d}:{t % 60:06.3f},{x!r}" for t, x in ROWS)],
    "quoted decimal commas": ['"Time (s)","EDA (uS)"', *(f'"{t:.4f}","{x!r}"'.replace(".", ",") for t, x in ROWS)],
}  # fmt: skip


def write(folder: Path, lines: list[str]) -> Path:
    path = folder / "x.txt"
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode())
    return path


@pytest.mark.parametrize("kind", VARIANTS)
def test_a_form_of_a_layout_is_read_right(kind: str, tmp_path: Path) -> None:
    found = read_recording(write(tmp_path, VARIANTS[kind]))
    assert (found.sampling_rate, found.unit, found.n_samples, found.warnings) == (RATE, "uS", N, ())
    np.testing.assert_allclose(found.signal, SIGNAL, rtol=1e-9)
    if kind == "AcqKnowledge 5":
        assert found.start_time == START


@pytest.mark.parametrize("channels", [1, 3, 6])
def test_bitalino_states_the_resolution_of_every_column(channels: int, tmp_path: Path) -> None:
    found = read_recording(write(tmp_path, bitalino(channels=channels)))
    np.testing.assert_allclose(found.signal, OF_COUNTS, rtol=1e-12)
    assert (found.unit, found.sampling_rate, found.warnings) == ("uS", RATE, ())


def test_samples_that_opensignals_counted_and_did_not_write_are_missing(tmp_path: Path) -> None:
    found = read_recording(write(tmp_path, bitalino(lost=(100, 106))))
    assert found.n_samples == N
    assert np.flatnonzero(np.isnan(found.signal)).tolist() == list(range(100, 106))
    np.testing.assert_allclose(found.signal[106:], OF_COUNTS[106:], rtol=1e-12)


def test_opensignals_h5_of_bitalino_counts_to_15_and_lists_a_resolution_for_each_channel(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py, of the extra 'devices', is not installed")
    there = np.r_[0:100, 106:N]
    with h5py.File(tmp_path / "x.h5", "w") as file:
        device = file.create_group("20:16")
        device.attrs.update(
            {"sampling rate": 8, "nsamples": there.size, "device": "bitalino_rev", "resolution": [10, 10, 10, 10, 6]}
        )
        device.create_dataset("raw/channel_2", data=0 * COUNTS[there, None]).attrs["sensor"] = b"ECG"
        device.create_dataset("raw/channel_3", data=COUNTS[there, None]).attrs["sensor"] = b"EDABITREV"
        device.create_dataset("raw/nSeq", data=there[:, None] % 16)
    found = read_recording(tmp_path / "x.h5")
    assert (found.layout, found.unit, found.sampling_rate, found.n_samples) == ("opensignals-h5", "uS", RATE, N)
    assert np.flatnonzero(np.isnan(found.signal)).tolist() == list(range(100, 106))
    np.testing.assert_allclose(found.signal[there], OF_COUNTS[there], rtol=1e-12)


def test_a_raw_channel_has_the_name_of_its_column(tmp_path: Path) -> None:
    path = write(tmp_path, bitalino("RAW"))
    with pytest.raises(RecordingError, match="could be the signal: 'I1', 'I2', 'O1', 'O2', 'A1'"):
        read_recording(path)
    found = read_recording(path, column="A1", unit="counts")
    np.testing.assert_array_equal(found.signal, COUNTS)


def test_bids_descriptions_are_inherited(tmp_path: Path) -> None:
    (tmp_path / "dataset_description.json").write_text("{}")
    (tmp_path / "task-rest_physio.json").write_text(
        json.dumps({"SamplingFrequency": 99, "Columns": ["cardiac", "eda"], "eda": {"Units": "nS"}})
    )
    (tmp_path / "task-other_physio.json").write_text(json.dumps({"SamplingFrequency": 1, "Columns": ["a", "b"]}))
    folder = tmp_path / "sub-01" / "func"
    folder.mkdir(parents=True)
    (folder.parent / "sub-01_physio.json").write_text(json.dumps({"SamplingFrequency": 8, "StartTime": 1.5}))
    path = folder / "sub-01_task-rest_physio.tsv"
    path.write_text("".join(f"0.1\t{1000 * x!r}\n" for _, x in ROWS))
    found = read_recording(path)
    np.testing.assert_allclose(found.signal, SIGNAL, rtol=1e-12)
    assert (found.sampling_rate, found.unit, found.start_time) == (8.0, "uS", 1.5)


Change = Callable[[float, float], str]


@pytest.mark.parametrize(
    ("header", "row", "options", "message"),
    [
        ("time (s),GSR_voltage", lambda t, x: f"{t},{x}", {}, "is in V, not in microsiemens"),
        ("ID,time (s),EDA", lambda t, x: f"{1 + int(t > 40)},{t % 40},{x}", {}, "holds several recordings.*ID=1"),
    ],
)
def test_refused_with_the_fault(
    header: str, row: Change, options: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(RecordingError, match=message):
        read_recording(write(tmp_path, [header, *(row(t, x) for t, x in ROWS)]), **options)


def test_a_row_number_named_id_is_no_person(tmp_path: Path) -> None:
    path = write(tmp_path, ["id,time (s),EDA (uS)", *(f"{i},{t},{x!r}" for i, (t, x) in enumerate(ROWS))])
    np.testing.assert_array_equal(read_recording(path).signal, SIGNAL)


@pytest.mark.parametrize("stands_for_missing", [999, 9999, 99999, -999, -1])
def test_numbers_far_from_all_others_stand_for_missing_samples(stands_for_missing: float, tmp_path: Path) -> None:
    values = SIGNAL.copy()
    values[5::100] = stands_for_missing
    path = write(tmp_path, ["time (s),EDA (uS)", *(f"{t},{x!r}" for t, x in zip(TIMES, values.tolist(), strict=True))])
    found = read_recording(path)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.signal)), np.arange(5, N, 100))


@pytest.mark.parametrize(
    ("line", "unit"), [("millis:{ms}\tgsr:{x}", ""), ("time_s={t}, EDA_uS={x}", "uS"), ("t: {t} gsr_nS: {nS}", "uS")]
)
def test_lines_of_names_and_values_of_a_sketch(line: str, unit: str, tmp_path: Path) -> None:
    rows = [line.format(t=t, ms=int(1000 * t), x=x, nS=1000 * x) for t, x in ROWS]
    found = read_recording(write(tmp_path, rows))
    assert (found.layout, found.sampling_rate, found.unit, found.n_samples) == ("arduino-serial", RATE, unit, N)
    np.testing.assert_allclose(found.signal, SIGNAL, rtol=1e-12)


@pytest.mark.parametrize("power", [0, 3, 6, 9])
def test_times_since_1970_are_a_clock_whatever_their_name(power: int, tmp_path: Path) -> None:
    stamps = [int(START) * 10**power + round(t * 10**power, 3 if not power else None) for t, _ in ROWS]
    rows = [f"{stamp},{x!r}" for stamp, (_, x) in zip(stamps, ROWS, strict=True)]
    found = read_recording(write(tmp_path, ["device stamp,EDA (uS)", *rows]))
    assert (found.sampling_rate, found.start_time) == (RATE, START)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"time": 0, "EDA": 4.2}]', "is JSON: save its signal as CSV"),
        ('{"time": 0, "EDA": 4.2}\n{"time": 1, "EDA": 4.3}', "is JSON"),
        ("<!DOCTYPE html>\n<html><body>Not Found</body></html>", "is a web page"),
        ('<?xml version="1.0"?>\n<data><v>4.2</v></data>', "is an XML file of no layout"),
    ],
)
def test_other_texts_are_named(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(RecordingError, match=message):
        read_recording(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("name", "message"),
    [("GSR_ADC", "holds counts of a converter"), ("eda_counts", "holds counts"), ("heart_rate", "is heart rate"),
     ("Heart Rate", "is heart rate"), ("Lux", "is light")],
)  # fmt: skip
def test_a_name_that_says_something_else_is_believed(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=message):
        read_recording(write(tmp_path, [f"time (s),{name}", *(f"{t},{round(100 * x)}" for t, x in ROWS)]))


def test_a_header_that_is_one_long_field_is_named_shortly(tmp_path: Path) -> None:
    path = write(tmp_path, [",".join(f"c{i}" for i in range(9000)), "1", "x", "2", "3"])
    with pytest.raises(RecordingError) as refusal:
        read_recording(path, sampling_rate=8.0)
    assert len(str(refusal.value)) < 1000


def test_matlab_structures_are_laid_open(tmp_path: Path) -> None:
    from scipy.io import savemat

    path = tmp_path / "x.mat"
    savemat(path, {"rec": {"physio": {"EDA": SIGNAL, "ECG": 0 * SIGNAL}, "fs": RATE, "subject": "S1"}})
    found = read_recording(path, unit="uS")
    np.testing.assert_array_equal(found.signal, SIGNAL)
    assert found.sampling_rate == RATE
    savemat(path, {"data": np.column_stack([TIMES, SIGNAL])})
    np.testing.assert_array_equal(read_recording(path).signal, SIGNAL)


def test_a_rate_in_a_matlab_file_is_that_of_the_array_it_names_or_of_the_longest(tmp_path: Path) -> None:
    from scipy.io import savemat

    path = tmp_path / "x.mat"
    savemat(path, {"EDA": SIGNAL, "ECG": np.zeros(10 * N), "fs": 10 * RATE})
    with pytest.raises(RecordingError, match="the rate is not in the file"):
        read_recording(path)
    savemat(path, {"EDA": SIGNAL, "ECG": np.zeros(10 * N), "fs_ECG": 10 * RATE, "fs_EDA": RATE})
    assert read_recording(path).sampling_rate == RATE


def test_an_array_of_another_length_is_not_taken_because_it_is_alone(tmp_path: Path) -> None:
    from scipy.io import savemat

    path = tmp_path / "x.mat"
    savemat(path, {"channel_1": SIGNAL, "channel_2": SIGNAL, "means": SIGNAL[:40]})
    with pytest.raises(RecordingError, match=r"no channel is named after skin conductance; .*'means'"):
        read_recording(path, sampling_rate=RATE)
