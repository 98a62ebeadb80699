"""How the report says where labels come from."""

from __future__ import annotations

from ressin.report.data_facts import label_rule


def test_whose_ratings_make_the_labels_is_said() -> None:
    own = {"labels": ["arousal", "valence"], "settings": {"labels": {"min_ratings": 4}}, "source": {}}
    text = label_rule({**own, "source": {"rating_source": "subject"}}, ["own", "own", "pooled"])
    assert "a person's own ratings make their labels, a test person's too" in text
    assert "min_ratings 4" in text
    assert "2 x own, 1 x pooled" in text
    assert "the label is the song's" not in text
    song = label_rule({**own, "source": {"rating_source": "song mean"}}, ["song"])
    assert "a label is the song's" in song
    assert "own ratings" not in song


def test_ready_labels_are_the_datas_own() -> None:
    meta = {"labels": ["arousal", "stress"], "settings": {}, "source": {"rating_source": "subject"}}
    assert label_rule(meta, []) == "stress: as the data give them"
