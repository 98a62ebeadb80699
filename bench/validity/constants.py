"""What each ingredient of the robust programme does, and a change of each constant by 10 %, on the seeds for tuning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import ressin
from bench.validity.methods import LEAST, STANDARD, Estimate, trough_to_peak
from bench.validity.scores import Score, score
from bench.validity.simulated import TUNING, Summary, recording
from bench.validity.tables import number, spread, table
from ressin import _core

DEFAULTS = {
    "threshold": 1.23, "misfit": 0.025, "outlier_cost": 4.0, "shift_cost": 9.0, "response_reach": 0.75,
    "recovery": 3.5, "recovery_most": 10.0, "outlier_reach": 0.5, "stiffness": 3.0, "before": 6.0,
    "passed_over": 1.0, "curvature": 1.7, "softest": 1.0, "stiffest": 6.0, "expected_bends": 5.0,
    "tau0": 2.0, "tau1": 0.7, "delta_knot": 10.0,
}  # fmt: skip
SETTINGS = ("tau0", "tau1", "delta_knot")  # of the public ones
CHANGES = (0.9, 1.1)
INGREDIENTS: dict[str, dict[str, float]] = {
    "no shifts": {"shift_cost": 1e6},
    "no outliers": {"outlier_cost": 1e6},
    "neither": {"shift_cost": 1e6, "outlier_cost": 1e6},
    "no reweighting": {"reweighting": 1e-9},
    "none of the three": {"shift_cost": 1e6, "outlier_cost": 1e6, "reweighting": 1e-9},
    "no recovery": {"recovery": 1e-3},
    "nothing before": {"before": 1e-6},
    "one stiffness for all": {"softest": 3.0, "stiffest": 3.0},
}  # what is left out, by what makes it too dear or of no effect


@dataclass(frozen=True)
class Task:
    kind: str
    seed: int
    seconds: float


def variants() -> dict[str, dict[str, float]]:
    """Return the constants of each variant by its name: the defaults, without each ingredient, and 10 % down and up."""
    changed = {
        f"{name} {change - 1:+.0%}": {name: value * change} for name, value in DEFAULTS.items() for change in CHANGES
    }
    return {"as it is": {}, **INGREDIENTS, **changed}


def decomposed(signal: np.ndarray, rate: float, constants: dict[str, float]) -> Estimate:
    """Decompose with other constants; responses are from trough to peak, of at least the smallest believed."""
    held = {name: constants.get(name, DEFAULTS[name]) for name in SETTINGS}
    others = {name: value for name, value in constants.items() if name not in SETTINGS}
    result: Any = _core.decompose_robust(
        [signal],
        [None],
        [1.0 / rate],
        held["tau0"],
        held["tau1"],
        held["delta_knot"],
        1e-8,
        200,
        1,
        None,
        constants=others,
    )[0]
    found = trough_to_peak(result["phasic"], rate, max(LEAST, result["smallest_response"]))
    return Estimate(result["phasic"], result["tonic"], {STANDARD: found})


def run(task: Task) -> dict[str, Score]:
    made: ressin.SimulatedRecording = recording(task.kind, task.seed, task.seconds)
    scores = {}
    for name, constants in variants().items():
        estimate = decomposed(made.signal, made.sampling_rate, constants)
        scores[name] = score(made, estimate, estimate.found[STANDARD])
    return scores


def main(*, seeds: int, minutes: float, workers: int, kinds: list[str]) -> None:
    """Print a row without each ingredient, and one for each constant, changed by -10 % and by 10 %."""
    tasks = [Task(kind, TUNING + k, 60.0 * minutes) for k in range(seeds) for kind in kinds]
    print("## Constants\n")
    print(
        f"{len(kinds)} kinds, {seeds} recordings of {minutes:g} min each, seeds for tuning; each constant by itself.\n"
    )
    collected: dict[str, dict[str, list[Score]]] = {name: {kind: [] for kind in kinds} for name in variants()}
    for task, scores in zip(tasks, spread(run, tasks, workers), strict=True):
        for name, value in scores.items():
            collected[name][task.kind].append(value)
    rows = ((name, *_figures(Summary(by_kind))) for name, by_kind in collected.items())
    table(("constant", "F1", "amplitude error", "tonic error", "phasic error", "false/min", "at rest/min"), rows)


def _figures(s: Summary) -> tuple[str, ...]:
    return (
        number(s.f1(), 3),
        number(100 * s.amplitude_error(), 1, " %"),
        number(s.error("tonic_error"), 3),
        number(s.error("phasic_error"), 3),
        number(s.false_per_minute()),
        number(s.false_per_minute(at_rest=True)),
    )
