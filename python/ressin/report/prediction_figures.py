"""Figures of the predictions: ROC, calibration, confusion, accuracy of each person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ressin.plots.backend import import_matplotlib  # noqa: F401  # with its folder it has imported matplotlib

# isort: split
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ressin.plots.decomposition import PHASIC, SIGNAL
from ressin.plots.style import STYLE
from ressin.report.plan import ALL_SPLITS, NAMES, Cell
from ressin.report.predictions import Predictions, calibration, confusion, people, roc_points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ressin.report.tables import Results

Found = dict[Cell, Predictions]

_ACROSS = 3  # panels side by side


def panels(count: int, width: float, height: float, *, share: bool = False) -> tuple[Figure, list[Axes]]:
    """Make a figure of so many panels of a size in inches, three in a row, within the house's style."""
    across = min(max(count, 1), _ACROSS)
    down = -(-max(count, 1) // across)
    figure = Figure(figsize=(width * across, height * down), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False, sharex=share, sharey=share).ravel()
    for axis in axes[count:]:
        axis.set_axis_off()
    return figure, list(axes[:count])


def legend_below(figure: Figure, axes: Sequence[Axes]) -> None:
    """Write one legend of what several panels show, with a column for each panel in a row."""
    handles = {text: handle for axis in axes for handle, text in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=min(len(axes), _ACROSS), frameon=False
    )


def plot_roc(found: Found, results: Results, colours: dict[str, str]) -> Figure:
    """Draw ROC curves, one panel per label, with their areas."""
    labels = list(dict.fromkeys(cell.label for cell in found))
    with mpl.rc_context(STYLE):
        figure, axes = panels(len(labels), 3.4, 3.6, share=True)
        for axis, label in zip(axes, labels, strict=True):
            for cell, predictions in _in_order(found, label, colours):
                area = results[cell]["metrics"]["roc_auc"][0]
                text = f"{NAMES[cell.model]}: {'not defined' if area is None else f'{area:.2f}'}"
                axis.plot(*roc_points(predictions), color=colours[cell.model], linewidth=1.2, label=text)
            axis.plot((0, 1), (0, 1), color=SIGNAL, linewidth=0.8, linestyle="--")
            axis.set(xlabel="false positive rate", ylabel="true positive rate", title=label, aspect="equal")
            axis.legend(loc="lower right", frameon=False, fontsize=7, title="area under the curve", title_fontsize=7)
    return figure


def plot_calibration(found: Found, colours: dict[str, str]) -> Figure:
    """Draw the share of high over the predicted probability, one panel per label."""
    labels = list(dict.fromkeys(cell.label for cell in found))
    with mpl.rc_context(STYLE):
        figure, axes = panels(len(labels), 3.4, 3.4, share=True)
        for axis, label in zip(axes, labels, strict=True):
            for cell, predictions in _in_order(found, label, colours):
                bins = calibration(predictions)
                errors = np.abs(bins[["low", "high"]].to_numpy().T - bins["observed"].to_numpy())
                axis.errorbar(
                    bins["predicted"], bins["observed"], errors, color=colours[cell.model], marker="o", markersize=3,
                    linewidth=1.0, elinewidth=0.6, label=NAMES[cell.model],
                )  # fmt: skip
            axis.plot((0, 1), (0, 1), color=SIGNAL, linewidth=0.8, linestyle="--", label="perfectly calibrated")
            axis.set(xlabel="predicted probability of high", ylabel="share that is high", title=label, aspect="equal")
        legend_below(figure, axes)
    return figure


def plot_confusion(found: Found) -> Figure:
    """Draw the confusion matrices of one model, one for each label and split."""
    cells = sorted(found, key=lambda cell: (cell.label, ALL_SPLITS.index(cell.split)))
    with mpl.rc_context({**STYLE, "axes.spines.left": False, "axes.spines.bottom": False}):
        figure, axes = panels(len(cells), 2.3, 2.4)
        for axis, cell in zip(axes, cells, strict=True):
            counts = confusion(found[cell])
            shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            axis.imshow(shares, cmap="Blues", vmin=0.0, vmax=1.0)
            for (row, column), share in np.ndenumerate(shares):
                axis.text(
                    column, row, f"{share:.0%}\n{counts[row, column]:,}", ha="center", va="center",
                    color="white" if share > 0.6 else "black",
                )  # fmt: skip
            axis.set(xticks=(0, 1), xticklabels=("low", "high"), yticks=(0, 1), yticklabels=("low", "high"))
            axis.set(xlabel="predicted", ylabel="rated", title=f"{cell.label}, {cell.split}")
            axis.tick_params(length=0)
    return figure


def plot_people(found: Found) -> Figure:
    """Draw the accuracy of each person, sorted, beside always answering their own majority; a panel per label."""
    cells = sorted(found, key=lambda cell: cell.label)
    with mpl.rc_context(STYLE):
        figure, axes = panels(len(cells), 3.4, 3.0, share=True)
        for axis, cell in zip(axes, cells, strict=True):
            table = people(found[cell])
            place = np.arange(1, len(table) + 1)
            axis.scatter(place, table["majority"], s=9, color=SIGNAL, marker="_", label="always their own majority")
            axis.scatter(place, table["accuracy"], s=12, color=PHASIC, label=NAMES[cell.model])
            middle = float(np.average(table["accuracy"], weights=table["n"]))
            axis.axhline(middle, color=PHASIC, linewidth=0.8, linestyle="--")
            axis.set(xlabel="people, in order of accuracy", ylabel="accuracy", title=cell.label, ylim=(-0.03, 1.03))
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        legend_below(figure, axes)
    return figure


def _in_order(found: Found, label: str, colours: dict[str, str]) -> Iterable[tuple[Cell, Predictions]]:
    cells = [cell for cell in found if cell.label == label and cell.model in colours]
    order = list(colours)
    return [(cell, found[cell]) for cell in sorted(cells, key=lambda cell: order.index(cell.model))]
