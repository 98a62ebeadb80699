"""How the report says where labels come from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ressin.learn.model.recipes import changed, recipe
from ressin.report.data_facts import PLANE, label_rule
from ressin.report.write import class_told, network_facts


def test_whose_ratings_make_the_labels_is_said() -> None:
    own = {"labels": ["arousal", "valence"], "settings": {"labels": {"min_ratings": 4}}, "source": {}}
    text = label_rule({**own, "source": {"rating_source": "subject"}}, {PLANE: ["own", "own", "pooled"]})
    assert "a person's own ratings make their labels, a test person's too" in text
    assert "min_ratings 4" in text
    assert "2 x own, 1 x pooled" in text
    assert "the label is the song's" not in text
    song = label_rule({**own, "source": {"rating_source": "song mean"}}, {PLANE: ["song"]})
    assert "a label is the song's" in song
    assert "own ratings" not in song


def test_ready_labels_are_the_datas_own() -> None:
    meta = {"labels": ["arousal", "stress"], "settings": {}, "source": {"rating_source": "subject"}}
    assert label_rule(meta, {}) == "stress: as the data give them"


def test_ratings_of_another_dimension_make_its_labels_unless_they_are_ready() -> None:
    meta = {"labels": ["arousal", "valence", "stress", "joy", "state"], "source": {"rating_source": "subject"}}
    meta |= {"settings": {"labels": {"min_ratings": 4}}, "classes": {"state": ["0", "1"], "joy": ["0", "1"]}}
    text = label_rule(meta, {"stress": ["k-means", "k-means"], "joy": ["k-means", "k-means"]})
    assert text.startswith("joy, state: as the data give them; stress: a person's own ratings make their labels")
    assert text.endswith("(min_ratings 4; subjects: 2 x k-means)")


@pytest.mark.parametrize(
    ("network", "seen", "said"),
    [
        ("resnet18", "picture", "resnet18, the paper's subnet, none normalisation, 512 hidden units"),
        ("cnn1d", "signals", "cnn1d, called subnet in the tables, 0 hidden units, 3 members averaged"),
        ("mlp", "features", "mlp, called subnet in the tables, 0 hidden units, 6 members averaged"),
    ],
)
def test_the_network_is_named_with_what_it_sees(network: str, seen: str, said: str) -> None:
    settings = recipe(network)
    facts = dict(network_facts(settings))
    assert list(facts) == [seen, "network", "training", "chosen"]
    assert facts["network"] == said
    assert facts["chosen"] == "nothing: iterations and threshold are settings, the same for every fold"
    held = {"validation_share": 0.25, "validation_group": "subject", "threshold": "tuned"}
    chosen = dict(network_facts(changed(settings, {}, held)))["chosen"]
    assert chosen == "the iteration to stop at and the threshold: by 25% of each fold's training part, whole people"


def test_shares_are_told_in_the_words_of_the_data() -> None:
    classes = {"calm": ("0", "1"), "arousal": ("low", "high"), "mood": ("calm", "tense"), "state": ("a", "b", "c")}
    prepared: Any = SimpleNamespace(classes=classes)
    told = [class_told(prepared, name) for name in ("calm", "arousal", "mood", "state=a")]
    assert told == ["high", "high", "tense", "a"]
