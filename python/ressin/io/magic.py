"""Formats that are recognised by their first bytes and not read, with what to do about each."""

from __future__ import annotations

import re

from ressin.io.source import Content

_SAVE = "export the signal as CSV"
# Offset, first bytes, what it is and what to do.
_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"BZh", "bzip2-compressed: unpack it, or compress it with gzip"),
    (0, b"\xfd7zXZ", "xz-compressed: unpack it, or compress it with gzip"),
    (0, b"\x28\xb5\x2f\xfd", "zstd-compressed: unpack it, or compress it with gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it, and give the files in it"),
    (0, b"Rar!", "a RAR archive: unpack it, and give the files in it"),
    (257, b"ustar", "a tar archive: unpack it, and give the files in it"),
    (0, b"SQLite format 3\0", f"an SQLite database: {_SAVE}"),
    (0, b"ARROW1", "a Feather (Arrow IPC) file: save it as Parquet or CSV"),
    (0, b"ORC", "an ORC file: save it as Parquet or CSV"),
    (0, b"RDX2\n", "an R workspace (.RData): write.csv(x, 'x.csv') in R"),
    (0, b"RDX3\n", "an R workspace (.RData): write.csv(x, 'x.csv') in R"),
    (0, b"X\n\0\0\0", "an R object (.rds): write.csv(x, 'x.csv') in R"),
    (0, b"$FL2", "an SPSS file (.sav): export the table as CSV"),
    (0, b"$FL3", "an SPSS file (.sav): export the table as CSV"),
    (0, b"<stata_dta>", "a Stata file (.dta): export the table as CSV"),
    (0, b"%PDF", "a PDF document: no data to read; give the file of the samples"),
    (0, b"\x89PNG", "a picture (PNG): give the file of the samples"),
    (0, b"\xff\xd8\xff", "a picture (JPEG): give the file of the samples"),
    (0, b"GIF8", "a picture (GIF): give the file of the samples"),
    (0, b"RIFF", "a WAV or AVI file: give the file of the samples"),
    (0, b"fLaC", "a FLAC file: give the file of the samples"),
    (0, b"ID3", "an MP3 file: give the file of the samples"),
    (4, b"ftyp", "a video or audio file (MP4): give the file of the samples"),
    (0, b"CWB\0", f"an older Cambridge (CWB) file: {_SAVE}"),
    (0, b"CFWB", "a LabChart binary file (.adibin): export it as text or MATLAB in LabChart"),
    (0, b"CDF\x01", f"a netCDF file: {_SAVE}"),
    (0, b"CDF\x02", f"a netCDF file: {_SAVE}"),
    (0, b"\x7fELF", "a program: give the file of the samples"),
    (0, b"MZ", "a Windows program: give the file of the samples"),
    (0, b"PLEX", f"a Plexon file: {_SAVE}"),
    (0, b"NEURALEV", f"a Blackrock file: {_SAVE}"),
    (0, b"NEURALCD", f"a Blackrock file: {_SAVE}"),
    (0, b"EBML", f"a Matroska file: {_SAVE}"),
)
_TEXTS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\s*(?:<!doctype html|<html)", re.IGNORECASE),
     "a web page, such as one that says that the file is not there: download the file itself"),
    (re.compile(rb"\s*<\?xml"), f"an XML file of no layout that is known here: {_SAVE}"),
    (re.compile(rb'\s*(?:\{\s*"|\[\s*\{\s*")'),
     "JSON: save its signal as CSV, as with pandas.read_json(path).to_csv('signal.csv')"),
)  # fmt: skip
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".p")


def foreign(content: Content) -> str | None:
    """Say what a file is that is not read, and what to do; None where its first bytes are of no such format."""
    data = content.data
    if data.startswith(_PICKLE) and (data[2:3] in b"}](ccX\x8c\x95K" or content.path.suffix.lower() in _PICKLE_NAMES):
        return (
            "a Python pickle, which is never opened here: it may run any code. Load it where you trust it and save "
            "the numbers: pandas.read_pickle(path).to_csv('signal.csv') or numpy.save('signal.npy', x)"
        )
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return None  # an old Excel workbook has a layout of its own
    text = next((what for start, what in _TEXTS if start.match(data[:4096].removeprefix(b"\xef\xbb\xbf"))), None)
    return text or next((what for offset, magic, what in _FOREIGN if data[offset : offset + len(magic)] == magic), None)
