"""The figures of the report, as SVG files, drawn from computed cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ressin.plots.backend import import_matplotlib  # noqa: F401  # with its folder it has imported matplotlib

# isort: split
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ressin.plots.decomposition import PHASIC, SIGNAL, TONIC
from ressin.plots.files import save_figure
from ressin.plots.style import STYLE
from ressin.report.attention import SAMPLES, kept_attention, plot_attention
from ressin.report.plan import ALL_SPLITS, NAMES, Cell
from ressin.report.prediction_figures import plot_calibration, plot_confusion, plot_people, plot_roc
from ressin.report.predictions import Predictions, read_predictions
from ressin.report.prepared_figures import first_rated_subject, plot_labels, plot_round_trip, round_trip
from ressin.report.tables import Ceiling, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ressin.data.store.store import Prepared
    from ressin.report.grid import Bench

    Blocks = list[tuple[str, list[str]]]  # splits, and the models below each

SMOOTHED = 20  # iterations in a shown mean of the loss
COLOURS = {
    "fusion-mix": PHASIC,
    "eda-mix": TONIC,
    "music-svm": "#007A5A",
    "eda-classical": "#8a5fa0",
    "eda-cnn": SIGNAL,
    "time": "#b0722a",
}


@dataclass(frozen=True)
class Picture:
    """A figure that was written.

    Attributes
    ----------
    path
        SVG file.
    caption
        What it shows.
    """

    path: Path
    caption: str


@dataclass(frozen=True)
class Drawing:
    """A figure that can be drawn: the name of its file, what it shows, and how it is made."""

    name: str
    caption: str
    draw: Callable[[], Figure]


def write_figures(
    prepared: Prepared, bench: Bench, results: Results, ceiling: Ceiling, folder: Path, models: dict[str, str]
) -> list[Picture]:
    """Write what can be drawn from the cells, their predictions, the trained models and the data, in this order."""
    drawings = [
        *_of_results(results, ceiling),
        *_of_predictions(read_predictions(bench, results), results),
        *_of_training(results),
        *_of_models(bench, models),
        *_of_data(prepared),
    ]
    pictures = []
    for drawing in drawings:
        path = folder / f"{drawing.name}.svg"
        save_figure(drawing.draw(), path)
        pictures.append(Picture(path, drawing.caption))
    return pictures


def _of_results(results: Results, ceiling: Ceiling) -> Iterator[Drawing]:
    if any("metrics" in result for result in results.values()):
        yield Drawing(
            "accuracy",
            "Accuracy on new samples with 95 % intervals by resampling subjects; dashed: always the majority"
            + ("; dotted: the simulator's ceiling." if ceiling else "."),
            lambda: plot_accuracy(results, ceiling),
        )


def _of_predictions(found: dict[Cell, Predictions], results: Results) -> Iterator[Drawing]:
    found = {cell: value for cell, value in found.items() if cell.model in COLOURS}
    split = next((name for name in ("subject", *ALL_SPLITS) if any(cell.split == name for cell in found)), None)
    if split is None:
        return
    here = {cell: value for cell, value in found.items() if cell.split == split}
    chances = {cell: value for cell, value in here.items() if value.is_probability}
    main = next(name for name in COLOURS if any(cell.model == name for cell in here))
    of_main = {cell: value for cell, value in found.items() if cell.model == main}
    yield Drawing("roc", f"ROC curves, {split} split.", lambda: plot_roc(here, results, COLOURS))
    if chances:
        yield Drawing(
            "calibration",
            f"Calibration, {split} split: the share that is high among samples of about the same predicted probability,"
            " in tenths of the samples, with Wilson's 95 % intervals.",
            lambda: plot_calibration(chances, COLOURS),
        )
    yield Drawing(
        "confusion",
        f"Confusion of {NAMES[main]}, for each label and split: of the samples rated low or high, the share and number "
        "predicted as each.",
        lambda: plot_confusion(of_main),
    )
    yield Drawing(
        "people",
        f"Accuracy of {NAMES[main]} for each person, {split} split; dashed: over all samples; grey: always the more "
        "frequent label of that person.",
        lambda: plot_people({cell: value for cell, value in here.items() if cell.model == main}),
    )


def _of_training(results: Results) -> Iterator[Drawing]:
    split = next((name for name in ALL_SPLITS if curves_of(results, name)), None)
    if split is not None:
        yield Drawing(
            "figure5",
            f"Fig. 5. Learning curves, {split} split: training loss, mean over folds and {SMOOTHED} iterations; "
            + _said_of_validation(results, split),
            lambda: plot_losses(curves_of(results, split), validation_of(results, split)),
        )


def _of_models(bench: Bench, models: dict[str, str]) -> Iterator[Drawing]:
    maps = {}
    for label, file in models.items():
        found, trained = kept_attention(bench.folder, file, bench.data[label])
        if found is not None:
            maps[label] = found, tuple(trained.settings.model.channel_index)
    if maps:
        yield Drawing(
            "attention",
            "What the networks for ressin predict look at: how much the log odds of high change with each pixel, mean "
            f"size of the gradient over up to {SAMPLES} of the samples that they were trained on; a plane's share.",
            lambda: plot_attention(maps),
        )


def _of_data(prepared: Prepared) -> Iterator[Drawing]:
    subject = first_rated_subject(prepared)
    labelled = set(prepared.subjects.loc[prepared.subjects["threshold_arousal"].notna(), "subject"])
    if subject is not None and subject in labelled:
        text = f"Fig. 2. Ratings of subject {subject}, the two centres, and the thresholds halfway between them."
        yield Drawing("figure2", text, lambda: plot_labels(prepared, subject))
    trip = round_trip(prepared, str(prepared.recordings["recording_id"].iloc[0]))
    errors = ", ".join(
        f"{name} {error:.1e}" for name, error in zip(("origin", "phasic", "tonic"), trip.error, strict=True)
    )
    text = (
        f"Fig. 3. The channels of recording {trip.recording_id} as signals and as 224 x 224 pictures, and what the "
        f"pictures say when read back; root mean square error as a share of the range: {errors}."
    )
    yield Drawing("figure3", text, lambda: plot_round_trip(trip))


_CURVES = ("eda-mix", "fusion-mix", "eda-cnn")  # models whose learning curves are drawn


def curves_of(results: Results, split: str) -> dict[Cell, list[float]]:
    """Find the mean training losses of the networks on EDA and on both."""
    return {
        cell: result["curve"]
        for cell, result in results.items()
        if cell.split == split and cell.model in _CURVES and result.get("curve")
    }


def validation_of(results: Results, split: str) -> dict[Cell, list[list[float]]]:
    """Find the same networks' losses on what was held back for validation, as pairs of iteration and loss."""
    return {cell: results[cell]["validation"] for cell in curves_of(results, split) if results[cell].get("validation")}


def _said_of_validation(results: Results, split: str) -> str:
    held = validation_of(results, split)
    if not held:
        return "nothing was held back of the training part for validation."
    names = ", ".join(dict.fromkeys(NAMES[cell.model] for cell in held))
    return f"dashed: loss on what was held back of the training part for validation ({names})."


def plot_losses(curves: dict[Cell, list[float]], validation: dict[Cell, list[list[float]]] | None = None) -> Figure:
    """Draw training losses (Fig. 5), one panel per label, and dashed those on what was held back for validation."""
    labels = list(dict.fromkeys(cell.label for cell in curves))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2 * max(len(labels), 1), 3.2), layout="constrained")
        axes = figure.subplots(1, max(len(labels), 1), sharey=True, squeeze=False)[0]
        for axis, label in zip(axes, labels, strict=False):
            for cell, curve in curves.items():
                if cell.label == label:
                    loss = smoothed(np.array(curve))
                    axis.plot(np.arange(1, len(loss) + 1), loss, color=COLOURS[cell.model], label=NAMES[cell.model])
                    held = np.array((validation or {}).get(cell, [])).reshape(-1, 2)
                    if held.size:
                        text = f"{NAMES[cell.model]}, validation"
                        axis.plot(
                            *held.T, color=COLOURS[cell.model], linestyle="--", marker="o", markersize=3, label=text
                        )
            axis.set(xlabel="iteration", title=label)
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.legend(frameon=False)
        axes[0].set_ylabel("cross-entropy")
    return figure


def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each value and up to 19 before it."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - SMOOTHED, 0)
    return np.asarray((total[ends] - total[starts]) / (ends - starts))


def plot_accuracy(results: Results, ceiling: Ceiling) -> Figure:
    """Draw accuracies with their intervals as a forest plot, one panel per label, the models under their split."""
    labels = list(dict.fromkeys(cell.label for cell, result in results.items() if "metrics" in result))
    blocks = [
        (split, models)
        for split in ALL_SPLITS
        if (models := [m for m in COLOURS if any(_cell(results, label, split, m) for label in labels)])
    ]
    rows = sum(len(models) + 1 for _, models in blocks)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.0 * len(labels) + 1.9, 0.26 * rows + 1.0), layout="constrained")
        axes = figure.subplots(1, len(labels), squeeze=False, sharey=True)[0]
        for axis, label in zip(axes, labels, strict=True):
            _draw_forest(axis, results, ceiling, label, blocks)
            axis.set(xlabel="accuracy", title=label, ylim=(rows - 0.3, -0.7))
            axis.grid(axis="x", color="#e4e4e4", linewidth=0.6)
            axis.set_axisbelow(True)
        places, texts, bold = _rows_of(blocks)
        axes[0].set_yticks(places, texts)
        for text, is_bold in zip(axes[0].get_yticklabels(), bold, strict=True):
            text.set_fontweight("bold" if is_bold else "normal")
        for axis in axes:
            axis.tick_params(axis="y", length=0)
    return figure


def _rows_of(blocks: Blocks) -> tuple[list[int], list[str], list[bool]]:
    """Return place, text and weight of each row: the split's name, and its models below it."""
    rows = [(text, is_split) for split, models in blocks
            for text, is_split in [(f"{split} split", True), *((NAMES[model], False) for model in models)]]  # fmt: skip
    return list(range(len(rows))), [text for text, _ in rows], [is_split for _, is_split in rows]


def _draw_forest(axis: Axes, results: Results, ceiling: Ceiling, label: str, blocks: Blocks) -> None:
    place = 0
    for split, models in blocks:
        span = (place + 0.5, place + len(models) + 0.5)
        for order, model in enumerate(models, start=1):
            cell = _cell(results, label, split, model)
            if cell is None:
                continue
            value, low, high = results[cell]["metrics"]["accuracy"]
            errors = [[value - low], [high - value]]
            axis.errorbar(
                value, place + order, xerr=errors, fmt="o", color=COLOURS[model], capsize=2, markersize=5, linewidth=1.2
            )
            often = results[cell]["majority"]["accuracy"][0]
            axis.plot((often, often), span, color=SIGNAL, linestyle="--", linewidth=0.9)
        if (label, split) in ceiling:
            axis.plot((ceiling[label, split],) * 2, span, color="#202020", linestyle=":", linewidth=1.2)
        place += len(models) + 1


def _cell(results: Results, label: str, split: str, model: str) -> Cell | None:
    """Find a model's cell."""
    found = (cell for cell in results if (cell.label, cell.split, cell.model) == (label, split, model))
    return next(found, None)
