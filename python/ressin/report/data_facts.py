"""What a reader of the results must know of the data: how labels were made, what was dropped, how good they are."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ressin.data.store.store import Prepared

_SHOWN = 6  # kinds of remarks on quality, the most frequent first


def data_facts(prepared: Prepared) -> list[tuple[str, str]]:
    """Give rows of (what, value) from a prepared folder's meta.json, its remarks and the quality of its parts."""
    settings = prepared.meta["settings"]
    rows = [("labels", label_rule(prepared.meta, [str(rule) for rule in prepared.subjects["rule"]]))]
    rows += [(name, settings_text(settings[name])) for name in ("window", "decomposition") if name in settings]
    rows += [(name, str(settings[name])) for name in ("decompose", "scale") if name in settings]
    table = prepared.recordings
    flags = Counter(flag.strip() for text in table["quality"] for flag in str(text or "").split(";") if flag.strip())
    doubtful = int((table["quality"].fillna("") != "").sum())
    named = "; ".join(f"{number} x {flag}" for flag, number in flags.most_common(_SHOWN))
    rows.append(("quality", f"{doubtful:,} of {len(table):,} with a remark" + (f": {named}" if named else "")))
    unsolved = int((~table["converged"].astype(bool)).sum())
    rows.append(("decomposed to the tolerance", f"{len(table) - unsolved:,} of {len(table):,}"))
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
