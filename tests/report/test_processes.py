"""`ressin reproduce` under torchrun: every training is shared, one process writes, and the results are those of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.learn.conftest import PYTHONPATH
from tests.report.brief import PAGES

PROGRAM = """
import sys
from unittest import mock
from ressin.learn.training.machine import joined_processes
from ressin.report import reproduce
from tests.report.brief import brief_plan, few_cells
def networks(*arguments, **keywords):
    return [cell for cell in few_cells(*arguments, **keywords) if cell.model == "fusion-mix"]
with joined_processes() as me, mock.patch.object(reproduce, "cells_of", networks):
    assert me.world == int(sys.argv[3])
    found = reproduce.reproduce(sys.argv[1], sys.argv[2], brief_plan(), labels=("arousal",), models=False)
    sys.stdout.write(f"{found.computed}/{found.read}\\n")  # at once: the processes share one pipe
"""


def cells_of(folder: Path) -> dict[str, dict[str, Any]]:
    return {path.name: json.loads(path.read_text()) for path in sorted((folder / "cells").glob("*.json"))}


@pytest.mark.slow
def test_two_processes_write_the_report_of_one(prepared_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    env = {**os.environ, "PYTHONPATH": PYTHONPATH, "OMP_NUM_THREADS": "1"}
    for world, start in ((1, []), (2, launcher)):
        words = [sys.executable, *start, "program.py", str(prepared_folder), f"report{world}", str(world)]
        done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["1/0"] * world
    alone, shared = cells_of(tmp_path / "report1"), cells_of(tmp_path / "report2")
    assert list(alone) == list(shared)
    curves = [name for name, cell in alone.items() if cell.get("curve")]
    assert len(curves) == 1
    for name in curves:
        np.testing.assert_allclose(shared[name]["curve"], alone[name]["curve"], atol=5e-5)
    assert {path.name for path in (tmp_path / "report2").iterdir()} >= set(PAGES)
    assert not list((tmp_path / "report2").rglob(".*.part.*"))
    assert not list((tmp_path / "report2" / "work").glob("*"))
