"""Claims about the results, each computed from the cells and shown with its numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ressin.report.plan import NAMES, Cell
from ressin.report.tables import Ceiling, Results


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


def make_claims(results: Results, ceiling: Ceiling) -> list[Claim]:
    """Check every statement whose cells were computed."""
    claims = []
    for label in dict.fromkeys(cell.label for cell in results):
        claims += _fusion(results, label) + _distance(results, ceiling, label) + _channels(results, label)
        claims += _programmes(results, label)
    return claims


def _fusion(results: Results, label: str) -> list[Claim]:
    """Under subject-disjoint splits: fusion against either branch, and against the majority."""
    names = ("fusion-mix", "eda-mix", "music-svm")
    found = {name: results.get(Cell(label, "subject", name)) for name in names}
    fusion = found["fusion-mix"]
    if fusion is None:
        return []
    claims = []
    for name in names[1:]:
        other = found[name]
        if other is not None:
            ours, theirs = fusion["metrics"]["accuracy"][0], other["metrics"]["accuracy"][0]
            text = f"fusion beats {NAMES[name]} on new people"
            claims.append(Claim(label, text, ours > theirs, f"accuracy {ours:.1%} against {theirs:.1%}"))
    low, often = fusion["metrics"]["accuracy"][1], fusion["majority"]["accuracy"][0]
    high = fusion["majority"]["accuracy"][2]
    numbers = f"fusion from {low:.1%}, majority {often:.1%} and up to {high:.1%}"
    text = "on new people, the intervals of fusion and majority do not overlap"
    claims.append(Claim(label, text, low > high, numbers))
    return claims


def _distance(results: Results, ceiling: Ceiling, label: str) -> list[Claim]:
    """How far fusion comes from the majority to the simulator's ceiling, under subject-disjoint splits."""
    fusion = results.get(Cell(label, "subject", "fusion-mix"))
    if fusion is None or (label, "subject") not in ceiling:
        return []
    best, often = ceiling[label, "subject"], fusion["majority"]["accuracy"][0]
    ours = fusion["metrics"]["accuracy"][0]
    numbers = f"majority {often:.1%}, fusion {ours:.1%}, ceiling {best:.1%}"
    return [Claim(label, "fusion reaches half the way from majority to ceiling", ours >= (often + best) / 2, numbers)]


def _channels(results: Results, label: str) -> list[Claim]:
    """Table 1: whether the decomposition helps a regression."""
    table = results.get(Cell(label, "random", "regression"))
    if table is None:
        return []
    claims = []
    for method in dict.fromkeys(row["method"] for row in table["rows"]):
        error = {row["channel"]: row["rmse"][0] for row in table["rows"] if row["method"] == method}
        best = min(("phasic", "tonic"), key=lambda name: error[name])
        numbers = ", ".join(f"{name} {value:.4f}" for name, value in error.items())
        text = f"phasic or tonic beats origin in Table 1 ({method})"
        claims.append(Claim(label, text, error[best] < error["origin"], f"RMSE {numbers}"))
    return claims


def _programmes(results: Results, label: str) -> list[Claim]:
    """Under subject-disjoint splits: the network on the other decomposition against that on the report's own."""
    claims = []
    for cell, other in results.items():
        own = results.get(replace(cell, programme=""))
        if not cell.programme or (cell.label, cell.split) != (label, "subject") or own is None:
            continue
        ours, theirs = own["metrics"]["accuracy"][0], other["metrics"]["accuracy"][0]
        text = f"{NAMES[cell.model]} is better on the {cell.programme} programme's parts, on new people"
        claims.append(Claim(label, text, theirs > ours, f"accuracy {theirs:.1%} against {ours:.1%}"))
    return claims
