"""Text in the encodings of countries: its header is read, and with it what its columns are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ressin.io.read import read_recording
from tests.io.layouts.writers import RATE, SIGNAL, TIMES

ROWS = list(zip(TIMES.tolist(), SIGNAL.tolist(), strict=True))


@pytest.mark.parametrize(
    ("encoding", "header", "unit"),
    [
        ("gb18030", "时间,EDA (uS)", "uS"),
        ("gb18030", "时间,皮肤电,心率", ""),
        ("cp949", "시간(초),피부전도도(uS)", "uS"),
        ("euc-kr", "시간,피부전도도,피부온도", ""),
        ("utf-16", "시간,피부전도도,심박수", ""),
        ("big5", "時間,皮膚電導,心率", ""),
        ("cp932", "時刻,皮膚コンダクタンス(uS)", "uS"),
        ("cp932", "時刻,皮膚コンダクタンス,心拍数", ""),
        ("cp1251", "Время (с),КГР (мкСм),Пульс", "uS"),
        ("utf-8", "Время,КГР (uS)", "uS"),
        ("cp1250", "čas (s),EDA (uS)", "uS"),
        ("cp1252", "Zeit (s),Leitfähigkeit (µS)", "uS"),
        ("cp1252", "Durée (s),Conductance cutanée (µS),Température (°C)", "uS"),
    ],
)
def test_a_header_in_the_encoding_of_a_country(encoding: str, header: str, unit: str, tmp_path: Path) -> None:
    third = ",33.5" if header.count(",") == 2 else ""
    path = tmp_path / "x.csv"
    path.write_bytes("\n".join([header, *(f"{t},{x!r}{third}" for t, x in ROWS)]).encode(encoding))
    found = read_recording(path)
    np.testing.assert_array_equal(found.signal, SIGNAL)
    assert (found.unit, found.sampling_rate) == (unit, RATE)
    assert encoding.startswith("utf-8") or any(note.startswith("encoding") for note in found.notes)
    if encoding not in ("cp1250",):
        assert found.channels[0].name == header.split(",")[1]
