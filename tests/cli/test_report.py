"""`ressin report` from files to pages, and the overview of a study in a browser."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ressin
from ressin.cli.main import main
from tests.browser import DESKTOP, PHONE, browser


def write(path: Path, signal: np.ndarray, rate: float = 8.0) -> Path:
    """Write a table of times and conductance."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"time (s)": np.arange(signal.size) / rate, "EDA (uS)": signal})
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of three recordings, the second half without contact, a damaged one, and another file beside them."""
    folder = tmp_path_factory.mktemp("study")
    for number, name in enumerate(("a", "b & <c>", "index")):
        signal = np.array(ressin.simulate_eda(90, 8, rng=np.random.default_rng(number)).signal)
        if number == 1:
            signal[360:] = 0.0
        write(folder / f"{name}.csv", signal)
    (folder / "bad_EDA.csv").write_text("time (s),EDA (uS)\n0,1\n0.125,x\n", encoding="utf-8")
    (folder / "answers.csv").write_text("question,answer\n1,yes\n2,no\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def overview(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report."""
    out = tmp_path_factory.mktemp("out") / "report.html"
    assert main(["report", str(folder), "-o", str(out), "-q"]) == 1
    return out


def rows_of(page: Path) -> list[str]:
    """The rows of the overview's table, as HTML."""
    body = page.read_text(encoding="utf-8").split("<tbody>")[1].split("</tbody>")[0]
    return re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)


def test_the_overview_has_a_row_a_recording_and_the_worst_first(overview: Path) -> None:
    rows = rows_of(overview)
    names = [re.sub(r"<[^>]*>", "", re.findall(r"<td>(.*?)</td>", row, re.DOTALL)[1]) for row in rows]
    assert names[:2] == ["bad_EDA", "b &amp; &lt;c&gt;"]
    assert sorted(names[2:]) == ["a", "index"]
    assert "&#39;x&#39; is not a number" in rows[0]
    assert "href" not in rows[0]
    for row in rows[1:]:
        link = re.findall(r'href="([^"]+)"', row)[0]
        assert (
            overview.parent / link.replace("%20", " ").replace("%26", "&").replace("%3C", "<").replace("%3E", ">")
        ).is_file()
        assert 'src="data:image/svg+xml;base64,' in row
    assert "answers.csv" in overview.read_text(encoding="utf-8").split("Left out")[1]
    assert [path.name for path in overview.parent.iterdir() if path.name.startswith(".")] == []


def test_the_overview_sorts_fits_a_phone_and_leads_to_the_pages(overview: Path, tmp_path: Path) -> None:
    valid = "return [...document.querySelectorAll('td[data-name=valid]')].map((cell) => cell.dataset.value)"
    with browser(tmp_path) as shown:
        shown.open(overview, PHONE)
        assert shown.too_wide() == 0
        assert shown.printed().startswith(b"%PDF")
        shown.open(overview, DESKTOP)
        assert shown.too_wide() == 0
        click = "[...document.querySelectorAll('th button')].find((b) => b.textContent == 'valid').click();"
        shown.run(click)
        numbers = [float(value) for value in shown.run(valid)]
        assert np.isnan(numbers[-1])  # what is missing stands last, whichever way
        assert numbers[:3] == sorted(numbers[:3])
        shown.run(click)
        numbers = [float(value) for value in shown.run(valid)]
        assert np.isnan(numbers[-1])
        assert numbers[:3] == sorted(numbers[:3], reverse=True)
        shown.run("document.querySelector('tbody a').click();")
        shown.wait("return document.body.dataset.drawn")
        assert shown.complaints() == []


def test_one_recording_has_one_page(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = tmp_path / "events.csv"
    pd.DataFrame({"onset": [10, 40], "condition": ["tone", "tone"]}).to_csv(events, index=False)
    out = tmp_path / "page.html"
    assert main(["report", str(folder / "a.csv"), "--events", str(events), "-o", str(out)]) == 0
    assert capsys.readouterr().out.startswith("programme robust")
    assert "Dashed: 2 events" in out.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "page.html"]


def test_a_folder_as_output_has_an_index(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    files = [str(folder / name) for name in ("a.csv", "index.csv")]
    assert main(["report", *files, "-o", str(out), "-q", "--title", "My <study>"]) == 0
    assert "<h1>My &lt;study&gt;</h1>" in (out / "index.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in (out / "recordings").iterdir()) == ["a.html", "index.html"]


def test_what_cannot_be_worked_on_is_told(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = str(tmp_path / "page.html")
    assert main(["report", str(folder / "a.csv"), "-o", out, "--alpha", "1e-3"]) == 2
    assert "--alpha belongs to cvxEDA" in capsys.readouterr().err
    assert main(["report", str(folder / "bad_EDA.csv"), "-o", out, "-q"]) == 1
    assert "'x' is not a number" in capsys.readouterr().err
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["report", str(folder), "-o", str(tmp_path / "file" / "out")]) == 2
    assert "cannot make the folder" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "bokeh.resources", None)
    from ressin.recording_report import zoomable

    zoomable.library.cache_clear()
    assert main(["report", str(folder / "a.csv"), "-o", out]) == 2
    assert "pip install 'ressin[report]'" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]
