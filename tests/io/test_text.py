"""Text files of many forms: what is read from them, and the errors for malformed ones."""

import gzip
import math
from decimal import Context, Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io.read import read_recording
from ressin.recording import Recording

SAMPLES = np.array([2.0, 2.125, -0.5, 1e-3, 12.75, 3.0])


def read(tmp_path: Path, content: str | bytes, name: str = "x.csv", **settings: object) -> Recording:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_recording(path, **settings)  # type: ignore[arg-type]


def table(separator: str = ",", decimal: str = ".", header: str | None = "time,EDA,mark", step: float = 0.25) -> str:
    rows = [f"{i * step!r}{separator}{value!r}{separator}{7 - i}.5" for i, value in enumerate(SAMPLES.tolist())]
    text = "\n".join(rows).replace(".", decimal) + "\n"
    return (header.replace(",", separator) + "\n" if header else "") + text


@pytest.mark.parametrize(
    ("separator", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), ("|", "."), ("   ", ".")]
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_separators_decimals_and_line_ends(tmp_path: Path, separator: str, decimal: str, ending: str) -> None:
    recording = read(tmp_path, table(separator, decimal).replace("\n", ending))
    np.testing.assert_array_equal(recording.signal, SAMPLES)
    assert recording.sampling_rate == 4
    assert recording.name == "x"
    assert ("decimal commas" in recording.notes) == (decimal == ",")
    assert "signal from column 'EDA'" in recording.notes


def test_a_decimal_becomes_the_nearest_float64(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    lows = rng.uniform(0.001, 50.0, 2000)
    with localcontext(Context(prec=100)):
        halfway = [format((Decimal(x) + Decimal(math.nextafter(x, math.inf))) / 2, "f") for x in lows.tolist()]
    cells = [*map(repr, lows.tolist()), *(f"{x:.25e}" for x in lows), *halfway, *(f"{cell}1" for cell in halfway)]
    (tmp_path / "a.csv").write_text("EDA\n" + "\n".join(cells) + "\n")
    found = read_recording(tmp_path / "a.csv", sampling_rate=4.0)
    np.testing.assert_array_equal(found.signal, [float(cell) for cell in cells])


def test_a_file_without_header_takes_the_rising_first_column_for_the_time(tmp_path: Path) -> None:
    two_columns = "\n".join(",".join(line.split(",")[:2]) for line in table(header=None).splitlines())
    recording = read(tmp_path, two_columns)
    np.testing.assert_array_equal(recording.signal, SAMPLES)
    assert recording.sampling_rate == 4
    assert "no header" in recording.notes


@pytest.mark.parametrize(
    ("header", "decimal"), [("EDA\n", "."), ("EDA\n", ","), ("EDA (uS)\n", ","), ('"GSR"\n', "."), ("", ".")]
)
def test_one_column(tmp_path: Path, header: str, decimal: str) -> None:
    content = header + "\n".join(repr(v) for v in SAMPLES.tolist()).replace(".", decimal)
    recording = read(tmp_path, content, sampling_rate=8.0)
    np.testing.assert_array_equal(recording.signal, SAMPLES)
    assert recording.sampling_rate == 8
    assert recording.unit == ("uS" if "uS" in header else "")  # unknown where the file does not state it


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = table(header="Zeit time (s),EDA (µS),mark")
    content = (b"\xfe\xff" if encoding == "utf-16-be" else b"") + text.encode(encoding)
    recording = read(tmp_path, content)
    np.testing.assert_array_equal(recording.signal, SAMPLES)
    assert recording.unit == "uS"


def test_comments_and_blank_lines_are_passed_over_and_lines_still_counted(tmp_path: Path) -> None:
    content = "# device 7\n\n" + table().replace("0.5,-0.5", "% pause\n0.5,-0.5") + "\n\n"
    np.testing.assert_array_equal(read(tmp_path, content).signal, SAMPLES)
    with pytest.raises(RecordingError, match=r"x\.csv, line 7, column 'EDA': '-0\.x' is not a number"):
        read(tmp_path, content.replace("-0.5", "-0.x"))


def test_a_header_in_a_comment_and_a_separator_line(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read(tmp_path, "# time EDA mark\n" + table(" ", header=None)).signal, SAMPLES)
    np.testing.assert_array_equal(read(tmp_path, "sep=;\n" + table(";")).signal, SAMPLES)


def test_lines_of_formats_and_units_below_the_header(tmp_path: Path) -> None:
    content = table(header="Timestamp,Shimmer_GSR_CAL,mark\nCAL,CAL,RAW\nms,uSiemens,no_units", step=1.0)
    recording = read(tmp_path, content)
    np.testing.assert_array_equal(recording.signal, SAMPLES)
    assert (recording.sampling_rate, recording.unit) == (1000, "uS")


def test_quoted_fields(tmp_path: Path) -> None:
    quoted = table().replace("time,EDA,mark", '"time","EDA","mark, of events"').replace(",7.5", ',"go, now"')
    np.testing.assert_array_equal(read(tmp_path, quoted).signal, SAMPLES)


@pytest.mark.parametrize("hole", ["", "nan", "NA", "NaN"])
def test_an_empty_cell_is_a_missing_sample(tmp_path: Path, hole: str) -> None:
    recording = read(tmp_path, table().replace("12.75", hole))
    np.testing.assert_array_equal(recording.signal, np.where(SAMPLES == 12.75, np.nan, SAMPLES))
    assert "1 of 6 samples are missing" in recording.notes


def test_gzip_is_recognised_by_its_content(tmp_path: Path) -> None:
    for name in ("x.csv.gz", "x.csv"):
        recording = read(tmp_path, gzip.compress(table().encode()), name)
        np.testing.assert_array_equal(recording.signal, SAMPLES)
        assert recording.name == "x"


def test_empatica(tmp_path: Path) -> None:
    recording = read(tmp_path, "1680686620.000000\r\n4.000000\r\n0.000000\r\n0.247297\r\n0.497156\r\n", "EDA.csv")
    np.testing.assert_array_equal(recording.signal, [np.nan, 0.247297, 0.497156])  # the device's start
    assert (recording.sampling_rate, recording.start_time, recording.unit) == (4, 1680686620, "uS")
    assert any("Empatica" in note for note in recording.notes)


def test_empatica_names_the_line_of_a_bad_sample(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"EDA\.csv, line 4, column 1: 'x' is not a number"):
        read(tmp_path, "1680686620.0\n4.0\n0.1\nx\n0.2\n", "EDA.csv")
    with pytest.raises(RecordingError, match="but without samples"):
        read(tmp_path, "1680686620.0\n4.0\n", "EDA.csv")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("t,ECG,EDA,RSP", 2),
        ("t,eda_filtered,eda,x", 2),
        ("t,x,y,Raw GSR (kOhm)", 3),
        ("t,Skin Conductance [uS],x,y", 1),
        ("t,EDA_Raw (uS),EDA_Tonic (uS),EDA_Phasic (uS)", 1),
    ],
)
def test_the_column_is_found_by_its_name(tmp_path: Path, names: str, expected: int) -> None:
    rows = "\n".join(f"{i / 10},{i + 10},{i + 20},{i + 30}" for i in range(5))
    signal = read(tmp_path, f"{names}\n{rows}\n").signal
    assert signal[0] == (1000 / (10 * expected) if "kOhm" in names else 10 * expected)


@pytest.mark.parametrize("end", ["1,", "1,3", "1"])
def test_a_last_line_that_was_cut_is_left_out_and_said(tmp_path: Path, end: str) -> None:
    found = read(tmp_path, f"a,EDA,b\n1,2,3\n1,3,3\n{end}", sampling_rate=4.0)
    np.testing.assert_array_equal(found.signal, [2, 3])
    assert any("the last line, 4, was cut short" in note for note in found.notes)


def test_a_column_can_be_named_or_numbered(tmp_path: Path) -> None:
    content = "time(s),100083,100081\n0,1,4\n0.5,2,5\n1,3,6\n"
    np.testing.assert_array_equal(read(tmp_path, content, column="100081").signal, [4, 5, 6])
    np.testing.assert_array_equal(read(tmp_path, content, column="2").signal, [1, 2, 3])
    np.testing.assert_array_equal(read(tmp_path, table(), column="mark").signal, [7.5, 6.5, 5.5, 4.5, 3.5, 2.5])


BAD: list[tuple[str, str | bytes, dict[str, object], str]] = [
    ("no rate", "EDA\n1\n2\n", {}, r"the rate is not in the file .*give it in Hz with sampling_rate= or --rate"),
    ("rate zero", "EDA\n1\n2\n", {"sampling_rate": 0.0}, r"sampling_rate is 0; it must be a finite number > 0 in Hz"),
    ("rate nan", "EDA\n1\n2\n", {"sampling_rate": float("nan")}, "sampling_rate is nan"),
    ("rate negative", "EDA\n1\n2\n", {"sampling_rate": -4.0}, "sampling_rate is -4"),
    ("empty", "", {}, r"x\.csv: the file is empty \(0 bytes\)"),
    ("only comments", "# a\n\n# b\n", {}, "no rows of data, only 3 empty or comment lines"),
    ("only a header", "time,EDA\n", {}, "no rows of data below the header on line 1"),
    ("text", "EDA\n1\nabc\n2\n", {"sampling_rate": 4.0}, r"x\.csv, line 3, column 'EDA': 'abc' is not a number"),
    ("text on top", "EDA\nabc\n2\n", {"sampling_rate": 4.0}, "line 2, column 'EDA': 'abc' is not a number"),
    ("infinite", "EDA\n1\n-inf\n", {"sampling_rate": 4.0}, "line 3, column 'EDA': -inf is not a finite number"),
    ("all missing", "EDA,x\n,1\n,2\n", {"sampling_rate": 4.0}, "column 'EDA': all 2 samples are missing"),
    ("two EDA", "EDA,gsr\n1,2\n1,3\n", {"sampling_rate": 4.0}, "2 columns could be the signal: 'EDA', 'gsr'; name one"),
    ("no name", "a,b\n1,2\n1,3\n", {"sampling_rate": 4.0}, "2 columns could be the signal: 'a', 'b'"),
    (
        "many columns",
        ",".join(f"a{i}" for i in range(50)) + "\n" + ",".join("1" * 50) + "\n",
        {"sampling_rate": 4.0},
        "50 columns could be the signal: 'a0', .*'a19' and 30 more; name one",
    ),
    ("no such column", "a,b\n1,2\n", {"column": "c"}, "there is no column 'c'; the columns are 'a', 'b'"),
    ("same name twice", "a,a\n1,2\n", {"column": "a"}, "columns 1 and 2 are all named 'a'; give the number"),
    ("decimal commas alone", "0,25\n0,20\n0,30\n", {}, "2 columns could be the signal: 1, 2; .*decimal signs"),
    (
        "a field too many",
        "a,EDA\n1,2\n1,3,4\n1,2\n",
        {},
        r"line 3: 3 field\(s\) where the header names 2; give every line 2",
    ),
    ("blank between", "EDA\n1\n\n2\n", {"sampling_rate": 4.0}, "line 3: is blank between two samples"),
    (
        "prose",
        "Copyright (c) 2021\n\nPermission is granted\nto all\n",
        {},
        r"line 4: 2 field\(s\) where the header names 3",
    ),
    (
        "open quote",
        'EDA\n1\n"2\n',
        {"sampling_rate": 4.0},
        "line 3: a quoted text that does not end where its field does",
    ),
    ("zero bytes", b"EDA\n1\n\0\0\0", {}, "is not text: a zero byte at position 6"),
    ("a workbook", b"PK\x03\x04rest", {}, "is a zip archive .*save the table as CSV"),
    ("not gzip", "EDA\n", {"name": "x.csv.gz"}, "is named .gz but is not gzip data: it begins with b'EDA"),
    ("gzip cut", gzip.compress(b"EDA\n1\n" * 99)[:-9], {"name": "x.gz"}, r"ends after \d+ bytes, before its end mark"),
    ("gzip of nothing", gzip.compress(b""), {"name": "x.gz"}, r"empty once unpacked"),
    ("gzip damaged", gzip.compress(b"1\n" * 99)[:-8] + b"\1" * 8, {"name": "x.gz"}, "the gzip data is damaged"),
]


@pytest.mark.parametrize(("content", "settings", "message"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_bad_files_are_refused_by_place_and_value(
    tmp_path: Path, content: str | bytes, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(RecordingError, match=message) as caught:
        read(tmp_path, content, **settings)  # type: ignore[arg-type]
    assert str(caught.value).startswith(str(tmp_path))


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nowhere\.csv: there is no such file"):
        read_recording(tmp_path / "nowhere.csv")
    with pytest.raises(RecordingError, match="is a folder; give the files in it"):
        read_recording(tmp_path)


@pytest.mark.parametrize("note", ["", "x"])
def test_a_row_too_long_and_one_too_short_in_a_large_file_are_found(tmp_path: Path, note: str) -> None:
    rows = [f"{i / 4},4.{i % 10}{i % 7},{note}" for i in range(400_000)]
    path = tmp_path / "large.csv"
    path.write_text("\n".join(["time,EDA,note", *rows]) + "\n")
    assert read_recording(path).n_samples == 400_000
    rows[1000], rows[2000] = "250.0,4.1,1,2", "500.0,4.1"
    path.write_text("\n".join(["time,EDA,note", *rows]) + "\n")
    with pytest.raises(RecordingError, match="line 1002: another number of fields"):
        read_recording(path)


@pytest.mark.parametrize("n", [100, 12_000])
def test_a_header_of_any_length_is_read_whole(n: int, tmp_path: Path) -> None:
    names, cells = ",".join(f"c{i}" for i in range(n)), ",".join(["1.5"] * n)
    path = tmp_path / "x.csv"
    path.write_text(f"{names},time,EDA (uS)\n" + "".join(f"{cells},{i / 8},4.{i}\n" for i in range(1, 60)))
    assert read_recording(path).signal.tolist() == [float(f"4.{i}") for i in range(1, 60)]


@pytest.mark.parametrize("name", ["x" * 5000 + ".csv", "a/" * 3000, "a\0b"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(RecordingError, match="cannot be read: "):
        read_recording(name)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no /dev/zero")
def test_what_is_no_regular_file_is_refused_in_one_sentence() -> None:
    with pytest.raises(RecordingError, match=r"\A/dev/zero: is not a regular file; give a file, or - to read"):
        read_recording("/dev/zero")
