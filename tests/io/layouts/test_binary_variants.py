"""Forms of binary files: several rates, gaps, streams, sheets and parts; each needs the library of its layout."""

from __future__ import annotations

import datetime
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ressin.cli.reading import try_next
from ressin.errors import NotEdaError, RecordingError
from ressin.io.read import open_recording, read_recording
from tests.io.layouts.writers import RATE, SIGNAL, START, TIMES, N


def the(name: str) -> Any:
    return pytest.importorskip(name, reason=f"{name}, of the extra 'devices', is not installed")


def edf_with_gap(path: Path, seconds: float) -> Path:
    """Write EDF+D: the second half of the data records begins later than the first ends."""
    edfio = the("edfio")
    signal = edfio.EdfSignal(SIGNAL, RATE, label="EDA", physical_dimension="uS", physical_range=(0, 8))
    notes = [edfio.EdfAnnotation(10, None, "press"), edfio.EdfAnnotation(70, None, "late")]
    day = edfio.Recording(startdate=datetime.date(2023, 11, 14))
    edfio.Edf([signal], recording=day, starttime=datetime.time(22, 13, 20), annotations=notes).write(path)
    data = bytearray(path.read_bytes())
    data[192:197] = b"EDF+D"
    n, head, records = int(data[252:256]), int(data[184:192]), int(data[236:244])
    sizes = [2 * int(data[256 + 216 * n + 8 * i : 264 + 216 * n + 8 * i]) for i in range(n)]
    for record in range(records // 2, records):
        place = head + record * sum(sizes) + sum(sizes[:-1])
        stamp, rest = bytes(data[place : place + sizes[-1]]).split(b"\x14", 1)
        late = f"+{float(stamp) + seconds:g}".encode() + b"\x14" + rest
        data[place : place + sizes[-1]] = late[: sizes[-1]].ljust(sizes[-1], b"\0")
    path.write_bytes(data)
    return path


def test_a_gap_between_data_records_is_missing_samples(tmp_path: Path) -> None:
    found = read_recording(edf_with_gap(tmp_path / "x.edf", 5.0))
    half = N // 2
    assert (found.sampling_rate, found.n_samples, found.start_time) == (RATE, N + 40, START)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found.signal)), np.arange(half, half + 40))
    np.testing.assert_allclose(found.signal[half + 40 :], SIGNAL[half:], rtol=1e-4)
    assert [(marker.time, marker.label) for marker in found.markers] == [(10.0, "press"), (70.0, "late")]


@pytest.mark.parametrize(("unit", "scale"), [("uS", 1.0), ("nS", 1e3), ("kOhm", None)])
def test_edf_of_several_rates_and_units(unit: str, scale: float | None, tmp_path: Path) -> None:
    edfio = the("edfio")
    values = 1000 / SIGNAL if scale is None else scale * SIGNAL
    signals = [
        edfio.EdfSignal(np.zeros(16 * N), 16 * RATE, label="ECG", physical_dimension="mV", physical_range=(-1, 1)),
        edfio.EdfSignal(values, RATE, label="GSR", physical_dimension=unit, physical_range=(0, 2 * values.max())),
        edfio.EdfSignal(np.full(N // 8, 33.0), 1, label="Temp", physical_dimension="degC", physical_range=(0, 50)),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a range is rounded to eight characters
        edfio.Edf(signals).write(tmp_path / "x.edf")
    found = read_recording(tmp_path / "x.edf")
    assert (found.sampling_rate, found.unit, found.n_samples) == (RATE, "uS", N)
    np.testing.assert_allclose(found.signal, SIGNAL, rtol=1e-3)


def xdf(path: Path, *streams: tuple[str, str, str, float, list[tuple[str, str]], Any, Any], end: bool = True) -> Path:
    """Write streams of (name, type, format, rate, channels of name and unit, times, rows)."""

    def chunk(tag: int, content: bytes) -> bytes:
        return b"\x04" + struct.pack("<IH", len(content) + 2, tag) + content

    def value(form: str, cell: Any) -> bytes:
        if form == "string":
            text: bytes = cell.encode()
            return b"\x01" + bytes([len(text)]) + text
        form = {"double64": "<d", "float32": "<f", "int32": "<i"}[form]
        return struct.pack(form, cell)

    head, body, foot = b"", b"", b""
    for number, (name, kind, form, rate, channels, times, rows) in enumerate(streams, start=1):
        said = "".join(f"<channel><label>{n}</label><unit>{u}</unit></channel>" for n, u in channels)
        n = max(1, len(channels))
        about = (f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>{n}</channel_count>"
                 f"<channel_format>{form}</channel_format><nominal_srate>{rate:g}</nominal_srate><desc>"
                 f"<channels>{said}</channels></desc></info>")  # fmt: skip
        head += chunk(2, struct.pack("<I", number) + about.encode())
        for first in range(0, len(times), 64):
            some = list(zip(times[first : first + 64], rows[first : first + 64], strict=True))
            cells = b"".join(
                b"\x08" + struct.pack("<d", t) + b"".join(value(form, cell) for cell in row) for t, row in some
            )
            body += chunk(3, struct.pack("<I", number) + b"\x04" + struct.pack("<I", len(some)) + cells)
        foot += chunk(6, struct.pack("<I", number) + b"<?xml version='1.0'?><info></info>") if end else b""
    path.write_bytes(
        b"XDF:" + chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>") + head + body + foot
    )
    return path


EDA = ("Shimmer", "EDA", "double64", RATE, [("EDA", "uS")], 100 + TIMES, SIGNAL[:, None])


def test_streams_of_numbers_that_are_markers(tmp_path: Path) -> None:
    the("pyxdf")
    path = xdf(
        tmp_path / "x.xdf",
        EDA,
        ("Trigger", "Markers", "int32", 0.0, [], [110.0], [[7]]),
        ("Keys", "Markers", "string", 0.0, [], [120.0], [["press"]]),
    )
    found = read_recording(path)
    assert [(marker.time, marker.label) for marker in found.markers] == [(10.0, "7"), (20.0, "press")]
    np.testing.assert_array_equal(found.signal, SIGNAL)


def test_eda_is_one_channel_of_a_stream_and_of_irregular_times(tmp_path: Path) -> None:
    the("pyxdf")
    late = np.random.default_rng(0).uniform(-0.04, 0.04, N)
    rows = np.column_stack([0 * SIGNAL, 1000 / SIGNAL])
    path = xdf(tmp_path / "x.xdf", ("A", "bio", "double64", 0.0, [("ECG", "mV"), ("GSR", "kOhm")], TIMES + late, rows))
    found = read_recording(path)
    assert found.sampling_rate == pytest.approx(RATE, rel=1e-3)
    assert found.unit == "uS"
    np.testing.assert_allclose(found.signal, SIGNAL, rtol=1e-12)


def test_two_streams_of_eda_are_told_apart_by_their_names(tmp_path: Path) -> None:
    the("pyxdf")
    path = xdf(tmp_path / "x.xdf", EDA, ("Left", *EDA[1:6], SIGNAL[:, None] + 1.0))
    with pytest.raises(RecordingError, match="could be the signal: 'Shimmer/EDA', 'Left/EDA'") as refusal:
        read_recording(path)
    assert try_next("x.xdf", str(refusal.value)) == "ressin decompose x.xdf --column 'Shimmer/EDA'"
    np.testing.assert_array_equal(read_recording(path, column="Left/EDA").signal, SIGNAL + 1.0)


def test_xdf_that_was_cut_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    the("pyxdf")
    path = xdf(tmp_path / "x.xdf", EDA, end=False)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    found = read_recording(path)
    assert "the file is damaged or was cut short: what is behind is missing" in found.notes
    np.testing.assert_array_equal(found.signal, SIGNAL[: found.n_samples])
    assert capsys.readouterr().err == ""


def avro(path: Path, *records: dict[str, Any]) -> Path:
    fastavro = the("fastavro")
    series = {"type": "record", "name": "series", "fields": [
        {"name": "timestampStart", "type": "long"}, {"name": "samplingFrequency", "type": "float"},
        {"name": "values", "type": {"type": "array", "items": "float"}},
    ]}  # fmt: skip
    fields = [{"name": name, "type": series if not i else "series"} for i, name in enumerate(records[0])]
    raw = {"type": "record", "name": "rawData", "fields": fields}
    schema = {"type": "record", "name": "record", "fields": [{"name": "rawData", "type": raw}]}
    with path.open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), [{"rawData": record} for record in records])
    return path


def series(values: Any, rate: float, start: float = START) -> dict[str, Any]:
    return {"timestampStart": int(start * 1e6), "samplingFrequency": rate, "values": [float(x) for x in values]}


def test_embraceplus_gives_its_other_signals_too(tmp_path: Path) -> None:
    path = avro(tmp_path / "x.avro", {"temperature": series(np.full(80, 33.0), 1), "eda": series(SIGNAL, RATE)})
    found = open_recording(path)
    assert [(c.name, c.unit, c.sampling_rate) for c in found.channels] == [
        ("temperature", "\u00b0C", 1.0), ("eda", "uS", RATE)
    ]  # fmt: skip
    assert found.temperature is not None
    assert np.nanmax(np.abs(found.temperature - 33.0)) == 0.0
    np.testing.assert_array_equal(found.signal, SIGNAL)


def test_embraceplus_without_eda_rate_or_start(tmp_path: Path) -> None:
    off = series([], 0)
    with pytest.raises(NotEdaError, match=r"without samples of EDA \(it has temperature\)"):
        read_recording(avro(tmp_path / "off.avro", {"temperature": series([33.0] * 9, 1), "eda": off}))
    with pytest.raises(RecordingError, match="holds 2 EmbracePlus recordings"):
        read_recording(avro(tmp_path / "two.avro", {"eda": series(SIGNAL, RATE)}, {"eda": series(SIGNAL, RATE)}))
    path = avro(tmp_path / "zero.avro", {"eda": series(SIGNAL, 0.0, 0.0)})
    with pytest.raises(RecordingError, match="the rate is not in the file"):
        read_recording(path)
    found = read_recording(path, sampling_rate=RATE)
    assert found.start_time is None
    assert "the file states a rate of 0 Hz, which is none: not used" in found.notes


def test_records_of_an_avro_file_are_a_table(tmp_path: Path) -> None:
    fastavro = the("fastavro")
    fields = [{"name": "time_s", "type": "double"}, {"name": "eda_us", "type": "double"}]
    rows = [{"time_s": t, "eda_us": x} for t, x in zip(TIMES.tolist(), SIGNAL.tolist(), strict=True)]
    with (tmp_path / "x.avro").open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema({"type": "record", "name": "row", "fields": fields}), rows)
    found = read_recording(tmp_path / "x.avro")
    assert (found.sampling_rate, found.unit) == (RATE, "uS")
    np.testing.assert_array_equal(found.signal, SIGNAL)


def test_datasets_have_rates_of_their_own_or_of_their_group(tmp_path: Path) -> None:
    h5py = the("h5py")
    for place in ("dataset", "group"):
        path = tmp_path / f"{place}.h5"
        with h5py.File(path, "w") as file:
            for name, values, rate in (("chest/ECG", np.zeros(16 * N), 16 * RATE), ("wrist/EDA", SIGNAL, RATE)):
                made = file.create_dataset(name, data=values)
                made.attrs["unit"] = "uS" if "EDA" in name else "mV"
                (made if place == "dataset" else made.parent).attrs["fs"] = rate
        found = read_recording(path)
        assert (found.sampling_rate, found.unit) == (RATE, "uS")
        np.testing.assert_array_equal(found.signal, SIGNAL)


COUNTS = np.rint(SIGNAL * 1024).astype("<i2")
FRAMES = np.column_stack([np.zeros((N, 16), "<i2"), COUNTS[:, None]])


@pytest.mark.parametrize(
    ("lines", "samples"),
    [
        (["x.dat 16x16 200/mV 16 0 0 0 0 ECG", "x.dat 16 1024/uS 16 0 0 0 0 EDA"], FRAMES.tobytes()),
        (["x.dat 16+24 1024/uS 16 0 0 0 0 EDA"], bytes(24) + COUNTS.tobytes()),
        (["x.dat 24 1024/uS 24 0 0 0 0 EDA"],
         b"".join(int(c - 8192).to_bytes(3, "little", signed=True) for c in COUNTS)),
        (["x.dat 16x1:0+0 1024(-512)/uS 16 0 0 0 0 skin conductance"], (COUNTS - 512).tobytes()),
    ],
)  # fmt: skip
def test_wfdb_frames_offsets_and_widths(lines: list[str], samples: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.hea").write_text("\n".join([f"x {len(lines)} 8 {N}", *lines]) + "\n")
    (tmp_path / "x.dat").write_bytes(samples)
    found = read_recording(tmp_path / "x.hea")
    shift = 8.0 if " 24 " in lines[0][:9] else 0.0
    assert (found.sampling_rate, found.unit) == (RATE, "uS")
    np.testing.assert_array_equal(found.signal, SIGNAL - shift)


def test_wfdb_signals_that_are_skewed_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.hea").write_text(f"x 1 8 {N}\nx.dat 16:3 1024/uS 16 0 0 0 0 EDA\n")
    (tmp_path / "x.dat").write_bytes(COUNTS.tobytes())
    with pytest.raises(RecordingError, match="WFDB format 16:3; read it with the wfdb package"):
        read_recording(tmp_path / "x.hea")
