"""Progress of a batch: none, a bar, or a callback, wherever it can be asked for."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from ressin._progress import Stages, check_progress, show_progress
from ressin.errors import InvalidInputError, MissingExtraError


def test_nothing_is_told_unless_it_is_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    with show_progress(False, 3, "signal") as count, Stages(False) as stages:
        assert count is None
        stages.tell("music", 1, 2)
    assert capfd.readouterr() == ("", "")


def test_a_function_is_told_the_last_count_at_a_good_end_only() -> None:
    told: list[tuple[int, int]] = []
    with show_progress(lambda done, total: told.append((done, total)), 3, "signal") as count:
        assert count is not None
        count(1, 3)
    assert told == [(1, 3), (3, 3)]
    with pytest.raises(RuntimeError), show_progress(lambda done, total: told.append((done, total)), 3, "signal"):
        raise RuntimeError
    assert told == [(1, 3), (3, 3)]


def test_stages_are_told_by_name() -> None:
    told: list[tuple[str, int, int]] = []
    with Stages(lambda *call: told.append(call)) as stages:
        stages.tell("music", 1, 2)
        stages.count("recordings")(3, 4)
    assert told == [("music", 1, 2), ("recordings", 3, 4)]


def test_bars_are_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm", reason="tqdm is not installed")
    with show_progress(True, 3, "signal") as count:
        assert count is not None
        count(1, 3)
    with Stages(True) as stages:
        stages.tell("music", 1, 2)
        stages.tell("recordings", 5, 5)
    out, err = capfd.readouterr()
    assert out == ""
    for text in ("cvxEDA", "3/3", "music", "1/2", "recordings", "5/5"):
        assert text in err


@pytest.mark.parametrize(
    "made", [lambda value: Stages(value), lambda value: show_progress(value, 1, "signal").__enter__()]
)
@pytest.mark.parametrize("value", [None, "yes", 1])
def test_anything_else_is_refused_by_name(made: Any, value: object) -> None:
    with pytest.raises(InvalidInputError, match=rf"progress is {value!r}; it must be True, False or a function of"):
        made(value)


def test_a_training_refuses_it_too() -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    from ressin.learn.training.progress import Display

    with pytest.raises(InvalidInputError, match="a function of one TrainingProgress"):
        Display("yes", "arousal", 0, 1)  # type: ignore[arg-type]


def test_without_tqdm_a_bar_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(MissingExtraError, match="tqdm"), show_progress(True, 1, "signal"):
        raise AssertionError("not reached")
    check_progress(True)
