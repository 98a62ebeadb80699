"""Reading any bytes gives a recording or one of ressin's own errors."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ressin.errors import MissingExtraError, RecordingError
from ressin.io import read_recording

CELLS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.sampled_from(
        ["", "nan", "EDA", "time", "time(s)", "EDA (uS)", "12:00:01", "2024-05-01 12:00:00", "1,5", '"', "#"]
    ),
    st.text(alphabet="ab1.,;:\t \"'#%-e\u00b5", max_size=6),
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    separator = draw(st.sampled_from([",", ";", "\t", " ", "|"]))
    n_columns = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(CELLS, min_size=n_columns, max_size=n_columns), min_size=1, max_size=8))
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    return ending.join(separator.join(row) for row in rows).encode(draw(st.sampled_from(["utf-8", "utf-16", "cp1252"])))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anything") / "x"


def check(path: Path, content: bytes, rate: float | None) -> None:
    path.write_bytes(content)
    try:
        recording = read_recording(path, sampling_rate=rate)
    except MissingExtraError:
        readers = {b"PAR1": "pyarrow", b"\xd0\xcf\x11\xe0": "python_calamine"}
        assert importlib.util.find_spec(readers[content[:4]]) is None
        return
    except RecordingError as caught:
        refusal = caught
    else:
        assert recording.sampling_rate > 0
        assert np.isfinite(recording.signal).any()
        assert not np.isinf(recording.signal).any()
        return
    assert str(refusal).startswith(str(path))


@given(content=tables(), rate=st.sampled_from([None, 4.0]))
def test_tables_of_odd_cells(path: Path, content: bytes, rate: float | None) -> None:
    check(path, content, rate)


@given(
    magic=st.sampled_from(
        [b"", b"\x1f\x8b\x08", b"PAR1", b"\x93NUMPY\x01\x00", b"\xef\xbb\xbf", b"\xff\xfe", b"sep=;\n"]
    ),
    rest=st.binary(max_size=200),
)
def test_bytes_of_any_kind(path: Path, magic: bytes, rest: bytes) -> None:
    check(path, magic + rest, 4.0)
