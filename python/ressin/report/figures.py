"""The figures of the report, as SVG files, drawn from computed cells."""

from __future__ import annotations

from collections.abc import Callable
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
from ressin.report.plan import NAMES, SPLITS, Cell
from ressin.report.prepared_figures import plot_labels, plot_round_trip, round_trip
from ressin.report.tables import Ceiling, Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ressin.data.store.store import Prepared

SMOOTHED = 20  # iterations in a shown mean of the loss
COLOURS = {
    "fusion-mix": PHASIC,
    "eda-mix": TONIC,
    "music-svm": "#007A5A",
    "eda-classical": "#8a5fa0",
    "eda-cnn": SIGNAL,
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


def write_figures(prepared: Prepared, results: Results, ceiling: Ceiling, folder: Path) -> list[Picture]:
    """Write what can be drawn from the data and the cells."""
    drawn: list[tuple[str, str, Callable[[], Figure]]] = []
    labelled = prepared.subjects[prepared.subjects["threshold_arousal"].notna()]
    if len(labelled):
        subject = str(labelled["subject"].iloc[0])
        text = f"Fig. 2. Ratings of subject {subject}, the two centres, and the thresholds halfway between them."
        drawn.append(("figure2", text, lambda: plot_labels(prepared, subject)))
    trip = round_trip(prepared, str(prepared.recordings["recording_id"].iloc[0]))
    errors = ", ".join(
        f"{name} {error:.1e}" for name, error in zip(("origin", "phasic", "tonic"), trip.error, strict=True)
    )
    text = (
        f"Fig. 3. The channels of recording {trip.recording_id} as signals and as 224 x 224 pictures, and what the "
        f"pictures say when read back; root mean square error as a share of the range: {errors}."
    )
    drawn.append(("figure3", text, lambda: plot_round_trip(trip)))
    split = next((name for name in SPLITS if curves_of(results, name)), None)
    if split is not None:
        text = f"Fig. 5. Training loss, {split} split: mean over the folds and over {SMOOTHED} iterations."
        drawn.append(("figure5", text, lambda: plot_losses(curves_of(results, split))))
    if any("metrics" in result for result in results.values()):
        text = (
            "Accuracy on new samples, by split, with 95 % intervals; dashed: always the majority; dotted: the ceiling."
        )
        drawn.append(("splits", text, lambda: plot_splits(results, ceiling)))
    pictures = []
    for name, caption, draw in drawn:
        path = folder / f"{name}.svg"
        save_figure(draw(), path)
        pictures.append(Picture(path, caption))
    return pictures


def curves_of(results: Results, split: str) -> dict[Cell, list[float]]:
    """Find the mean training losses of the networks on EDA and on both."""
    return {
        cell: result["curve"]
        for cell, result in results.items()
        if cell.split == split and cell.model in ("eda-mix", "fusion-mix") and result.get("curve")
    }


def plot_losses(curves: dict[Cell, list[float]]) -> Figure:
    """Draw training losses (Fig. 5), one panel per label."""
    labels = list(dict.fromkeys(cell.label for cell in curves))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(4.2 * max(len(labels), 1), 3.2), layout="constrained")
        axes = figure.subplots(1, max(len(labels), 1), sharey=True, squeeze=False)[0]
        for axis, label in zip(axes, labels, strict=False):
            for cell, curve in curves.items():
                if cell.label == label:
                    loss = smoothed(np.array(curve))
                    axis.plot(np.arange(1, len(loss) + 1), loss, color=COLOURS[cell.model], label=NAMES[cell.model])
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


def plot_splits(results: Results, ceiling: Ceiling) -> Figure:
    """Draw accuracies with their intervals, split by split, one panel per label."""
    labels = list(dict.fromkeys(cell.label for cell, result in results.items() if "metrics" in result))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 2.6 * len(labels) + 0.5), layout="constrained")
        axes = figure.subplots(len(labels), 1, squeeze=False)[:, 0]
        shown = [
            split for split in SPLITS if any(cell.split == split and "metrics" in results[cell] for cell in results)
        ]
        for axis, label in zip(axes, labels, strict=True):
            _draw_splits(axis, {cell: value for cell, value in results.items() if cell.label == label}, ceiling, shown)
            axis.set(ylabel="accuracy", title=label, xticks=range(len(shown)), xticklabels=shown)
        handles = {
            text: handle for axis in axes for handle, text in zip(*axis.get_legend_handles_labels(), strict=True)
        }
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_splits(axis: Axes, results: Results, ceiling: Ceiling, splits: list[str]) -> None:
    for place, split in enumerate(splits):
        models = [name for name in COLOURS if _cell(results, split, name) is not None]
        for order, name in enumerate(models):
            cell = _cell(results, split, name)
            assert cell is not None
            value, low, high = results[cell]["metrics"]["accuracy"]
            x = place + 0.13 * (order - (len(models) - 1) / 2)
            errors = [[value - low], [high - value]]
            axis.errorbar(x, value, errors, fmt="o", color=COLOURS[name], label=NAMES[name], capsize=2, markersize=5)
            often, span = results[cell]["majority"]["accuracy"][0], (place - 0.4, place + 0.4)
            axis.plot(span, (often, often), color=SIGNAL, linestyle="--", linewidth=0.8)
            if (cell.label, split) in ceiling:
                best = ceiling[cell.label, split]
                axis.plot(span, (best, best), color="#202020", linestyle=":", linewidth=1.0)


def _cell(results: Results, split: str, model: str) -> Cell | None:
    """Find a model's cell under a split; its results are all of one label."""
    found = (cell for cell in results if (cell.split, cell.model) == (split, model))
    return next(found, None)
