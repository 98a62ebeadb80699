"""A report of a few cells and iterations, for tests that run it more than once, in this process or another."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import torch

from ressin.report import plan as plans
from ressin.report import reproduce as module
from ressin.report.plan import Cell, Plan, make_plan

PAGES = ("results.json", "report.md", "report.html")


def brief_plan(seed: int = 0) -> Plan:
    """Two folds, two iterations, tiny pictures."""
    training = {"iterations": 2, "batch_size": 8}
    return make_plan(
        "quick", n_folds=2, n_resamples=100, seed=seed, size=16, device="cpu", training=training, series=training
    )


def few_cells(*arguments: Any, **keywords: Any) -> list[Cell]:
    """The plan's cells on new people, without the 1-D network."""
    cells = plans.cells_of(*arguments, **keywords)
    return [cell for cell in cells if cell.split == "subject" and cell.model != "eda-cnn"]


def run(prepared: str | Path, folder: str | Path) -> dict[str, bytes]:
    """Write the report of one label on one thread; returns its pages."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with mock.patch.object(module, "cells_of", few_cells):
            module.reproduce(prepared, folder, brief_plan(), labels=("arousal",))
    finally:
        torch.set_num_threads(threads)
    return {name: (Path(folder) / name).read_bytes() for name in PAGES}
