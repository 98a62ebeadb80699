"""A device's tags and a table of ratings, joined to a manifest."""

from pathlib import Path

import pytest

from ressin.cli.main import main
from ressin.data.preparation.prepare import prepare
from ressin.data.sources.manifest import read_manifest
from ressin.data.store.store import load
from ressin.data.studies.tags import join_tags
from ressin.errors import InvalidInputError
from tests.data.studies.test_studies import write_e4

BEGAN = 1_600_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "study"
    for person, tags in {"anna": (30, 90, 150), "bert": (20, 100), "carl": ()}.items():
        write_e4(root / person / "EDA.csv", BEGAN, 240)
        (root / person / "HR.csv").write_text(f"{BEGAN}\n1.0\n" + "70\n" * 100)
        if tags:
            (root / person / "tags.csv").write_text("".join(f"{BEGAN + tag:.2f}\n" for tag in tags))
    return root


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main(["manifest", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def rated(folder: Path, *rows: str) -> Path:
    path = folder.parent / "ratings.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_tags_in_order_become_windows_to_the_next(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ratings = rated(
        folder, "subject,stimulus,arousal,stress_label", "anna,film,7,yes", "anna,rest,2,no", "anna,talk,8,yes",
        "bert,film,5,yes", "bert,rest,1,no",
    )  # fmt: skip
    status, out, _ = run(capsys, folder, "--tags", "--ratings", ratings)
    assert status == 0
    assert out.startswith(f"5 rows, 2 recording(s) of 2 people: {folder / 'manifest.csv'}\n")
    assert "left out: carl/EDA.csv: no tags" in out
    prepare(read_manifest(folder / "manifest.csv"), tmp_path / "out", n_threads=1)
    table = load(tmp_path / "out").recordings
    assert table["start"].tolist() == [30, 90, 150, 20, 100]
    assert table["end"].tolist() == [90, 150, 240, 100, 240]
    assert table["stimulus"].tolist() == ["film", "rest", "talk", "film", "rest"]
    assert table["arousal"].tolist() == [7, 2, 8, 5, 1]
    assert table["stress_label"].tolist() == [1, 0, 1, 1, 0]
    assert run(capsys, folder, "--tags", "--ratings", ratings)[0] == 1  # it is there already


def test_a_column_says_at_which_tag_and_until_when(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ratings = rated(
        folder, "recording,tag,until,duration,busy_label", "anna/EDA.csv,2,,45,1", "anna/EDA.csv,1,3,,0",
        "bert/EDA.csv,2,,,1",
    )  # fmt: skip
    options = ("--window", 30, "-o", folder / "tags.csv")
    assert run(capsys, folder, "--tags", "--ratings", ratings, *options)[0] == 0
    entries = read_manifest(folder / "tags.csv").entries
    assert [(entry.start, entry.end) for entry in entries] == [(90, 135), (30, 150), (100, 240)]
    assert [entry.stimulus for entry in entries] == ["tag 2", "tag 1", "tag 2"]
    assert {entry.window for entry in entries} == {30.0}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["subject,tag", "dora,1"], r"ratings.csv, line 2: subject 'dora' fits 0 recordings with tags.*there are anna"),
        (["subject,tag", "anna,4"], r"line 2, column 'tag': '4' is none of the 3 tags; .*\(tag\)"),
        (["subject,tag,until", "anna,2,1"], r"line 2: the window from 90.00 to 30.00 s is not within the file"),
        (["subject,tag,duration", "anna,2,900"], r"the window from 90.00 to 990.00 s is not within the file, 0 to 240"),
        (["subject,arousal", "anna,3"], r"1 row\(s\) for EDA.csv of anna, which has 3 tag\(s\): add a column 'tag'"),
        (["arousal", "3"], r"column 'recording' or 'subject' is missing"),
        (["subject,start", "anna,3"], r"column 'start' is what the tags give"),
        (["subject,tag"], r"a header and no ratings"),
    ],
)
def test_ratings_that_fit_no_tag_are_refused(folder: Path, rows: list[str], words: str) -> None:
    files = [folder / person / "EDA.csv" for person in ("anna", "bert", "carl")]
    with pytest.raises(InvalidInputError, match=words):
        join_tags(folder, files, rated(folder, *rows))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "one of --layout NAME and --tags is needed"),
        (("--tags",), "--tags needs --ratings FILE"),
        (("--layout", "case", "--tags"), "one of --layout NAME and --tags"),
        (("--layout", "case", "--ratings", "x.csv"), "--ratings belongs to --tags"),
        (("--layout", "case"), "nothing of the layout case is there, which has interpolated/physiological"),
    ],
)
def test_errors_are_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], words: str
) -> None:
    status, _, err = run(capsys, folder, *options)
    assert status == 1
    assert words in err
    assert len(err.splitlines()) == 1
