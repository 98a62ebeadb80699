"""The tables of the report: the cells with the paper's figures and the majority."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ressin.report import paper
from ressin.report.plan import ALL_SPLITS, CONFOUNDS, NAMES, SELECTIONS, Cell

SHOWN = (
    ("balanced_accuracy", "balanced acc."),
    ("roc_auc", "ROC-AUC"),
    ("accuracy", "accuracy"),
    ("f1", "F1"),
    ("precision", "precision"),
    ("recall", "recall"),
)
Results = dict[Cell, dict[str, Any]]
Ceiling = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Table:
    """A table as text.

    Attributes
    ----------
    name
        For references, such as ``"table1"``.
    title
        Above it.
    header
        Heads of the columns.
    rows
        Cells; as many as the header has.
    note
        Below it.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def make_tables(results: Results, ceiling: Ceiling, *, papers: bool = True) -> list[Table]:
    """Lay out whatever was computed; a table without rows is left out.

    Parameters
    ----------
    results, ceiling
        The cells, and what a classifier with the simulator's latent variables reaches.
    papers
        Whether the paper's figures stand beside ours: where the data and the size are the paper's.
    """
    tables = [_regressions(results, papers)]
    main = "fusion" if any(cell.model.startswith("fusion-") for cell in results) else "eda"
    channels = [f"{main}-{name}" for name in SELECTIONS]
    heard = "As in the paper, the music is there in every row and the picture shows one channel or all three."
    alone = "The data have no music features: the subnet stands alone, where the paper's rows hear the music too."
    tables.append(
        _table(
            "table2_1",
            "Table 2 (1). What the picture is made of, random split",
            results,
            ceiling,
            papers,
            lambda cell: cell.split == "random" and cell.model in (*channels, *CONFOUNDS),
            heard if main == "fusion" else alone,
        )
    )
    together = ("eda-mix", "music-svm", f"{main}-mix")
    tables.append(
        _table(
            "table2_2",
            "Table 2 (2). EDA, music and both, random split",
            results,
            ceiling,
            papers,
            lambda cell: cell.split == "random" and cell.model in (*together, *CONFOUNDS),
            "A random split puts the same song and the same person in training and test.",
        )
    )
    tables.append(
        _table(
            "splits",
            "By split, beside stronger baselines",
            results,
            ceiling,
            papers,
            lambda cell: cell.model in (*together, *CONFOUNDS, "eda-classical", "eda-cnn"),
            "Subject: nobody tested was seen in training. Song: no song tested was heard in training.",
        )
    )
    rest = _table("grid", "The whole grid", results, ceiling, papers, lambda cell: True)
    tables += [rest] if len(rest.rows) > len(tables[-1].rows) + len(SELECTIONS) * len(_labels(results)) else []
    return [table for table in tables if table.rows]


def _table(
    name: str,
    title: str,
    results: Results,
    ceiling: Ceiling,
    papers: bool,
    wanted: Callable[[Cell], bool],
    note: str = "",
) -> Table:
    """One row per cell, after each label and split one for the majority and one for the ceiling."""
    rows: list[tuple[str, ...]] = []
    for label in _labels(results):
        for split in ALL_SPLITS:
            cells = [cell for cell in results if (cell.label, cell.split) == (label, split) and wanted(cell)]
            cells = sorted((cell for cell in cells if cell.model != "regression"), key=_order)
            cells = cells if any(cell.model not in CONFOUNDS for cell in cells) else []
            for cell in cells:
                printed = paper.classification(label, split, cell.model) if papers else {}
                texts = [
                    _with_paper(results[cell]["metrics"][metric], printed.get(metric), percent) for metric, _ in SHOWN
                ]
                rows.append((label, split, NAMES[cell.model], *texts))
            if cells:
                always = results[cells[0]]["majority"]
                rows.append((label, split, "always the majority", *(percent(always[metric]) for metric, _ in SHOWN)))
            if cells and (label, split) in ceiling:
                best = f"{100 * ceiling[label, split]:.1f}"
                rows.append((label, split, "simulator's ceiling", best, *[""] * (len(SHOWN) - 1)))
    header = ("label", "split", "model", *(head for _, head in SHOWN))
    legend = "In %, 95 % intervals by resampling subjects" + (
        "; “paper” is what the paper prints. " if papers else ". "
    )
    return Table(name, title, header, tuple(rows), legend + note + _remarks(results, wanted))


def _remarks(results: Results, wanted: Callable[[Cell], bool]) -> str:
    """Say what a reader must know of the folds, each thing once."""
    found = [results[cell].get("remark", "") for cell in results if wanted(cell) and cell.model != "regression"]
    left = {
        cell.split: sum(results[cell].get("left_out", ())) / results[cell]["n_folds"]
        for cell in results
        if wanted(cell) and any(results[cell].get("left_out", ()))
    }
    found += [
        f"{split} split: {number:.0f} samples a fold were left out of training, since they overlap a tested one"
        for split, number in left.items()
    ]
    return "".join(f" {remark[0].upper()}{remark[1:]}." for remark in dict.fromkeys(found) if remark)


def compare_programmes(results: Results, programme: str) -> list[Table]:
    """Lay out the network on both decompositions, row under row; no table where there is one decomposition.

    Parameters
    ----------
    results
        Of both folders.
    programme
        Of the folder that the report is about.
    """
    rows = []
    for also in sorted((cell for cell in results if cell.programme), key=_place):
        for cell in (replace(also, programme=""), also):
            if cell in results:
                texts = [percent(results[cell]["metrics"][metric]) for metric, _ in SHOWN]
                rows.append((cell.label, cell.split, NAMES[cell.model], cell.programme or programme, *texts))
    if not rows:
        return []
    header = ("label", "split", "model", "programme", *(head for _, head in SHOWN))
    note = (
        "In %, 95 % intervals by resampling subjects; the same samples in the same folds, decomposed by each programme."
    )
    return [Table("programmes", "The network on each decomposition", header, tuple(rows), note)]


def _place(cell: Cell) -> tuple[str, int, int]:
    return cell.label, ALL_SPLITS.index(cell.split), _order(cell)


def _order(cell: Cell) -> int:
    return list(NAMES).index(cell.model)


def _labels(results: Results) -> list[str]:
    return list(dict.fromkeys(cell.label for cell in results))


def _regressions(results: Results, papers: bool) -> Table:
    rows = []
    for cell, result in results.items():
        if cell.model != "regression":
            continue
        for row in result["rows"]:
            printed = paper.regression(cell.label, cell.split, row["method"], row["channel"]) if papers else {}
            texts = [_with_paper(row[name], printed.get(name), number) for name in ("rmse", "correlation")]
            rows.append((cell.label, cell.split, row["method"], row["channel"], *texts))
        rows.append((cell.label, cell.split, "mean rating", "", f"{result['mean']['rmse']:.4f}", ""))
    return Table(
        "table1",
        "Table 1. Ratings regressed on each channel",
        ("label", "split", "method", "channel", "RMSE", "r"),
        tuple(rows),
        "MLR: multiple linear regression; SVR: support vector regression. 0.6 Hz zero-phase low-pass, z-score, "
        "statistics of the channel; 95 % intervals by resampling subjects. “mean rating” always answers the mean of "
        "the training part.",
    )


def percent(value: list[float | None]) -> str:
    """Write an estimate in per cent."""
    return _interval(value, 100.0, 1)


def number(value: list[float | None]) -> str:
    """Write an estimate with four digits."""
    return _interval(value, 1.0, 4)


def _interval(value: list[float | None], factor: float, digits: int) -> str:
    middle, low, high = (None if part is None else f"{factor * part:.{digits}f}" for part in value)
    if middle is None:
        return "not defined"
    return middle if low is None else f"{middle} [{low}, {high}]"


def _with_paper(value: list[float | None], printed: float | None, write: Callable[[list[float | None]], str]) -> str:
    if printed is None:
        return write(value)
    return f"{write(value)} (paper {write([printed, None, None])})"
