"""The commands of the README and of docs/ are ones that the program takes, and the Python for each step runs."""

from __future__ import annotations

import re
import shlex
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from ressin.cli.main import make_parser
from ressin.data.samples import splits
from ressin.data.samples.labelled import LabelledData
from ressin.report import plan as plans
from ressin.report import reproduce as module
from tests.pages import PAGES, README, ROOT, blocks
from tests.report.brief import brief_plan, few_cells

STEPS = ROOT / "docs" / "res_sin.md"


def commands() -> list[str]:
    """Every ``ressin ...`` of the shell blocks, without what follows ``#``."""
    lines = [line for page in PAGES for block in blocks(page, "sh") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in re.split(r"&&|\|", line.split("  #")[0])]
    return list(dict.fromkeys(part for part in parts if part.startswith("ressin ")))


def test_there_are_commands() -> None:
    names = {command.split()[1] for command in commands()}
    assert names == set(re.findall(r"^    (\w+)", make_parser().format_help(), re.MULTILINE))  # every one that there is


@pytest.mark.parametrize("command", commands())
def test_every_command_is_taken(command: str) -> None:
    assert callable(make_parser().parse_args(shlex.split(command)[1:]).run)


def test_the_first_command_installs_what_the_demo_needs() -> None:
    line = next(line for line in README.read_text(encoding="utf-8").splitlines() if "ressin demo" in line)
    assert '".[all]" && ressin demo' in line


@pytest.mark.slow
def test_the_python_of_each_step_runs(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = blocks(STEPS, "python")
    (tmp_path / "PMEmo").symlink_to(simulated)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plans, "make_plan", lambda name: brief_plan())
    monkeypatch.setattr(module, "cells_of", few_cells)
    monkeypatch.setattr(splits, "make_splits", partial(splits.make_splits, n_folds=2))  # of six people
    found: dict[str, object] = {}
    exec(compile(block, str(STEPS), "exec"), found)
    data, again = found["data"], found["again"]
    assert isinstance(data, LabelledData)
    assert isinstance(again, np.ndarray)
    assert again.shape == (len(data),)
    assert (tmp_path / "report" / "report.html").is_file()
    assert "estimated time" in capsys.readouterr().out
