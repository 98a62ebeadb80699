"""What a reader of the results must know of the data: how labels were made, what was dropped, how good they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ressin.data.store.store import Prepared


def data_facts(prepared: Prepared) -> list[tuple[str, str]]:
    """Give rows of (what, value) from a prepared folder's meta.json, its remarks and the quality of its parts."""
    meta = prepared.meta
    rows = [("labels", label_rule(meta, [str(rule) for rule in prepared.subjects["rule"]]))]
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


def label_rule(meta: dict[str, Any], rules: list[str]) -> str:
    """Say how ratings became labels, and whose ratings.

    Parameters
    ----------
    meta
        ``meta.json`` of the prepared folder.
    rules
        The rule that applied to each subject.
    """
    given = [name for name in meta["labels"] if name not in ("arousal", "valence")]
    parts = [f"{', '.join(given)}: as the data give them"] if given else []
    if rules:
        rule = settings_text(meta["settings"].get("labels", {}))
        whose = (
            "ratings are means over the listeners of a song, so that a label is the song's"
            if meta["source"]["rating_source"] == "song mean"
            else "a person's own ratings make their labels, a test person's too: thresholds halfway between the "
            "centres of k-means on their points"
        )
        counts = ", ".join(f"{number} x {name}" for name, number in Counter(rules).most_common())
        parts.append(f"arousal, valence: {whose} ({rule}; subjects: {counts})")
    return "; ".join(parts)


def settings_text(values: dict[str, Any]) -> str:
    """Write settings as one line."""
    return ", ".join(f"{name} {value}" for name, value in values.items())
