"""What the figures of the report show: against scikit-learn, by hand, and in a browser."""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, roc_auc_score

from ressin.report.attention import KEPT, attention, kept_attention
from ressin.report.grid import make_bench
from ressin.report.plan import Cell
from ressin.report.predictions import Predictions, calibration, confusion, people, read_predictions, roc_points, wilson
from tests.browser import DESKTOP, PHONE, browser
from tests.report.brief import brief_plan, few_cells

RNG = np.random.default_rng(5)
N = 600


@pytest.fixture(scope="module")
def found() -> Predictions:
    """Scores that are the probability of high, of thirty people."""
    score = RNG.uniform(size=N)
    label = (RNG.uniform(size=N) < score).astype(np.int64)
    return Predictions(label, score, np.array([f"p{i % 30:02d}" for i in range(N)]), 0.5)


def test_the_area_below_the_curve_is_scikit_learns(found: Predictions) -> None:
    false, true = roc_points(found)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    area = float(np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2))
    assert area == pytest.approx(roc_auc_score(found.label, found.score))


def test_calibration_of_true_probabilities_holds_in_most_bins(found: Predictions) -> None:
    bins = calibration(found)
    assert bins["n"].tolist() == [60] * 10
    assert (np.diff(bins["predicted"]) > 0).all()
    inside = (bins["low"] <= bins["predicted"]) & (bins["predicted"] <= bins["high"])
    assert inside.sum() >= 8
    flat = calibration(Predictions(found.label, np.full(N, 0.9), found.subject, 0.5))
    assert ((flat["observed"] - 0.9).abs() > 0.1).all()
    assert len(calibration(Predictions(found.label[:4], found.score[:4], found.subject[:4], 0.5))) == 4


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    assert wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-4)
    low, high = wilson(0.0, 10)
    assert (low, high) == pytest.approx((0.0, 0.2775), abs=1e-4)


def test_confusion_is_scikit_learns_and_depends_on_the_threshold(found: Predictions) -> None:
    assert confusion(found).tolist() == confusion_matrix(found.label, found.score > 0.5).tolist()
    all_high = Predictions(found.label, found.score, found.subject, -1.0)
    assert confusion(all_high).tolist() == [[0, N - found.label.sum()], [0, found.label.sum()]]
    assert found.is_probability
    assert not all_high.is_probability


def test_people_are_counted_one_by_one() -> None:
    subject = np.array(["a", "a", "a", "b", "b", "c"])
    table = people(Predictions(np.array([1, 1, 0, 0, 0, 1]), np.array([0.9, 0.2, 0.1, 0.9, 0.8, 0.7]), subject, 0.5))
    assert table["subject"].tolist() == ["b", "a", "c"]
    assert table["accuracy"].tolist() == pytest.approx([0.0, 2 / 3, 1.0])
    assert table["majority"].tolist() == pytest.approx([1.0, 2 / 3, 1.0])
    assert table["n"].tolist() == [2, 3, 1]


@pytest.fixture(scope="module")
def report(prepared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A brief report with a trained model; tests must not change it."""
    from tests.report.brief import run

    folder = tmp_path_factory.mktemp("report") / "report"
    run(prepared_folder, folder)
    return folder


def test_the_predictions_of_each_cell_give_its_accuracy(report: Path, prepared_folder: Path) -> None:
    import json

    from ressin.data.store.store import load

    plan = brief_plan()
    bench = make_bench(load(prepared_folder), plan, report, labels=("arousal",))
    stored = json.loads((report / "results.json").read_text(encoding="utf-8"))["cells"]
    results = {Cell(one["label"], one["split"], one["model"]): one for one in stored}
    read = read_predictions(bench, results)
    wanted = {
        cell for cell in few_cells(plan, ["arousal"], music=True, rated=["arousal"]) if cell.model != "regression"
    }
    assert set(read) == wanted
    for cell, predictions in read.items():
        counts = confusion(predictions)
        assert np.trace(counts) / counts.sum() == pytest.approx(results[cell]["metrics"]["accuracy"][0])


def test_the_map_is_where_the_network_looks(report: Path, prepared_folder: Path) -> None:
    from ressin.data.store.store import load

    bench = make_bench(load(prepared_folder), brief_plan(), report, labels=("arousal",))
    (model,) = (report / "models").glob("arousal_*/model.safetensors")
    kept, trained = kept_attention(report, str(model.relative_to(report)), bench.data["arousal"])
    assert kept is not None
    assert (model.parent / KEPT).is_file()
    assert kept.shape == (3, 16, 16)
    assert kept.sum() == pytest.approx(1.0)
    assert (kept >= 0).all()

    def one_corner(image: torch.Tensor, _: torch.Tensor | None) -> torch.Tensor:
        return torch.stack([image[:, 1, 2, 3], 4.0 * image[:, 0, 5, 6]], dim=1)

    with mock.patch.object(type(trained.model), "forward", lambda self, image, music: one_corner(image, music)):
        found = attention(trained, bench.data["arousal"])
    assert found is not None
    assert found[1, 2, 3] == pytest.approx(0.2)
    assert found[0, 5, 6] == pytest.approx(0.8)
    assert found.sum() == pytest.approx(1.0)


def test_a_browser_shows_the_report_on_a_screen_a_phone_and_paper(report: Path, tmp_path: Path) -> None:
    page = report / "report.html"
    with browser(tmp_path) as shown:
        for width in (DESKTOP, PHONE):
            shown.open(page, width)
            assert shown.complaints() == []
            assert shown.too_wide() == 0
            drawn = shown.run("return [...document.images].map((one) => one.complete && one.naturalWidth > 0)")
            assert drawn == [True] * 9
        assert shown.printed().startswith(b"%PDF")


@pytest.mark.parametrize("labels", [("arousal",), ("arousal", "valence")])
def test_every_word_of_a_legend_is_in_the_figure(found: Predictions, labels: tuple[str, ...]) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    from ressin.report.prediction_figures import plot_calibration

    models = ("fusion-mix", "eda-mix", "eda-classical", "eda-cnn")
    several = {Cell(label, "subject", model): found for label in labels for model in models}
    figure = plot_calibration(several, dict.fromkeys(models, "black"))
    figure.canvas.draw()
    (legend,) = figure.legends
    box, whole = legend.get_window_extent(), figure.bbox
    assert whole.x0 <= box.x0 < box.x1 <= whole.x1
    assert whole.y0 <= box.y0 < box.y1 <= whole.y1
