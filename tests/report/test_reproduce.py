"""The report: what is computed, what it contains, and what is not computed twice."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ressin.cli import main
from ressin.data.samples.labelled import LabelledData
from ressin.errors import InvalidInputError
from ressin.learn.evaluation.evaluate import Fold
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.report import paper
from ressin.report.plan import BASELINES, CONFOUNDS, NAMES, SPLITS, Cell, cells_of, make_plan
from ressin.report.reproduce import reproduce
from ressin.report.tables import percent
from ressin.report.write import is_papers, remark_of

pytestmark = pytest.mark.slow

SMALL = (
    *("--quick", "--label", "arousal", "--folds", 2, "--iterations", 2, "--series-iterations", 2),
    *("--size", 16, "--batch", 8, "--resamples", 100, "--device", "cpu", "--no-models"),
)
FIGURES = ("accuracy", "roc", "calibration", "confusion", "people", "figure5", "figure2", "figure3")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture(scope="module")
def report(prepared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small report; tests must not change it."""
    folder = tmp_path_factory.mktemp("report") / "report"
    assert main([str(argument) for argument in ("reproduce", prepared_folder, "-o", folder, *SMALL)]) == 0
    return folder


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


def test_every_cell_of_the_plan_is_there_with_majority_and_ordered_intervals(report: Path) -> None:
    plan = make_plan("quick")
    wanted = {(cell.split, cell.model) for cell in cells_of(plan, ["arousal"], music=True, rated=["arousal"])}
    cells = results(report)["cells"]
    assert {(cell["split"], cell["model"]) for cell in cells} == wanted
    for cell in cells:
        if cell["model"] == "regression":
            assert {(row["method"], row["channel"]) for row in cell["rows"]} >= {("MLR", "tonic"), ("SVR", "phasic")}
            continue
        for name in ("accuracy", "f1", "precision", "recall", "balanced_accuracy"):
            value, low, high = cell["metrics"][name]
            assert 0.0 <= low <= value <= high <= 1.0
        assert cell["majority"]["balanced_accuracy"][0] <= 1.0
        assert cell["n_folds"] == 2
        assert (cell["curve"] is None) == (cell["model"] in (*CONFOUNDS, *BASELINES))
        assert cell["curve"] is None or len(cell["curve"]) == 2
        assert cell.get("validation") is None  # nothing is held back by default


def test_the_papers_figures_stand_beside_ours_only_where_data_and_size_are_its_own(report: Path) -> None:
    assert all(not cell["paper"] for cell in results(report)["cells"])  # simulated, and small
    real = {"simulation": None, "source": {"kind": "pmemo-2018", "rating_source": "subject"}}
    own = {"simulation": None, "source": {"kind": "manifest", "rating_source": "subject"}}
    assert is_papers(real, make_plan())
    assert is_papers(real, make_plan("full", seed=3))
    assert not is_papers(own, make_plan())
    assert not is_papers({**real, "simulation": {"seed": 0}}, make_plan())
    for other in (make_plan("quick"), make_plan(size=112), make_plan(n_folds=5), make_plan(training={"iterations": 9})):
        assert not is_papers(real, other)
    found = {(c.split, c.model): paper.classification(c.label, c.split, c.model) for c in papers_cells()}
    assert found["random", "fusion-mix"] == {"accuracy": 0.7365, "f1": 0.7856, "precision": 0.8212, "recall": 0.7529}
    assert found["subject", "fusion-mix"] == {}


def papers_cells() -> list[Cell]:
    return cells_of(make_plan(), ["arousal"], music=True, rated=[])


def test_the_report_says_how_labels_were_made_and_what_was_dropped(report: Path) -> None:
    page = (report / "report.md").read_text(encoding="utf-8")
    assert "a person's own ratings make their labels, a test person's too" in page
    assert "min_ratings 4" in page
    assert "drop_seconds 15" in page
    assert "| quality |" in page
    assert "(paper" not in page
    assert "always the majority" in page
    assert "within-person level" in page
    assert "simulator's ceiling" in page


def test_every_metric_of_every_model_stands_beside_the_majoritys(report: Path) -> None:
    page = (report / "report.md").read_text(encoding="utf-8")
    wanted = "| label | split | model | balanced acc. | ROC-AUC | accuracy | F1 | precision | recall |"
    assert page.count(wanted) == 3  # Table 2 (1), Table 2 (2), by split
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if "| always the majority |" in line]
    assert len(rows) == 2 + 3
    assert all("[" in cell for row in rows for cell in row[3:])


class Page(HTMLParser):
    """Collects tags, and what they refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.sources: list[str] = []
        self.viewport = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.sources += [values[name] or "" for name in ("src", "href") if name in values]
        self.viewport |= values.get("name") == "viewport"
        if tag not in ("meta", "img", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_needs_no_other_file_and_fits_a_phone(report: Path) -> None:
    text = (report / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.viewport
    assert page.sources[0] == "data:,"  # the page's icon: none is asked for
    assert len(page.sources) == 1 + len(FIGURES)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.sources[1:])
    assert "@import" not in text
    assert "url(" not in text
    assert text.count("<table>") == text.count('<div class="wide">')
    assert text.index("<figure>") < text.index("<table>")  # results first as pictures


def test_the_markdown_refers_to_figures_that_are_there(report: Path) -> None:
    names = re.findall(r"!\[\w+\]\(([^)]+)\)", (report / "report.md").read_text(encoding="utf-8"))
    assert names == [f"figures/{name}.svg" for name in FIGURES]
    assert all((report / name).read_text(encoding="utf-8").rstrip().endswith("</svg>") for name in names)


def test_a_second_run_computes_nothing_and_writes_the_same(
    report: Path, prepared_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ("results.json", "report.html", "report.md")
    before = [(report / name).read_bytes() for name in files]
    status, out, _ = run(capsys, "reproduce", prepared_folder, "-o", report, *SMALL)
    assert status == 0
    assert out.splitlines()[-1].startswith("0 cells computed, 23 read: ")
    assert [(report / name).read_bytes() for name in files] == before


def test_an_interrupted_run_goes_on_to_the_same_results(
    report: Path, prepared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the second fold of a cell: the next run computes only that fold, and the results are the same."""
    copy = tmp_path / "report"
    shutil.copytree(report, copy)
    next((copy / "cells").glob("arousal_subject_eda-mix_*")).unlink()
    command = [str(argument) for argument in ("reproduce", prepared_folder, "-o", copy, *SMALL, "--quiet")]
    real = NetworkClassifier.scores
    folds: list[int] = []

    def stopped(self: NetworkClassifier, data: LabelledData, train: Any, test: Any, fold: Fold) -> Any:
        if fold.number == 1 and not folds:
            raise KeyboardInterrupt
        return real(self, data, train, test, fold)

    def counted(self: NetworkClassifier, data: LabelledData, train: Any, test: Any, fold: Fold) -> Any:
        if fold.name != "estimate":
            folds.append(fold.number)
        return real(self, data, train, test, fold)

    monkeypatch.setattr(NetworkClassifier, "scores", stopped)
    assert main(command) == 130
    assert len(list((copy / "work").glob("*/fold_00_*/scores.json"))) == 1
    monkeypatch.setattr(NetworkClassifier, "scores", counted)
    assert main(command) == 0
    assert folds == [1]
    assert (copy / "results.json").read_bytes() == (report / "results.json").read_bytes()
    assert list((copy / "work").iterdir()) == []


def test_a_damaged_cell_is_refused_by_name(
    report: Path, prepared_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "report"
    shutil.copytree(report, copy)
    bad = sorted((copy / "cells").iterdir())[0]
    bad.write_text('{"key": ')
    status, _, err = run(capsys, "reproduce", prepared_folder, "-o", copy, *SMALL)
    assert status == 1
    assert f"{bad} is damaged: delete it to compute it again" in err


def test_settings_that_cannot_be_are_refused(
    prepared_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _, err = run(capsys, "reproduce", prepared_folder, "-o", tmp_path / "out", "--quick", "--label", "joy")
    assert status == 1
    assert "there is no label 'joy': the folder has arousal, valence" in err
    with pytest.raises(InvalidInputError, match="n_folds=1: at least 2 are needed"):
        make_plan("quick", n_folds=1)
    with pytest.raises(InvalidInputError, match="plan 'huge' is not known"):
        make_plan("huge")


def test_the_remark_says_what_the_data_are() -> None:
    mean = remark_of({"simulation": None, "source": {"rating_source": "song mean"}}, "default")
    assert "a label is the song's, not the person's" in mean
    assert "figures are not shown" in mean
    made = remark_of({"simulation": {"seed": 0}, "source": {"rating_source": "subject"}}, "quick")
    assert made.startswith("The data are simulated")
    assert "quick plan" in made
    assert "not the person's" not in made


def test_only_the_wanted_splits_are_evaluated_and_table_1_in_any_case(
    report: Path, prepared_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "report"
    shutil.copytree(report, copy)
    status, _, _ = run(capsys, "reproduce", prepared_folder, "-o", copy, *SMALL, "--split", "subject")
    assert status == 0
    assert {cell["split"] for cell in results(copy)["cells"] if cell["model"] != "regression"} == {"subject"}
    assert "Table 1." in (copy / "report.md").read_text(encoding="utf-8")
    assert "Table 2" not in (copy / "report.md").read_text(encoding="utf-8")
    assert "Fig. 5. Learning curves, subject split" in (copy / "report.md").read_text(encoding="utf-8")
    with pytest.raises(
        InvalidInputError, match="split 'people' is not known: one of random, subject, song, one-subject"
    ):
        reproduce(prepared_folder, copy, make_plan("quick"), splits=("people",))


def test_without_music_the_subnet_stands_alone() -> None:
    plan = make_plan("default")
    models = {cell.model for cell in cells_of(plan, ["arousal"], music=False, rated=[])}
    assert models == {
        "person",
        "within",
        "eda-classical",
        "eda-cnn",
        "eda-origin",
        "eda-tonic",
        "eda-phasic",
        "eda-mix",
    }


def test_the_plan_of_a_night_lies_between_the_quick_one_and_the_papers() -> None:
    quick, night, paper = (make_plan(name) for name in ("quick", "standard", "default"))
    sizes = [
        (p.learn.image.size, p.learn.training.batch_size, p.learn.training.iterations, p.n_folds)
        for p in (quick, night, paper)
    ]
    assert all(a < b < c for a, b, c in zip(*sizes, strict=True))
    cells = [cells_of(plan, ("arousal",), music=True, rated=("arousal",)) for plan in (night, paper)]
    assert cells[0] == cells[1]
    assert make_plan("standard", training={"iterations": 80}).learn.training.decay_every == 60
    small = make_plan("standard", model={"network": "cnn1d"}).settings_of("eda-phasic")
    assert (small.model.network, small.model.members, small.training.optimizer) == ("cnn1d", 3, "adamw")


def test_the_full_plan_holds_the_default_one() -> None:
    full, default = (
        set(cells_of(make_plan(name), ["arousal", "valence"], music=True, rated=["arousal"]))
        for name in ("full", "default")
    )
    assert default < full
    assert {Cell("valence", split, "fusion-mix") for split in ("random", "subject", "song")} < default
    assert len(full) == 2 * (3 * 13 + 2) + 3


def test_time_alone_and_one_person_left_out_are_computed_where_they_can_be() -> None:
    plan = make_plan("quick")
    cells = cells_of(plan, ["calm", "joy"], music=False, rated=[], timed=["joy"], splits=("one-subject",))
    assert {cell.split for cell in cells} == {"one-subject"}
    assert Cell("joy", "one-subject", "time") in cells
    assert Cell("calm", "one-subject", "time") not in cells
    assert not [cell for cell in cells if cell.model == "person"]


@pytest.fixture(scope="module")
def robust_folder(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recordings of `prepared_folder`, decomposed by the robust programme."""
    folder = tmp_path_factory.mktemp("report") / "robust"
    assert main(["prepare", str(simulated), str(folder), "--programme", "robust", "--threads", "1", "--quiet"]) == 0
    return folder


def test_a_second_folder_gives_the_network_a_row_for_each_programme(
    report: Path, prepared_folder: Path, robust_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "report"
    shutil.copytree(report, copy)
    command = ("reproduce", prepared_folder, "--also", robust_folder, "-o", copy, *SMALL)
    status, out, _ = run(capsys, *command)
    assert status == 0
    assert out.startswith("programme cvxeda, and robust: what the recordings were decomposed by\n")
    assert out.splitlines()[-1].startswith("5 cells computed, 23 read: ")
    page = (copy / "report.md").read_text(encoding="utf-8")
    table = page[page.index("## The network on each decomposition") :]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| arousal |")]
    models = [("random", "eda-mix"), ("random", "fusion-mix"), ("subject", "eda-mix"), ("subject", "fusion-mix")]
    models.append(("song", "fusion-mix"))
    cells = {(c["split"], c["model"], c["programme"]): c for c in results(copy)["cells"]}
    wanted = [(split, NAMES[model], programme) for split, model in sorted(models, key=lambda x: SPLITS.index(x[0]))
              for programme in ("cvxeda", "robust")]  # fmt: skip
    assert sorted(tuple(row[1:4]) for row in rows[: len(wanted)]) == sorted(wanted)
    for row in rows[: len(wanted)]:
        model = next(name for name, text in NAMES.items() if text == row[2])
        assert row[4] == percent(cells[row[1], model, row[3]]["metrics"]["balanced_accuracy"])
    for split, model in models:
        pair = [cells[split, model, programme] for programme in ("cvxeda", "robust")]
        assert pair[0]["key"] != pair[1]["key"]
        assert pair[0]["n"] == pair[1]["n"]
        assert pair[0]["majority"] == pair[1]["majority"]
    assert "fusion, mix is better on the robust programme's parts, on new people" in page
    before = {(cell["split"], cell["model"]): cell for cell in results(report)["cells"]}
    assert all(before[split, model] == cells[split, model, "cvxeda"] for split, model in before)
    assert run(capsys, *command)[1].splitlines()[-1].startswith("0 cells computed, 28 read: ")


def test_a_second_folder_that_is_no_comparison_is_refused(
    prepared_folder: Path, robust_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("reproduce", prepared_folder, "-o", tmp_path / "out", *SMALL, "--also")
    status, _, err = run(capsys, *command, prepared_folder)
    assert status == 1
    assert "were both prepared with programme cvxeda: there is nothing to compare" in err
    assert run(capsys, *command, tmp_path / "nowhere")[0] == 1
    other = tmp_path / "other"
    shutil.copytree(robust_folder, other)
    table = pq.read_table(other / "recordings.parquet")
    dropped = table["recording_id"][0].as_py()
    pq.write_table(table.slice(1), other / "recordings.parquet")
    status, _, err = run(capsys, *command, other)
    assert status == 1
    assert f"has no usable recording {dropped!r} with a label 'arousal'" in err
    swapped = table.set_column(table.schema.get_field_index("subject"), table.schema.field("subject"),
                               [table["subject"].to_pylist()[::-1]])  # fmt: skip
    pq.write_table(swapped, other / "recordings.parquet")
    status, _, err = run(capsys, *command, other)
    assert status == 1
    assert "differ in the column subject of 'arousal'" in err
