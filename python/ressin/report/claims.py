"""Claims about the results, each computed from the cells and shown with its numbers.

A statement that one model is better than another holds where the interval of their difference, on the same resamples
of people, lies above zero from end to end, and the people are enough for that to tell something.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ressin.learn.evaluation.metrics import few_people
from ressin.report.plan import CONFOUNDS, NAMES, Cell
from ressin.report.tables import Ceiling, Results

Compare = Callable[[Cell, Cell | None], dict[str, list[float | None]]]
LEADING = ("balanced_accuracy", "roc_auc")


@dataclass(frozen=True)
class Claim:
    """A statement and whether it holds here.

    Attributes
    ----------
    label
        For which label.
    text
        The statement.
    holds
        Whether the numbers say so.
    numbers
        Which numbers.
    """

    label: str
    text: str
    holds: bool
    numbers: str


def make_claims(results: Results, ceiling: Ceiling, compare: Compare) -> list[Claim]:
    """Check every statement whose cells were computed.

    Parameters
    ----------
    results, ceiling
        The cells, and what a classifier with the simulator's latent variables reaches.
    compare
        Gives the difference of two cells' metrics with its interval; the majority for None.
    """
    claims = []
    for label in dict.fromkeys(cell.label for cell in results):
        found = _fusion(results, label, compare) + _distance(results, ceiling, label) + _channels(results, label)
        found += _time(results, label, compare) + _programmes(results, label, compare)
        few = few_people(min(results[cell]["n_subjects"] for cell in results if cell.label == label))
        claims += [replace(one, holds=False, numbers=f"{one.numbers}; {few}") for one in found] if few else found
    return claims


def _fusion(results: Results, label: str, compare: Compare) -> list[Claim]:
    """Under subject-disjoint splits: fusion against either branch, and against the majority."""
    fusion = Cell(label, "subject", "fusion-mix")
    if fusion not in results:
        return []
    others = [Cell(label, "subject", name) for name in ("eda-mix", "music-svm")]
    claims = [
        _better(f"fusion beats {NAMES[other.model]} on new people", fusion, other, compare)
        for other in others
        if other in results
    ]
    return [*claims, _better("fusion beats the majority on new people", fusion, None, compare)]


def _better(text: str, cell: Cell, other: Cell | None, compare: Compare) -> Claim:
    """State that a model's balanced accuracy is higher."""
    value, low, high = compare(cell, other)["balanced_accuracy"]
    return Claim(cell.label, text, low is not None and low > 0.0, f"balanced accuracy {points(value, low, high)}")


def points(value: float | None, low: float | None, high: float | None) -> str:
    """Write a difference of shares in points of per cent, with its interval."""
    if value is None:
        return "not defined"
    return f"{100 * value:+.1f}" + ("" if low is None or high is None else f" [{100 * low:+.1f}, {100 * high:+.1f}]")


def _distance(results: Results, ceiling: Ceiling, label: str) -> list[Claim]:
    """How far fusion comes from the majority to the simulator's ceiling, under subject-disjoint splits."""
    fusion = results.get(Cell(label, "subject", "fusion-mix"))
    if fusion is None or (label, "subject") not in ceiling:
        return []
    best, often = ceiling[label, "subject"], fusion["majority"]["accuracy"][0]
    ours, low = fusion["metrics"]["accuracy"][:2]
    numbers = f"accuracy: majority {often:.1%}, fusion {ours:.1%} (interval from {low:.1%}), ceiling {best:.1%}"
    return [Claim(label, "fusion reaches half the way from majority to ceiling", low >= (often + best) / 2, numbers)]


def _time(results: Results, label: str, compare: Compare) -> list[Claim]:
    """Say of each model under each split whether it beats the time in the session alone."""
    claims = []
    for cell in results:
        time = replace(cell, model="time", programme="")
        if cell.label != label or time not in results or cell.model in (*CONFOUNDS, "regression") or cell.programme:
            continue
        value, low, high = compare(cell, time)["roc_auc"]
        ours, theirs = (results[one]["metrics"]["roc_auc"][0] for one in (cell, time))
        numbers = f"ROC-AUC {_area(ours)} against {_area(theirs)}, {points(value, low, high)}"
        text = f"{NAMES[cell.model]} beats the time in the session alone ({cell.split} split)"
        claims.append(Claim(label, text, low is not None and low > 0.0, numbers))
    return claims


def _area(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.1%}"


def _channels(results: Results, label: str) -> list[Claim]:
    """Table 1: whether the decomposition helps a regression."""
    table = results.get(Cell(label, "random", "regression"))
    if table is None:
        return []
    claims = []
    for method in dict.fromkeys(row["method"] for row in table["rows"]):
        rows = {row["channel"]: row for row in table["rows"] if row["method"] == method}
        best = min(("phasic", "tonic"), key=lambda name: rows[name]["rmse"][0])
        less = rows[best].get("less_than_origin", [None, None, None])
        numbers = ", ".join(f"{name} {row['rmse'][0]:.4f}" for name, row in rows.items())
        if less[2] is not None:
            numbers += f"; {best} less origin {less[0]:+.4f} [{less[1]:+.4f}, {less[2]:+.4f}]"
        text = f"phasic or tonic beats origin in Table 1 ({method})"
        claims.append(Claim(label, text, less[2] is not None and less[2] < 0.0, f"RMSE {numbers}"))
    return claims


def _programmes(results: Results, label: str, compare: Compare) -> list[Claim]:
    """Under subject-disjoint splits: the network on the other decomposition against that on the report's own."""
    claims = []
    for cell in results:
        own = replace(cell, programme="")
        if not cell.programme or (cell.label, cell.split) != (label, "subject") or own not in results:
            continue
        text = f"{NAMES[cell.model]} is better on the {cell.programme} programme's parts, on new people"
        claims.append(_better(text, cell, own, compare))
    return claims
