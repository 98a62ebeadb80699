"""Folders, archives, lists, shares of an array of jobs, resumption, long gaps, and the tables of it all."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin.cli import main
from ressin.cli.inputs import parse_shard, share
from ressin.errors import InvalidInputError
from ressin.io.read import read_recording


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def session(folder: Path, seed: int) -> Path:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    samples = 3 + np.cumsum(0.01 * rng.standard_normal(160)) + 0.2 * (np.arange(160) % 40 > 30)
    for name, values in (("EDA", samples), ("TEMP", 30 + 0 * samples), ("HR", 70 + 0 * samples)):
        (folder / f"{name}.csv").write_text("1600000000\n4\n" + "".join(f"{value:.6f}\n" for value in values))
    (folder / "tags.csv").write_text("1600000010.5\n")
    return folder


@pytest.fixture
def study(tmp_path: Path) -> Path:
    for k in range(3):
        session(tmp_path / "study" / f"S{k}", k)
    (tmp_path / "study" / "LICENSE").write_text("Of the EDA recordings.\nAll rights, and so on.\n")
    (tmp_path / "study" / "README.txt").write_text("How it was recorded.\nBy whom.\n")
    return tmp_path / "study"


def tables(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*_decomposed.*")}


NAMES = {f"S{k}-EDA_decomposed.csv" for k in range(3)}


def test_a_folder_is_taken_whole_and_what_is_not_eda_is_named(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("decompose", study, "-o", tmp_path / "out") == 0
    assert tables(tmp_path / "out") == NAMES
    printed = " ".join(capsys.readouterr().out.split())
    assert "7 of 10 files not taken" in printed
    assert "TEMP.csv holds skin temperature" in printed
    assert "README.txt" in printed
    evidence = json.loads((tmp_path / "out" / "S0-EDA_evidence.json").read_text())
    assert evidence["recording"]["markers"] == [{"time": 10.5, "label": "tag"}]


def test_an_archive_gives_the_same_as_its_folder(study: Path, tmp_path: Path) -> None:
    archive = tmp_path / "study.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in sorted(study.rglob("*.csv")):
            opened.write(path, path.relative_to(study))
    assert run("decompose", archive, "-o", tmp_path / "zip", "-q") == 0
    assert run("decompose", study, "-o", tmp_path / "out", "-q") == 0
    assert tables(tmp_path / "zip") == NAMES
    for name in NAMES:
        assert (tmp_path / "zip" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    assert [m.time for m in read_recording(archive / "S1" / "EDA.csv").markers] == [10.5]


def test_done_files_are_skipped_until_file_or_options_change(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run("decompose", study, "-o", out, "-q") == 0
    before = {name: (out / name).stat().st_mtime_ns for name in NAMES}
    with (study / "S1" / "EDA.csv").open("a") as file:
        file.write("3.1\n")
    assert run("decompose", study, "-o", out) == 0
    assert "2 file(s) are done" in capsys.readouterr().out
    after = {name: (out / name).stat().st_mtime_ns for name in NAMES}
    assert {name for name in NAMES if before[name] != after[name]} == {"S1-EDA_decomposed.csv"}
    assert run("decompose", study, "-o", out, "--tau0", 3) == 0
    assert "are done" not in capsys.readouterr().out
    assert run("decompose", study / "S0" / "EDA.csv", "-o", out) == 0  # a file that is named is worked on
    assert "written" in capsys.readouterr().out


def test_shares_are_disjoint_whole_and_named_as_in_one_run(study: Path, tmp_path: Path) -> None:
    listing = tmp_path / "list.txt"
    listing.write_text("# sessions\n" + "".join(f"study/S{k}/EDA.csv\n" for k in range(3)))
    found: list[set[str]] = []
    for i in (1, 2):
        assert run("decompose", "--files-from", listing, "--shard", f"{i}/2", "-o", tmp_path / f"{i}", "-q") == 0
        found.append(tables(tmp_path / f"{i}"))
    assert found[0] | found[1] == NAMES
    assert not found[0] & found[1]


def test_a_share_without_skin_conductance_is_no_failure(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (study / "A").mkdir()
    (study / "A" / "TEMP.csv").write_text("1700000000\n4\n31\n31\n")
    assert run("decompose", study, "--shard", "1/40", "-o", tmp_path / "out", "-q") == 0  # of no file
    assert run("decompose", study / "A", "--shard", "1/1", "-o", tmp_path / "out", "-q") == 0
    assert "no file of skin conductance was found in share 1/1" in capsys.readouterr().err
    assert run("decompose", study / "A", "-o", tmp_path / "out", "-q") == 1


@pytest.mark.parametrize(("n", "of"), [(0, 3), (2, 5), (9, 3), (100, 7)])
def test_shares_are_of_one_size_and_hold_neighbours(n: int, of: int) -> None:
    shares = [share(range(n), number, of) for number in range(1, of + 1)]
    assert [item for held in shares for item in held] == list(range(n))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_share_of_an_array_of_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_shard(None) is None
    assert parse_shard("2/5") == (2, 5)
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "7")
    monkeypatch.setenv("SLURM_ARRAY_TASK_MIN", "5")
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "4")
    assert parse_shard("4") == parse_shard("slurm") == (3, 4)
    for wrong in ("0/3", "4/3", "a/b", "3/"):
        with pytest.raises(InvalidInputError, match="it must be I/N"):
            parse_shard(wrong)


def test_collate_gathers_all_and_names_what_is_missing(
    study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listing = tmp_path / "list.txt"
    listing.write_text("".join(f"study/S{k}/EDA.csv\n" for k in range(3)))
    out = tmp_path / "out"
    assert run("decompose", "--files-from", listing, "--shard", "1/2", "--scrs", "-o", out, "-q") == 0
    assert run("collate", out, "--files-from", listing) == 1
    assert "S1" in capsys.readouterr().err
    assert run("decompose", "--files-from", listing, "--shard", "2/2", "--scrs", "-o", out, "-q") == 0
    assert run("collate", out, "--files-from", listing) == 0
    recordings = pd.read_csv(out / "recordings.csv")
    assert recordings["recording"].tolist() == ["S0-EDA", "S1-EDA", "S2-EDA"]
    assert (recordings["status"] == "optimal").all()
    scrs = pd.read_csv(out / "scrs.csv")
    assert recordings["n_scrs"].sum() == len(scrs) > 0
    assert run("collate", tmp_path / "nothing") == 2


@pytest.mark.parametrize(("gap", "parts"), [(40, 1), (120, 2)])
def test_a_short_gap_is_solved_through_and_a_long_one_splits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gap: int, parts: int
) -> None:
    times = [i / 4 + (gap if i >= 200 else 0) for i in range(400)]
    rows = "".join(f"{1.6e9 + t:.2f},{3 + i % 37 / 30:.4f}\n" for i, t in enumerate(times))
    (tmp_path / "x.csv").write_text("unix,EDA (uS)\n" + rows)
    assert run("decompose", tmp_path / "x.csv", "-o", tmp_path / "out") == 0
    printed = capsys.readouterr().out
    assert f"1 gap(s) of the clock, {gap * 4} samples from sample 200 on" in printed
    found = [pd.read_csv(path) for path in sorted((tmp_path / "out").glob("*_decomposed.csv"))]
    assert len(found) == parts
    assert sum(len(table) for table in found) == (400 + gap * 4 if parts == 1 else 400)
    starts = [pd.Timestamp(table["Timestamp"].iloc[0]).timestamp() for table in found]
    assert starts == [1.6e9, 1.6e9 + 50 + gap][:parts]


def test_bids_derivatives(tmp_path: Path) -> None:
    rows = "".join(f"{4 + i % 37 / 30:.4f}\t0\n" if i != 50 else "n/a\t0\n" for i in range(240))
    (tmp_path / "sub-01_task-rest_physio.tsv").write_text(rows)
    about = {"SamplingFrequency": 8, "StartTime": -2, "Columns": ["eda", "trigger"], "eda": {"Units": "uS"}}
    (tmp_path / "sub-01_task-rest_physio.json").write_text(json.dumps(about))
    out = tmp_path / "out"
    assert run("decompose", tmp_path / "sub-01_task-rest_physio.tsv", "--format", "bids", "-o", out, "-q") == 0
    name = "sub-01_task-rest_desc-ressin_physio"
    described = json.loads((out / f"{name}.json").read_text())
    assert (described["SamplingFrequency"], described["StartTime"]) == (8, -2)
    table = pd.read_csv(out / f"{name}.tsv.gz", sep="\t", header=None, names=described["Columns"])
    parts = table["EDA_Tonic"] + table["EDA_Phasic"] + table["EDA_Outliers"] + table["EDA_Residual"]
    np.testing.assert_allclose(parts, table["EDA_Raw"], atol=1e-8)
    assert table["EDA_Raw"].isna().sum() == 1
    again = read_recording(out / f"{name}.tsv.gz", column="EDA_Raw")
    assert (again.start_time, again.unit, again.n_samples) == (-2, "uS", 240)


def test_a_table_of_several_people_needs_to_be_told_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"P{p},{i / 4},{p + i % 37 / 30:.4f}\n" for p in (1, 2) for i in range(200))
    (tmp_path / "long.csv").write_text("participant,time (s),EDA (uS)\n" + rows)
    assert run("decompose", tmp_path / "long.csv", "-o", tmp_path / "out") == 1
    assert "try: ressin decompose" in capsys.readouterr().err
    assert run("decompose", tmp_path / "long.csv", "--where", "participant=P2", "-o", tmp_path / "out", "-q") == 0
    table = pd.read_csv(tmp_path / "out" / "long_decomposed.csv")
    assert len(table) == 200
    assert table["EDA_Raw (uS)"].min() == 2
