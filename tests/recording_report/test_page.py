"""The page of a recording: what it says, that it is whole, and that a browser shows it."""

from __future__ import annotations

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import ressin
from ressin.recording_report.methods import methods
from ressin.recording_report.page import page
from ressin.recording_report.reported import Reported, report_of
from ressin.recording_report.zoomable import COLUMNS, zoomable
from tests.browser import DESKTOP, PHONE, browser

NAME = 'p1 <b>"&</script>'
EVENTS = {"onset": [10.0, 40.0, 70.0, 100.0], "condition": ["cs+", "cs-", "cs+", "cs-"]}


@pytest.fixture(scope="module")
def reported() -> Reported:
    """Two minutes with a response after each event, a minute without contact and an odd name."""
    made = ressin.simulate_eda(
        180, 8, onsets=[12.0, 42.0, 72.0, 102.0], amplitudes=[0.5, 0.2, 0.5, 0.2], rng=np.random.default_rng(3)
    )
    signal = np.array(made.signal)
    signal[125 * 8 : 170 * 8] = 0.0
    return report_of(ressin.Recording(signal, 8.0, NAME), events=EVENTS)


@pytest.fixture(scope="module")
def written(reported: Reported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(reported), encoding="utf-8")
    return path


class Elements(HTMLParser):
    """Collects what a page refers to, and checks that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "img", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def text_of(path: Path) -> str:
    """The page without scripts and pictures."""
    text = re.sub(r"<script.*?</script>|<style.*?</style>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def test_the_page_is_whole_and_needs_no_other_file(written: Path) -> None:
    elements = Elements()
    elements.feed(written.read_text(encoding="utf-8"))
    assert elements.open == []
    assert all(source.startswith("data:") for source in elements.sources)
    assert "p1 <b>" not in written.read_text(encoding="utf-8")


def test_the_page_says_what_was_found(written: Path, reported: Reported) -> None:
    text = text_of(written)
    result = reported.result
    assert f"{result.validity.share:.1%} of the samples are valid" in text
    assert all(name in text for name in result.validity.reasons)
    assert "flat" in result.validity.reasons
    assert all(message in text.replace("&gt;", ">").replace("&#39;", "'") for message in result.quality.messages)
    assert f"status optimal after {result.iterations} iterations" in text
    for name in ("ressin", "numpy", "scipy", "pandas"):
        assert re.search(rf"{name} \d+\.\d+", text)


def test_each_condition_has_its_row_of_usable_trials(written: Path, reported: Reported) -> None:
    text, trials = text_of(written), reported.trials
    assert trials is not None
    usable = trials[~trials["Artefact"] & ~trials["Edge"]]
    assert 0 < len(usable) < len(trials)  # some touch an artefact
    for condition, magnitude in (("cs+", 0.5), ("cs-", 0.2)):
        n = int((usable["Condition"] == condition).sum())
        row = rf"{re.escape(condition)} 2 {n} " + (r"100% ([\d.]+) \u00b5S ([\d.]+) " if n else "\u2013 \u2013 \u2013 ")
        found = re.search(row + (str(2 - n) if n < 2 else ""), text)
        assert found is not None, (row, text)
        if n:
            assert float(found[1]) == pytest.approx(magnitude, rel=0.15)
            assert float(found[2]) == pytest.approx(2.0, abs=0.1)


def test_the_sentences_cite_each_reference_and_hold_the_numbers(reported: Reported) -> None:
    said, references = methods(reported)
    cited = {int(number) for number in re.findall(r"\[(\d+)\]", said)}
    assert cited == set(range(1, len(references) + 1))
    assert "at 8 Hz" in said
    assert "tau0 = 2 s, tau1 = 0.7 s" in said
    assert "1 to 4 s after an event" in said
    assert f"left {reported.result.validity.share:.1%}" in said
    robust = reported.result.robust
    assert robust is not None
    assert f"{robust.noise:.3g} \u00b5S here" in said
    cvxeda = report_of(ressin.decompose(reported.result.signal, 8.0, alpha=1e-3))
    said, references = methods(cvxeda)
    assert "cvxEDA [1]" in said
    assert "alpha = 0.001" in said
    assert "robust" not in said
    assert len(references) == 3


def test_the_temperature_of_the_recording_is_gone_by() -> None:
    made = ressin.simulate_eda(60, 8, rng=np.random.default_rng(0))
    cold = ressin.Recording(made.signal, 8.0, temperature=np.where(np.arange(480) < 240, 33.0, 22.0))
    reported = report_of(cold)
    assert reported.result.validity.shares["temperature"] == 0.5
    assert "not 30 to 40 \u00b0C warm" in methods(reported)[0]


def test_a_long_line_is_thinned_and_keeps_its_peaks() -> None:
    signal = 5.0 + 0.1 * np.sin(np.arange(100_000) / 3000.0)
    signal[54_321] = 9.0
    result = ressin.decompose(signal, 4.0)
    picture = zoomable(report_of(result))
    assert len(picture) < 2_000_000
    arrays = [x["data"]["value"]["array"]["data"] for x in _found(json.loads(picture), "ColumnDataSource")
              if "value" in x["data"]]  # fmt: skip
    lines = [np.frombuffer(_bytes(text), np.float32) for text in arrays]
    assert {line.size for line in lines} == {2 * COLUMNS}
    assert 9.0 in {float(line.max()) for line in lines}


def _bytes(text: str) -> bytes:
    """What Bokeh wrote, packed or not as its version does."""
    raw = base64.b64decode(text)
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


def _found(node: object, name: str) -> list[dict[str, dict[str, dict[str, dict[str, str]]]]]:
    """The attributes of all models of a kind in Bokeh's JSON, with a source's data as a dictionary."""
    if isinstance(node, list):
        return [x for part in node for x in _found(part, name)]
    if not isinstance(node, dict):
        return []
    own = []
    if node.get("name") == name and "attributes" in node:
        own = [{**node["attributes"], "data": dict(node["attributes"]["data"]["entries"])}]
    return own + [x for part in node.values() for x in _found(part, name)]


def test_a_signal_of_an_unknown_unit_is_no_good_one() -> None:
    made = ressin.simulate_eda(60, 8, rng=np.random.default_rng(0))
    reported = report_of(ressin.Recording(made.signal, 8.0, "p", unit=""))
    known = report_of(ressin.Recording(made.signal, 8.0, "p"))
    (more,) = set(reported.complaints) - set(known.complaints)
    assert "unit of the signal is not known" in more
    assert "Nothing speaks against" not in page(reported)
    assert ("Nothing speaks against" in page(known)) == (not known.complaints)


def test_a_file_and_a_decomposition_are_taken(tmp_path: Path) -> None:
    source = tmp_path / "p2.csv"
    made = ressin.simulate_eda(60, 8, rng=np.random.default_rng(0))
    lines = [f"{i / 8},{value}" for i, value in enumerate(made.signal)]
    source.write_text("time (s),EDA (uS)\n" + "\n".join(lines) + "\n", encoding="utf-8")
    ressin.write_report(source, tmp_path / "a.html")
    assert "<h1>p2</h1>" in (tmp_path / "a.html").read_text(encoding="utf-8")
    ressin.write_report(ressin.decompose(made.signal, 8), tmp_path / "b.html", name="of parts")
    assert "<h1>of parts</h1>" in (tmp_path / "b.html").read_text(encoding="utf-8")
    assert "Events" not in text_of(tmp_path / "b.html")


def test_what_cannot_be_reported_leaves_the_page_that_was_there(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("old", encoding="utf-8")
    made = ressin.simulate_eda(60, 8, rng=np.random.default_rng(0))
    result = ressin.decompose(made.signal, 8)
    with pytest.raises(ressin.InvalidInputError, match="no event"):
        ressin.write_report(result, target, events=[1e6])
    with pytest.raises(ressin.RecordingError):
        ressin.write_report(tmp_path / "nowhere.csv", target)
    with pytest.raises(ressin.InvalidInputError, match="min_amplitude is 0"):
        ressin.write_report(result, target, min_amplitude=0)
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_browser_shows_the_page_and_its_picture_zooms(written: Path, tmp_path: Path) -> None:
    with browser(tmp_path) as shown:
        for width in (DESKTOP, PHONE):
            shown.open(written, width)
            shown.wait("return document.body.dataset.drawn")
            assert shown.complaints() == []
            assert shown.too_wide() == 0
            assert shown.run("return document.getElementById('picture').offsetWidth") > 0.8 * min(width, 1000)
            assert shown.run("return getComputedStyle(document.getElementById('still')).display") == "none"
            before = shown.run(_RANGE)
            assert before == [0, 180]
        shown.open(written, DESKTOP)
        shown.wait("return document.body.dataset.drawn")
        shown.drag("return document.getElementById('picture')", (-100, -180), (200, 60))
        after = shown.run(_RANGE)
        assert 0 < after[0] < after[1] < 180
        assert shown.printed().startswith(b"%PDF")


_RANGE = """
const found = [...Bokeh.documents[0]._all_models.values()].filter((m) => m.type == "Figure")[0].x_range;
return [found.start, found.end];
"""
