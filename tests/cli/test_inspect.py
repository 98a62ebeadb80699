"""`ressin inspect` as a person runs it, and the line to try next after a refusal."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from ressin.cli import main
from ressin.cli.reading import try_next
from ressin.io.layouts.registry import LAYOUTS

TABLE = "time (s),EDA (uS),ECG (mV),marker\n"


def write(path: Path, header: str = TABLE) -> Path:
    width = header.count(",") + 1
    rows = [[f"{i / 8}", f"4.{i % 7}", "0.1", "7" if i == 16 else "0"][:width] for i in range(240) if not 80 <= i < 120]
    path.write_text(header + "".join(",".join(row) + "\n" for row in rows))
    return path


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_it_says_what_is_in_a_file_and_what_would_be_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "x.csv")
    assert run("inspect", path) == 0
    printed = capsys.readouterr().out
    for part in (
        "layout    plain", "EDA (uS) (uS): 200 values from 4 to 4.6", "240 samples at 8 Hz, 30 s", "40 missing",
        "gap       40 samples (5 s) from 10 s on", "marker    2 s  7", "clock     column 'time (s)'",
    ):  # fmt: skip
        assert part in printed


def test_json_holds_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, other = write(tmp_path / "x.csv"), tmp_path / "y.csv"
    other.write_text("a,b\n1,2\n1,3\n")
    assert run("inspect", good, other, tmp_path / "nowhere.csv", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told[0]["taken"]["gaps"] == [{"first": 80, "n_samples": 40}]
    assert [channel["unit"] for channel in told[0]["channels"]] == ["s", "uS", "mV", ""]
    assert told[0]["markers"] == [{"time": 2.0, "label": "7"}]
    assert told[1]["taken"] is None
    assert "2 columns could be the signal" in told[1]["refusal"]
    assert "there is no such file" in told[2]["error"]


def test_help_lists_the_layouts(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("inspect", "decompose"):
        with pytest.raises(SystemExit):
            run(command, "--help")
        printed = capsys.readouterr().out
        assert all(layout.name in printed for layout in LAYOUTS)


@pytest.mark.parametrize(
    ("header", "option"),
    [("a,b\n", "--column 'a'"), ("EDA\n", "--rate HZ"), ("time (s),EDA (mV)\n", "--unit mV"),
     ("time (s),GSR resistance\n", "--unit kOhm")],
)  # fmt: skip
def test_a_refusal_of_decompose_ends_with_the_line_to_try_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], header: str, option: str
) -> None:
    path = write(tmp_path / "x y.csv", header)
    assert run("decompose", path, "-o", tmp_path / "out") == 1
    last = capsys.readouterr().err.rstrip().splitlines()[-1].strip()
    assert last == f"try: ressin decompose {shlex.quote(str(path))} {option}"
    if "HZ" not in option:
        given = shlex.split(last.removeprefix("try: ressin "))
        assert run(*given, "--rate", 8, "-o", tmp_path / "out", "-q") == 0


def test_the_next_line_of_other_refusals() -> None:
    assert (
        try_next("x", "needs h5py: install it with  pip install 'ressin[devices]'") == "pip install 'ressin[devices]'"
    )
    assert try_next("x", "choose one with where= or --where 'id=P1'") == "ressin decompose x --where 'id=P1'"
    assert try_next("x", "leave the rate out, or force it with --force-rate") == "ressin decompose x"
    assert try_next("x", "is not text") == "ressin inspect x"
