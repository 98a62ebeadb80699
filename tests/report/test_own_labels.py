"""Recordings with a ready label of their own name and no ratings: the same commands, without further options."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

from ressin.cli import main
from ressin.data.preparation.prepare import prepare
from ressin.data.sources.manifest import read_manifest
from ressin.errors import InvalidInputError
from ressin.report import plan as plans
from ressin.report import reproduce as module
from ressin.report.plan import Cell
from tests.data.folders import write_wave
from tests.report.brief import brief_plan


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A prepared folder of twelve recordings of six people, labelled calm or not."""
    rows = []
    for number in range(12):
        write_wave(tmp_path / f"{number}.csv", 20.0 + number)
        rows.append((f"{number}.csv", f"s{number % 6}", f"m{number % 4}", number // 6 % 2))
    pd.DataFrame(rows, columns=["recording", "subject", "stimulus", "calm_label"]).to_csv(
        tmp_path / "manifest.csv", index=False
    )
    prepare(read_manifest(tmp_path / "manifest.csv"), tmp_path / "prepared", n_threads=1)
    return tmp_path / "prepared"


def test_a_report_takes_the_labels_that_there_are(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def quick_ones(*arguments: object, **keywords: object) -> list[Cell]:
        return [cell for cell in plans.cells_of(*arguments, **keywords) if cell.model == "eda-classical"]  # type: ignore[arg-type]

    monkeypatch.setattr(module, "cells_of", quick_ones)
    result = module.reproduce(own, tmp_path / "report", brief_plan(), models=False)
    assert (result.computed, result.missing) == (3, ())
    about = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    assert {cell["label"] for cell in about["cells"]} == {"calm"}
    assert "Fig. 3" in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


def test_figures_without_ratings_say_so(own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", str(own), str(tmp_path / "figures")]) == 0
    assert "\nno figure 2: nobody has rated both arousal and valence\n" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["figure3.svg"]
    assert main(["figures", str(own), str(tmp_path / "figures"), "--subject", "s1"]) == 1
    assert "subject 's1' has rated nothing in arousal and valence" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["arousal", "valence", "stress_rating"])
def test_ratings_of_one_dimension_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: str) -> None:
    def quick_ones(*arguments: object, **keywords: object) -> list[Cell]:
        cells = plans.cells_of(*arguments, **keywords)  # type: ignore[arg-type]
        return [cell for cell in cells if cell.model in ("regression", "within")]

    rows = []
    for number in range(16):
        write_wave(tmp_path / f"{number}.csv", 20.0 + number)
        rows.append((f"{number}.csv", f"s{number % 4}", f"m{number % 5}", 1 + number * 7 % 5))
    names = ["recording", "subject", "stimulus", column]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "manifest.csv", index=False)
    prepare(read_manifest(tmp_path / "manifest.csv"), tmp_path / "prepared", n_threads=1)
    monkeypatch.setattr(module, "cells_of", quick_ones)
    result = module.reproduce(tmp_path / "prepared", tmp_path / "report", brief_plan(), models=False)
    assert result.missing == ()
    page = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    label = column.removesuffix("_rating")
    assert f"| labels | {label}" in page.replace("arousal, valence: ", f"{label}: ")
    assert "a person's own ratings make their labels" in page
    assert "Fig. 2" not in page  # which is of the plane


def test_labels_of_more_classes_say_how_one_is_told_from_the_others(tmp_path: Path) -> None:
    write_wave(tmp_path / "a.csv", 100.0)
    rows = [("a.csv", "s", f"m{k}", 20 * k, 20 * k + 20, ["rest", "film", "task"][k % 3]) for k in range(4)]
    names = ["recording", "subject", "stimulus", "start", "end", "state_label"]
    pd.DataFrame(rows, columns=names).to_csv(tmp_path / "manifest.csv", index=False)
    prepare(read_manifest(tmp_path / "manifest.csv"), tmp_path / "prepared", n_threads=1)
    with pytest.raises(InvalidInputError, match=r"state has 3 \(film, rest, task\): --label state=film tells one"):
        module.reproduce(tmp_path / "prepared", tmp_path / "report", brief_plan())


def conditions(folder: Path, n_stimuli: int) -> Path:
    """Overlapping windows of four people, whose stimulus is the condition."""
    rows = []
    for person in range(4):
        write_wave(folder / f"{person}.csv", 150.0 + person)
        for k in range(8):
            stimulus, label = f"m{k // 2 % n_stimuli}", k // 2 % 2
            rows.append((f"{person}.csv", f"s{person}", stimulus, 15 * k, 15 * k + 30, label))
    names = ["recording", "subject", "stimulus", "start", "end", "calm_label"]
    pd.DataFrame(rows, columns=names).to_csv(folder / "manifest.csv", index=False)
    prepare(read_manifest(folder / "manifest.csv"), folder / "prepared", n_threads=1)
    return folder / "prepared"


@pytest.mark.parametrize("n_stimuli", [2, 4])
def test_a_stimulus_that_is_the_condition_gets_fewer_folds_or_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_stimuli: int
) -> None:
    def quick_ones(*arguments: object, **keywords: object) -> list[Cell]:
        return [cell for cell in plans.cells_of(*arguments, **keywords) if cell.model in ("time", "within")]  # type: ignore[arg-type]

    monkeypatch.setattr(module, "cells_of", quick_ones)
    plan = dataclasses.replace(brief_plan(), n_folds=4)
    splits = ("random", "subject", "song", "one-subject")
    result = module.reproduce(conditions(tmp_path, n_stimuli), tmp_path / "report", plan, splits=splits, models=False)
    about = json.loads((tmp_path / "report" / "results.json").read_text(encoding="utf-8"))
    folds = {cell["split"]: cell["n_folds"] for cell in about["cells"]}
    if n_stimuli == 2:
        [(name, reason)] = result.missing  # said once, not for every model
        assert name == "calm, song split"
        assert "nothing to learn; 2 of 2 values of stimulus have calm labels of one kind only" in reason
        assert folds == {"random": 4, "subject": 4, "one-subject": 4}
    else:
        assert result.missing == ()
        assert folds == {"random": 4, "subject": 4, "song": 2, "one-subject": 4}
        song = next(cell for cell in about["cells"] if cell["split"] == "song")
        assert min(song["left_out"]) > 0  # windows that reach into the other part
        assert "each of the 4 stimuli has one calm label (2 high, 2 low)" in song["remark"]
