"""Recordings with a ready label of their own name and no ratings: the same commands, without further options."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from ressin.cli import main
from ressin.data.preparation.prepare import prepare
from ressin.data.sources.manifest import read_manifest
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
    assert "\nno figure 2: nobody has rated arousal and valence\n" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["figure3.svg"]
    assert main(["figures", str(own), str(tmp_path / "figures"), "--subject", "s1"]) == 1
    assert "subject 's1' has rated nothing in arousal and valence" in capsys.readouterr().err
