"""One signal, written in every layout as its device or programme writes it."""

# ruff: noqa: E501  # lines of files
from __future__ import annotations

import datetime
import gzip
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE = 8.0
START = 1_700_000_000.0  # 2023-11-14T22:13:20Z
MARK = 80  # sample of the event
N = 640
# Multiples of 2^-10 uS: exact in float32, in ten decimals and in 16 bits.
SIGNAL = np.round((4.5 + 0.4 * np.sin(np.arange(N) / 40) + 0.1 * (np.arange(N) % 50 > 30)) * 1024) / 1024
TIMES = np.arange(N) / RATE


@dataclass(frozen=True)
class Written:
    """How a layout is written, and what must come back.

    Attributes
    ----------
    name
        The layout's.
    write
        Writes the signal into a folder and returns the file.
    exact
        Whether every sample must come back bit for bit, else to 1e-4 of it.
    start
        The start that must come back; None where the layout has none.
    marker
        Time in seconds of the event that must come back; None where the layout has none.
    needs
        Module without which the layout is not read.
    rate
        What the caller must give.
    """

    name: str
    write: Callable[[Path], Path]
    exact: bool = True
    start: float | None = None
    marker: float | None = None
    needs: str = ""
    rate: float | None = None
    unit: str = "uS"


def _text(folder: Path, name: str, lines: list[str], ending: str = "\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes((ending.join(lines) + ending).encode())
    return path


def _stamp(i: int, form: str) -> str:
    moment = datetime.datetime.fromtimestamp(START + i / RATE, datetime.timezone.utc)
    return moment.strftime(form)


def empatica(folder: Path) -> Path:
    _text(folder, "tags.csv", [f"{START + MARK / RATE:.2f}"], "\r\n")
    return _text(folder, "EDA.csv", [f"{START:.6f}", f"{RATE:.6f}", *(f"{x:.10f}" for x in SIGNAL)], "\r\n")


def embraceplus(folder: Path) -> Path:
    rows = [f"{int((START + t) * 1e6)},{x:.10f}" for t, x in zip(TIMES, SIGNAL, strict=True)]
    return _text(folder, "eda.csv", ["unix_timestamp,eda", *rows])


def embraceplus_avro(folder: Path) -> Path:
    import fastavro

    eda = {
        "type": "record", "name": "eda",
        "fields": [{"name": "timestampStart", "type": "long"}, {"name": "samplingFrequency", "type": "float"},
                   {"name": "values", "type": {"type": "array", "items": "float"}}],
    }  # fmt: skip
    tags = {
        "type": "record",
        "name": "tags",
        "fields": [{"name": "tagsTimeMicros", "type": {"type": "array", "items": "long"}}],
    }
    raw = {
        "type": "record",
        "name": "rawData",
        "fields": [{"name": "eda", "type": eda}, {"name": "tags", "type": tags}],
    }
    schema = {"type": "record", "name": "record", "fields": [{"name": "rawData", "type": raw}]}
    record = {"rawData": {
        "eda": {"timestampStart": int(START * 1e6), "samplingFrequency": RATE, "values": SIGNAL.tolist()},
        "tags": {"tagsTimeMicros": [int((START + MARK / RATE) * 1e6)]},
    }}  # fmt: skip
    path = folder / "1-1-001_1700000000.avro"
    with path.open("wb") as file:
        fastavro.writer(file, fastavro.parse_schema(schema), [record])
    return path


def consensys(folder: Path) -> Path:
    names = ["Timestamp_Unix_CAL", "GSR_Range_CAL", "GSR_Skin_Conductance_CAL", "GSR_Skin_Resistance_CAL"]
    rows = [
        f"{(START + t) * 1000:.1f}\t2.0\t{x:.10f}\t{1000 / x:.4f}\t{int(i == MARK)}\t"
        for i, (t, x) in enumerate(zip(TIMES, SIGNAL, strict=True))
    ]
    header = "\t".join(f"Shimmer_8D24_{name}" for name in names) + "\tShimmer_8D24_Event_Marker\t"
    return _text(folder, "shimmer.csv", ['"sep=\t"', header, "ms\tno_units\tuS\tkOhms\tno_units\t", *rows])


def imotions(folder: Path) -> Path:
    header = "StudyName\tName\tEventSource\tTimestamp\tLiveMarker\tGSR CAL (kOhms) (Shimmer)\tGSR CAL (\u00b5Siemens) (Shimmer)"
    rows = []
    for i, x in enumerate(SIGNAL):
        stamp = _stamp(i, "%Y%m%d_%H%M%S") + f"{int(1000 * (i / RATE % 1)):03d}"
        rows.append(f"S\tP1\tShimmer\t{stamp}\t{'7' if i == MARK else ''}\t{1000 / x:.4f}\t{x:.10f}")
        rows += [f"S\tP1\tET\t{stamp}\t\t1\t2"] if i % 3 == 0 else []
    return _text(folder, "imotions.txt", ["#Study : S", "#Version : 9.3", "", header, *rows])


def opensignals(folder: Path) -> Path:
    about = {
        "sensor": ["EDA"], "device name": "00:07", "column": ["nSeq", "I1", "CH1"], "time": "22:13:20.0", "date": "2023-11-14",
        "device": "biosignalsplux", "sampling rate": 8, "label": ["CH1"], "resolution": [16],
    }  # fmt: skip
    counts = np.rint(SIGNAL * 0.12 / 3 * 2**16).astype(int)
    rows = [f"{i}\t0\t{count}\t" for i, count in enumerate(counts)]
    head = ["# OpenSignals Text File Format", "# " + json.dumps({"00:07": about}), "# EndOfHeader"]
    return _text(folder, "opensignals.txt", [*head, *rows])


def opensignals_h5(folder: Path) -> Path:
    import h5py

    counts = np.rint(SIGNAL * 0.12 / 3 * 2**16).astype(np.uint16)
    with h5py.File(folder / "opensignals.h5", "w") as file:
        device = file.create_group("20:16:12:22:45:55")
        device.attrs.update({"sampling rate": 8, "nsamples": N, "device": "biosignalsplux", "resolution": [16] * 3,
                             "channels": [1, 2, 5], "date": "2023-11-14", "time": "22:13:20.0"})  # fmt: skip
        for number, sensor, values in ((1, b"ECG", 0 * counts), (2, b"EDA", counts), (5, b"RAW", 0 * counts + 7)):
            device.create_dataset(f"raw/channel_{number}", data=values[:, None]).attrs["sensor"] = sensor
        device.create_dataset("raw/nSeq", data=np.arange(N)[:, None])
        device.create_dataset("digital/digital_1", data=np.ones((N, 1), dtype=np.uint8))
        device.create_dataset("support/level_10/channel_2/mean", data=values[::10, None])
    return folder / "opensignals.h5"


def acqknowledge(folder: Path) -> Path:
    rows = [f"{1000 * t:g},{0.1:.5f},{x:.10f}," for t, x in zip(TIMES, SIGNAL, strict=True)]
    head = ["subject.acq", "125 msec/sample", "2 channels", "ECG", "mV", "EDA (0 - 35 Hz)", "microsiemens"]
    return _text(folder, "acq.txt", [*head, "msec,CH1,CH2,", f",{N},{N},", *rows], "\r\n")


def acq(folder: Path) -> Path:
    """Write AcqKnowledge 3.7's binary form: graph, channels, no foreign data, types, samples, markers."""

    def channel(k: int, name: bytes, unit: bytes) -> bytes:
        first = struct.pack("<ih40s4shdd20s", 252, k, name, b"", 0, 0.0, 1.0, unit)
        return (first + struct.pack("<iddhh", N, 1.0, 0.0, k, 0) + struct.pack("<hd128shh", 0, 0.0, b"", 1, 0))[:252]

    length = 2000
    graph = struct.pack("<hIihhhd", 0, 38, length, 2, 0, 0, 1000 / RATE).ljust(length, b"\0")
    data = np.column_stack([np.zeros(N), SIGNAL]).astype("<f8").tobytes()
    text = b"press\0"
    marker = struct.pack("<ihhh", MARK, 0, 0, len(text)) + text
    content = graph + channel(0, b"ECG", b"mV") + channel(1, b"EDA100C", b"microsiemens") + struct.pack("<hh", 4, 0)
    content += struct.pack("<hhhh", 8, 1, 8, 1) + data + struct.pack("<ii", 8 + len(marker), 1) + marker
    (folder / "x.acq").write_bytes(content)
    return folder / "x.acq"


def labchart(folder: Path) -> Path:
    day = START / 86_400 + 25_569
    head = ["Interval=\t0.125 s", f"ExcelDateTime=\t{day:.13e}\t11/14/23 22:13:20", "TimeFormat=\tStartOfBlock",
            "ChannelTitle=\tECG\tGSR", "Range=\t2.000 mV\t40.0 uS", "UnitName=\tmV\tuS"]  # fmt: skip
    rows = [
        f"{t:.3f}\t0.1\t{x:.10f}" + ("\t#* 7" if i == MARK else "")
        for i, (t, x) in enumerate(zip(TIMES, SIGNAL, strict=True))
    ]
    return _text(folder, "labchart.txt", [*head, *rows], "\r\n")


def mindware(folder: Path) -> Path:
    rows = [f"{t:.3f}\t0.1\t{x:.10f}" for t, x in zip(TIMES, SIGNAL, strict=True)]
    return _text(folder, "mindware.txt", ["Sample Rate:\t8.000000", "Time (s)\tBio\tGSC", *rows])


def biotrace(folder: Path) -> Path:
    head = ["RAW Data export file from BioTrace+ software", "", "Client:\tX", "Date:\t14-11-2023", "Time:\t22:13:20",
            "Output rate:\t8\tSamples/sec.", "", "TIME\tSensor-E:SC/GSR\tMARKER"]  # fmt: skip
    rows = [
        f"{t:.3f}\t{x:.10f}\t{'7' if i == MARK else ''}" for i, (t, x) in enumerate(zip(TIMES, SIGNAL, strict=True))
    ]
    return _text(folder, "nexus.txt", [*head, *rows], "\r\n")


def affectiva(folder: Path) -> Path:
    head = ["Log File Created by Q Live  - (c) 2011 Affectiva Inc.", "File Version: 1.01", "Firmware Version: 1.61",
            "UUID: AQL1", "Sampling Rate: 8", "Start Time: 2023-11-14 17:13:20 Offset:-05",
            "Z-axis | Y-axis | X-axis | Battery | Celsius | EDA(uS)", "-" * 50]  # fmt: skip
    rows = [f"0.1,0.2,0.9,-1,31.5,{x:.10f}" for x in SIGNAL]
    rows.insert(MARK, ",,,,,")
    return _text(folder, "q.eda", [*head, *rows])


def ledalab(folder: Path) -> Path:
    rows = [f"{t:.5f}\t{x:.10f}\t{7 if i == MARK else 0}" for i, (t, x) in enumerate(zip(TIMES, SIGNAL, strict=True))]
    return _text(folder, "leda.txt", rows)


def emotibit(folder: Path) -> Path:
    names = "LocalTimestamp,EmotiBitTimestamp,PacketNumber,DataLength,TypeTag,ProtocolVersion,DataReliability,EA"
    rows = [
        f"{START + t:.6f},{5000 + 1000 * t:.3f},{i},1,EA,1,100,{x:.10f}"
        for i, (t, x) in enumerate(zip(TIMES, SIGNAL, strict=True))
    ]
    return _text(folder, "emotibit_EA.csv", [names, *rows])


def emotibit_raw(folder: Path) -> Path:
    rows = []
    for i in range(0, N, 2):
        last = 5000 + 1000 * (i + 1) / RATE  # a packet has the time of its last sample
        rows.append(f"{last:.0f},{i},2,EA,1,100,{SIGNAL[i]:.10f},{SIGNAL[i + 1]:.10f}")
        rows.append(f"{5000 + 1000 * i / RATE:.0f},{i},3,PI,1,100,1,2,3")
        rows += [f"{5000 + 1000 * i / RATE:.0f},{i},1,UN,1,100,press"] if i == MARK else []
    return _text(folder, "raw.csv", rows)


def gazepoint(folder: Path) -> Path:
    rows = [
        f"{i},{t:.5f},{3504312699860 + i * 1250000},{1e6 / x:.3f},1,70"
        for i, (t, x) in enumerate(zip(TIMES, SIGNAL, strict=True))
    ]
    return _text(folder, "gazepoint.csv", ["CNT,TIME(2023/11/14 22:13:20.000),TIMETICK(f=10000000),GSR,GSRV,HR", *rows])


def tobii(folder: Path) -> Path:
    rows = []
    for i, x in enumerate(SIGNAL):
        rows += [f"{i * 125000 + 7}\tEye Tracker\t\t512"] * 2
        rows.append(f"{i * 125000}\tGSR\t{x:.10f}\t")
    rows.sort(key=lambda row: int(row.split("\t")[0]))
    head = "Recording timestamp [\u03bcs]\tSensor\tGalvanic skin response (GSR)\tGaze point X"
    return _text(folder, "tobii.tsv", [head, *rows])


def neurokit(folder: Path) -> Path:
    rows = [f"{i},{x:.10f},{x:.6f},{x:.6f},0.0,0" for i, x in enumerate(SIGNAL)]
    return _text(folder, "nk.csv", [",EDA_Raw,EDA_Clean,EDA_Tonic,EDA_Phasic,SCR_Peaks", *rows])


def bids(folder: Path) -> Path:
    about = {
        "SamplingFrequency": 8,
        "StartTime": -3.5,
        "Columns": ["cardiac", "eda", "trigger"],
        "eda": {"Units": "uS"},
    }
    _text(folder, "sub-01_physio.json", [json.dumps(about)])
    rows = [f"0.1\t{x:.10f}\t{7 if i == MARK else 0}" for i, x in enumerate(SIGNAL)]
    path = folder / "sub-01_physio.tsv.gz"
    path.write_bytes(gzip.compress(("\n".join(rows) + "\n").encode()))
    return path


def arduino(folder: Path) -> Path:
    rows = [_stamp(i, "%H:%M:%S") + f".{int(1000 * (i / RATE % 1)):03d} -> {x:.10f}" for i, x in enumerate(SIGNAL)]
    return _text(folder, "arduino.txt", rows)


def matlab(folder: Path) -> Path:
    from scipy.io import savemat

    event = np.array(
        [(float(MARK / RATE), 7, "press", [])], dtype=[("time", "O"), ("nid", "O"), ("name", "O"), ("userdata", "O")]
    )
    savemat(folder / "leda.mat", {"data": {"conductance": SIGNAL, "time": TIMES, "timeoff": 0, "event": event}})
    return folder / "leda.mat"


def pspm(folder: Path) -> Path:
    from scipy.io import savemat

    cells = np.empty((2, 1), dtype=object)
    cells[0, 0] = {"data": SIGNAL[:, None], "header": {"chantype": "scr", "units": "uS", "sr": RATE}}
    cells[1, 0] = {"data": np.array([[MARK / RATE]]), "header": {"chantype": "marker", "units": "events", "sr": 1.0}}
    savemat(folder / "pspm.mat", {"data": cells, "infos": {"duration": N / RATE}})
    return folder / "pspm.mat"


def biopac_mat(folder: Path) -> Path:
    from scipy.io import savemat

    data = np.column_stack([np.zeros(N), SIGNAL])
    about = {"labels": ["ECG", "EDA"], "units": ["mV", "microsiemens"], "isi": 125.0, "isi_units": "ms"}
    savemat(folder / "biopac.mat", {"data": data, "start_sample": 0, **about})
    return folder / "biopac.mat"


def labchart_mat(folder: Path) -> Path:
    from scipy.io import savemat

    savemat(folder / "labchart.mat", {
        "data": np.concatenate([np.zeros(N), SIGNAL])[None], "datastart": [[1], [N + 1]], "dataend": [[N], [2 * N]],
        "titles": ["ECG", "GSR"], "samplerate": [[RATE], [RATE]], "unittext": ["mV", "uS"], "unittextmap": [[1], [2]],
        "blocktimes": [[START / 86_400 + 719_529]],
    })  # fmt: skip
    return folder / "labchart.mat"


def hdf5(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "x.h5", "w") as file:
        found = file.create_dataset("signals/EDA", data=SIGNAL)
        found.attrs["unit"], found.attrs["sampling_rate"] = "uS", RATE
    return folder / "x.h5"


def edf(folder: Path) -> Path:
    import edfio

    day, time = datetime.date(2023, 11, 14), datetime.time(22, 13, 20)
    signals = [
        edfio.EdfSignal(np.zeros(N * 16), 128, label="ECG", physical_dimension="mV", physical_range=(-1, 1)),
        edfio.EdfSignal(SIGNAL, RATE, label="EDA", physical_dimension="uS", physical_range=(0, 8)),
    ]
    notes = [edfio.EdfAnnotation(MARK / RATE, None, "press")]
    edfio.Edf(signals, recording=edfio.Recording(startdate=day), starttime=time, annotations=notes).write(
        folder / "x.edf"
    )
    return folder / "x.edf"


def xdf(folder: Path) -> Path:
    def chunk(tag: int, content: bytes) -> bytes:
        return b"\x04" + struct.pack("<I", len(content) + 2) + struct.pack("<H", tag) + content

    def header(stream: int, name: str, kind: str, form: str, rate: float, desc: str = "") -> bytes:
        about = (f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>1</channel_count>"
                 f"<channel_format>{form}</channel_format><nominal_srate>{rate:g}</nominal_srate>{desc}</info>")  # fmt: skip
        return chunk(2, struct.pack("<I", stream) + about.encode())

    desc = "<desc><channels><channel><label>EDA</label><unit>microsiemens</unit></channel></channels></desc>"
    samples = b"".join(b"\x08" + struct.pack("<dd", 100 + t, x) for t, x in zip(TIMES, SIGNAL, strict=True))
    press = b"\x08" + struct.pack("<d", 100 + MARK / RATE) + b"\x01\x05press"
    footer = b"<?xml version='1.0'?><info></info>"
    content = b"XDF:" + chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")
    content += header(1, "Shimmer", "EDA", "double64", RATE, desc) + header(2, "Keys", "Markers", "string", 0)
    content += chunk(3, struct.pack("<I", 1) + b"\x04" + struct.pack("<I", N) + samples)
    content += chunk(3, struct.pack("<I", 2) + b"\x01\x01" + press)
    content += chunk(6, struct.pack("<I", 1) + footer) + chunk(6, struct.pack("<I", 2) + footer)
    (folder / "x.xdf").write_bytes(content)
    return folder / "x.xdf"


def excel(folder: Path) -> Path:
    """Write the least workbook that a spreadsheet opens, without a package for it."""
    import zipfile

    rows = [["time (s)", "EDA (uS)", "marker"]]
    rows += [
        [repr(t), repr(x), "7" if i == MARK else "0"]
        for i, (t, x) in enumerate(zip(TIMES.tolist(), SIGNAL.tolist(), strict=True))
    ]
    cells = "".join(
        "<row>" + "".join(
            f"<c><v>{cell}</v></c>" if k else f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row
        ) + "</row>"
        for k, row in enumerate(rows)
    )  # fmt: skip
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.'
        'sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-'
        'officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{kind}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{kind}"><sheets><sheet name="Data" sheetId="1" r:id="rId1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{kind}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(folder / "x.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, "<?xml version='1.0' encoding='UTF-8'?>" + content)
    return folder / "x.xlsx"


def wfdb(folder: Path) -> Path:
    counts = np.rint(SIGNAL * 1024).astype("<i2")
    np.column_stack([np.zeros(N, "<i2"), counts]).tofile(folder / "x.dat")
    return _text(
        folder,
        "x.hea",
        ["x 2 8 640 22:13:20 14/11/2023", "x.dat 16 200/mV 16 0 0 0 0 ECG", "x.dat 16 1024/uS 16 0 0 0 0 EDA"],
    )


def brainvision(folder: Path) -> Path:
    counts = np.rint(SIGNAL * 1024).astype("<i2")
    np.column_stack([np.zeros(N, "<i2"), counts]).tofile(folder / "x.eeg")
    _text(folder, "x.vmrk", ["Brain Vision Data Exchange Marker File, Version 1.0", "[Marker Infos]",
                             "Mk1=New Segment,,1,1,0", f"Mk2=Stimulus,S  7,{MARK + 1},1,0"])  # fmt: skip
    return _text(folder, "x.vhdr", [
        "Brain Vision Data Exchange Header File Version 1.0", "[Common Infos]", "DataFile=x.eeg", "MarkerFile=x.vmrk",
        "DataFormat=BINARY", "DataOrientation=MULTIPLEXED", "NumberOfChannels=2", "SamplingInterval=125000",
        "[Binary Infos]", "BinaryFormat=INT_16", "[Channel Infos]", "Ch1=Cz,,0.1,\u00b5V", "Ch2=GSR,,0.0009765625,\u00b5S",
    ])  # fmt: skip


def unisens(folder: Path) -> Path:
    np.rint(SIGNAL * 1024).astype("<i2").tofile(folder / "eda.bin")
    return _text(folder, "unisens.xml", [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<unisens timestampStart="2023-11-14T22:13:20.000" xmlns="http://www.unisens.org/unisens2.0">',
        '<signalEntry contentClass="eda" dataType="int16" id="eda.bin" lsbValue="0.0009765625" sampleRate="8" unit="uS">',
        '<binFileFormat endianess="LITTLE"/><channel name="eda"/></signalEntry></unisens>',
    ])  # fmt: skip


def parquet(folder: Path) -> Path:
    import pandas as pd

    frame = pd.DataFrame({"time": pd.to_datetime((START + TIMES) * 1e9, unit="ns", utc=True), "EDA (uS)": SIGNAL})
    frame.to_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def npy(folder: Path) -> Path:
    np.save(folder / "x.npy", np.column_stack([TIMES, SIGNAL]))
    return folder / "x.npy"


def plain(folder: Path) -> Path:
    rows = [
        f"{_stamp(i, '%d.%m.%Y %H:%M:%S')},{int(1000 * (i / RATE % 1)):03d};{f'{x:.10f}'.replace('.', ',')};"
        + ("x" if i == MARK else "")
        for i, x in enumerate(SIGNAL)
    ]
    return _text(folder, "plain.csv", ["Datum;EDA [\u00b5S];Marker", *rows], "\r\n")


AT = MARK / RATE
LAYOUTS = (
    Written("empatica-e4", empatica, start=START, marker=AT),
    Written("embraceplus-csv", embraceplus, start=START),
    Written("embraceplus-avro", embraceplus_avro, start=START, marker=AT, needs="fastavro"),
    Written("shimmer-consensys", consensys, start=START, marker=AT),
    Written("imotions", imotions, start=START, marker=AT),
    Written("opensignals", opensignals, exact=False, start=START),
    Written("opensignals-h5", opensignals_h5, exact=False, start=START, needs="h5py"),
    Written("acqknowledge-text", acqknowledge),
    Written("acq", acq, marker=AT, needs="bioread"),
    Written("labchart-text", labchart, start=START, marker=AT),
    Written("mindware-text", mindware),
    Written("biotrace-text", biotrace, start=START, marker=AT),
    Written("affectiva-q", affectiva, start=START, marker=AT),
    Written("ledalab-text", ledalab, marker=AT),
    Written("emotibit", emotibit, start=START),
    Written("emotibit", emotibit_raw, marker=AT),
    Written("gazepoint", gazepoint, exact=False),
    Written("tobii", tobii),
    Written("neurokit", neurokit, rate=RATE, unit=""),
    Written("bids-physio", bids, start=-3.5, marker=AT),
    Written("arduino-serial", arduino, unit=""),
    Written("matlab", matlab, marker=AT),
    Written("matlab", pspm, marker=AT),
    Written("matlab", biopac_mat),
    Written("matlab", labchart_mat, start=START),
    Written("hdf5", hdf5, needs="h5py"),
    Written("edf", edf, exact=False, start=START, marker=AT, needs="edfio"),
    Written("xdf", xdf, marker=AT, needs="pyxdf"),
    Written("excel", excel, marker=AT, needs="python_calamine"),
    Written("wfdb", wfdb, start=START),
    Written("brainvision", brainvision, marker=AT),
    Written("unisens", unisens, start=START),
    Written("parquet", parquet, start=START, needs="pyarrow"),
    Written("numpy", npy, unit=""),
    Written("plain", plain, start=START, marker=AT),
)
