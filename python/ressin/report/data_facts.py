"""What a reader of the results must know of the data: how labels were made, what was dropped, how good they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ressin.data.sources.catalog import DIMENSIONS

if TYPE_CHECKING:
    from ressin.data.store.store import Prepared

PLANE = ", ".join(DIMENSIONS)


def data_facts(prepared: Prepared) -> list[tuple[str, str]]:
    """Give rows of (what, value) from a prepared folder's meta.json, its remarks and the quality of its parts."""
    meta = prepared.meta
    rows = [("labels", label_rule(meta, rules_of(prepared)))]
    if meta.get("in_words"):
        rows.append(("prepared", str(meta["in_words"])))
    names = ("window", "decomposition")
    rows += [(name, settings_text(meta["settings"][name])) for name in names if name in meta["settings"]]
    counts = meta.get("quality", {})
    rows.append(("quality", "; ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in counts.items())))
    refused = Counter(prepared.rejects.loc[prepared.rejects["action"] == "rejected", "kind"])
    listed = ", ".join(f"{number} x {kind}" for kind, number in refused.most_common())
    rows.append(("refused", listed or "nothing"))
    return rows


def rules_of(prepared: Prepared) -> dict[str, list[str]]:
    """Give the rule that applied to each subject, for every set of ratings that somebody gave."""
    subjects = prepared.subjects
    found = {PLANE: subjects["rule"].tolist()} if subjects["n_ratings"].sum() else {}
    return found | {name: subjects[f"rule_{name}"].tolist() for name in prepared.meta.get("ratings", ())}


def label_rule(meta: dict[str, Any], rules: dict[str, list[str]]) -> str:
    """Say how ratings became labels, and whose ratings.

    Parameters
    ----------
    meta
        ``meta.json`` of the prepared folder.
    rules
        From `rules_of`: the rule that applied to each subject, for arousal and valence, and for each other rating.
    """
    ready = meta.get("classes", {})
    given = [name for name in meta["labels"] if name in ready or name not in (*DIMENSIONS, *rules)]
    parts = [f"{', '.join(given)}: as the data give them"] if given else []
    settings = settings_text(meta["settings"].get("labels", {}))
    for ratings, applied in rules.items():
        names = [name for name in ratings.split(", ") if name not in given]
        counts = ", ".join(f"{number} x {name}" for name, number in Counter(applied).most_common())
        if names:
            parts.append(f"{', '.join(names)}: {_whose(meta)} ({settings}; subjects: {counts})")
    return "; ".join(parts)


def _whose(meta: dict[str, Any]) -> str:
    if meta["source"]["rating_source"] == "song mean":
        return "ratings are means over the listeners of a song, so that a label is the song's"
    return (
        "a person's own ratings make their labels, a test person's too: thresholds halfway between the centres of "
        "k-means on their points"
    )


def settings_text(values: dict[str, Any]) -> str:
    """Write settings as one line."""
    return ", ".join(f"{name} {value}" for name, value in values.items())
