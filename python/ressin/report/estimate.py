"""How long a report will take: a few training steps are measured on this machine and multiplied."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ressin.data.samples.labelled import LabelledData
from ressin.learn.evaluation.baselines import SeriesClassifier
from ressin.learn.evaluation.evaluate import Fold
from ressin.learn.evaluation.network import NetworkClassifier
from ressin.learn.model.settings import TrainSettings
from ressin.learn.training.progress import TrainingProgress
from ressin.report.grid import Bench, classifier_of
from ressin.report.plan import Cell

STEPS = 3  # the first one warms up
SHORT_STEPS = 14  # of small pictures, and of signals, where the first half warms up
SMALL = 64  # pixels
FORWARD = 0.35  # a step's share that looking at a batch costs
SMALL_CELL = 3.0  # seconds for a cell without a network, on a few hundred recordings; they do not decide the total


class StepTimes:
    """Seconds of a training step of each kind of network, measured once."""

    def __init__(self) -> None:
        self._known: dict[object, float] = {}

    def of(self, data: LabelledData, classifier: NetworkClassifier | SeriesClassifier) -> float:
        """Look up a step, or carry some out."""
        kind: object = "series"
        if isinstance(classifier, NetworkClassifier):
            model = classifier.settings.model
            kind = (model.network, model.n_planes, model.use_eda)
        if kind not in self._known:
            self._known[kind] = seconds_per_step(data, classifier)
        return self._known[kind]


def model_seconds(bench: Bench, model: str, steps: StepTimes) -> float:
    """Estimate the seconds that training a network on all samples of each label will take."""
    classifier = NetworkClassifier(bench.plan.settings_of(model), device=bench.plan.device)
    training = classifier.settings.training
    return sum(training.limited(len(data)).iterations * steps.of(data, classifier) for data in bench.data.values())


def estimate_seconds(bench: Bench, cells: Sequence[Cell], steps: StepTimes | None = None) -> dict[Cell, float]:
    """Estimate the seconds that each cell will take on this machine.

    Parameters
    ----------
    bench
        Data and settings.
    cells
        Those still to be computed.
    steps
        What was measured already.

    Notes
    -----
    For each kind of network (one plane, three planes, music alone, 1-D) three training steps are carried out, or
    fourteen where they are short, and the median of the later ones counts for all iterations of all folds, with a third
    of it for every batch that is scored. The other models are taken at three seconds and six milliseconds a recording:
    little beside the networks.
    """
    steps = steps or StepTimes()
    expected = {}
    for cell in cells:
        data = bench.samples(cell)
        classifier = None if cell.model == "regression" else classifier_of(bench.plan, cell.model)
        if isinstance(classifier, SeriesClassifier):
            training = classifier.training
        elif isinstance(classifier, NetworkClassifier):
            training = classifier.settings.training
        else:
            expected[cell] = SMALL_CELL + 0.006 * len(data)
            continue
        scored = len(data) / training.batch_size * FORWARD
        iterations = training.limited(len(data)).iterations * bench.folds[cell.split].n_folds
        expected[cell] = steps.of(data, classifier) * (iterations + scored)
    return expected


def seconds_per_step(data: LabelledData, classifier: NetworkClassifier | SeriesClassifier) -> float:
    """Measure a training step, in seconds, on part of the data."""
    times: list[float] = []

    def tell(report: TrainingProgress) -> None:
        times.append(time.perf_counter())

    brief: NetworkClassifier | SeriesClassifier
    if isinstance(classifier, SeriesClassifier):
        training, is_short = classifier.training, True
        brief = dataclasses.replace(classifier, training=_brief(training, SHORT_STEPS))
    else:
        training, model = classifier.settings.training, classifier.settings.model
        is_short = model.network != "resnet18" or not model.use_eda or classifier.settings.image.size <= SMALL
        settings = dataclasses.replace(
            classifier.settings, training=_brief(training, SHORT_STEPS if is_short else STEPS)
        )
        brief = dataclasses.replace(classifier, settings=settings)
    index = _some_of_each(data.label, training.batch_size)
    brief.scores(data, index, index[:1], Fold(0, "estimate", None, tell))
    if not times:  # process 0 alone is told of progress, and tells
        return 0.0
    between = np.diff(times)
    return float(np.median(between[len(between) // 2 :] if is_short else between))


def _brief(training: TrainSettings, iterations: int) -> TrainSettings:
    return dataclasses.replace(training, iterations=iterations, validation_share=0.0, threshold="half")


def _some_of_each(label: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Take about n samples, with some of both classes."""
    parts = [np.flatnonzero(label == value)[: max(1, n // 2)] for value in (0, 1)]
    return np.sort(np.concatenate(parts))


class TimeLeft:
    """What is left, corrected by how long the finished cells took.

    Parameters
    ----------
    expected
        Estimated seconds of each cell.

    Notes
    -----
    The estimate has the weight of a tenth of all cells, so that the first small cells do not dominate the
    correction.
    """

    def __init__(self, expected: dict[Cell, float]) -> None:
        self.expected = dict(expected)
        self._foreseen = self._spent = 0.1 * sum(expected.values())

    def finish(self, cell: Cell, seconds: float) -> float:
        """Note that a cell took so many seconds; returns the seconds that the others will probably take."""
        self._foreseen += self.expected.pop(cell)
        self._spent += seconds
        return sum(self.expected.values()) * self._spent / max(self._foreseen, 1e-9)
