"""How long a report will take: a few training steps are measured on this machine and multiplied."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ressin.data.labelled import LabelledData
from ressin.learn.progress import TrainingProgress
from ressin.learn.settings import LearnSettings
from ressin.learn.training import train
from ressin.report.grid import Bench
from ressin.report.plan import Cell

STEPS = 3  # the first one warms up
FORWARD = 0.35  # a step's share that looking at a batch costs
SMALL_CELL = 3.0  # seconds for a cell without a network, on a few hundred recordings; they do not decide the total


def estimate_seconds(bench: Bench, cells: Sequence[Cell]) -> float:
    """Estimate the seconds that cells will take on this machine.

    Parameters
    ----------
    bench
        Data and settings.
    cells
        Those still to be computed.

    Notes
    -----
    For each kind of network (one plane, three planes, music alone) three training steps are carried out, and the
    time of the last two counts for all iterations of all folds, with a third of it for every batch that is scored. The
    other models are taken at three seconds and six milliseconds a recording: little beside the networks.
    """
    per_step: dict[tuple[int, bool], float] = {}
    total = 0.0
    for cell in cells:
        data = bench.data[cell.label]
        if not cell.is_network:
            total += SMALL_CELL + 0.006 * len(data)
            continue
        settings = bench.plan.settings_of(cell.model)
        kind = (settings.model.n_planes, settings.model.use_eda)
        if kind not in per_step:
            per_step[kind] = seconds_per_step(data, settings, bench.plan.device)
        n_folds, batch = bench.folds[cell.split].n_folds, settings.training.batch_size
        scored = len(data) / batch * FORWARD
        total += per_step[kind] * (settings.training.iterations * n_folds + scored)
    return total


def seconds_per_step(data: LabelledData, settings: LearnSettings, device: str) -> float:
    """Measure a training step, in seconds, on part of the data."""
    times: list[float] = []

    def tell(report: TrainingProgress) -> None:
        times.append(time.perf_counter())

    few = dataclasses.replace(settings.training, iterations=STEPS, validation_share=0.0)
    index = _some_of_each(data.label, settings.training.batch_size)
    train(data, index, dataclasses.replace(settings, training=few), device=device, progress=tell)
    return (times[-1] - times[0]) / (STEPS - 1)


def _some_of_each(label: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Take about n samples, with some of both classes."""
    parts = [np.flatnonzero(label == value)[: max(1, n // 2)] for value in (0, 1)]
    return np.sort(np.concatenate(parts))
