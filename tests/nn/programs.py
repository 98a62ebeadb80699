"""Random programmes with random losses, and their derivative by central differences of the solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ressin.nn.batch import stack_program
from ressin.nn.layer import cvxeda
from ressin.nn.operators import cvxeda_operator
from tests.signals import simulate

TOL = 1e-11  # far below the default, so that differences of the solver are differences of the solution
STEP = 1e-5


@dataclass(frozen=True)
class Draw:
    """A batch of signals of one rate and length with programmes of their own, and a random linear loss in the parts."""

    rate: float
    settings: dict[str, Any]
    weight: Tensor | None
    inputs: dict[str, Tensor]  # signal (B, n); alpha, gamma, tau0, tau1 (B,)
    cotangents: tuple[Tensor, ...]  # in phasic, tonic, driver

    def losses(self, inputs: dict[str, Tensor]) -> Tensor:
        """Compute one loss a signal, (B,)."""
        values: dict[str, Any] = {k: v for k, v in inputs.items() if k != "signal"}
        parts = cvxeda(inputs["signal"], self.rate, **values, **self.settings, sample_weight=self.weight, tol=TOL)
        return sum(((c * x).sum(1) for c, x in zip(self.cotangents, parts[:3], strict=True)), torch.zeros(()))

    def active(self, inputs: dict[str, Tensor]) -> Tensor:
        """Which driver samples outweigh their multiplier, (B, n), in the solver's unit."""
        names = ("alpha", "gamma", "tau0", "tau1")
        program = stack_program(inputs["signal"].shape[:-1], inputs["signal"], tuple(inputs[k] for k in names))
        s = {"standardize": True, "revision": "2025", "baseline": "linear", **self.settings}
        *_, curvature, _ = cvxeda_operator(
            inputs["signal"], None, self.weight, program, self.rate, 10.0, s["revision"], s["baseline"],
            s["standardize"], TOL, 100, 1,
        )  # fmt: skip
        return torch.lt(curvature, 1.0)


def draw(seed: int, count: int) -> Draw:
    rng = np.random.default_rng(seed)
    rate = float(rng.choice([2.0, 4.0, 8.0, 32.0]))
    n = int(rng.integers(60, 200))
    settings = {
        "revision": ["2025", "2015"][seed % 2],
        "baseline": ["none", "constant", "linear", "spline"][seed // 2 % 4],
        "standardize": bool(seed // 8 % 2),
        "n_threads": 1,
    }
    signal = torch.tensor(np.stack([simulate(rate, n / rate, 1000 * seed + b) for b in range(count)]))
    weight = None
    if seed % 3 == 0:
        weight = torch.tensor(rng.uniform(0.5, 2.0, signal.shape) * (rng.uniform(size=signal.shape) > 0.1))

    def uniform(low: float, high: float) -> Tensor:
        return torch.tensor(np.exp(rng.uniform(np.log(low), np.log(high), count)))

    inputs = {
        "signal": signal,
        "alpha": uniform(3e-4, 3e-3),
        "gamma": uniform(1e-3, 1e-1),
        "tau0": uniform(1.5, 4.0),
        "tau1": uniform(0.3, 1.2),
    }
    cotangents = tuple(torch.tensor(s * rng.standard_normal(signal.shape)) for s in (1.0, 1.0, 0.01))
    return Draw(rate, settings, weight, inputs, cotangents)


@dataclass(frozen=True)
class Comparison:
    """Derivatives along one input of each signal of a draw, (B,)."""

    name: str
    ours: Tensor
    differences: Tensor
    settled: Tensor  # no driver sample becomes active or inactive between the two points of the difference

    def agrees(self, relative: float = 1e-4) -> Tensor:
        """Whether the two are within a relative error; 1e-7 is the rounding of the difference where it is zero."""
        return (self.ours - self.differences).abs() <= relative * self.differences.abs() + 1e-7


def compare(drawn: Draw, seed: int) -> list[Comparison]:
    """Compare the gradient with central differences, along a random direction of the signal and each parameter."""
    leaves = {k: v.clone().requires_grad_() for k, v in drawn.inputs.items()}
    gradients = dict(zip(leaves, torch.autograd.grad(drawn.losses(leaves).sum(), list(leaves.values())), strict=True))
    generator = torch.Generator().manual_seed(seed)
    found = []
    for name, value in drawn.inputs.items():
        direction = torch.randn(value.shape, generator=generator, dtype=value.dtype) if name == "signal" else value
        ours = gradients[name] * direction
        ends = [{**drawn.inputs, name: value + h * direction} for h in (STEP, -STEP)]
        differences = (drawn.losses(ends[0]) - drawn.losses(ends[1])) / (2 * STEP)
        settled = (drawn.active(ends[0]) == drawn.active(ends[1])).all(dim=1)
        found.append(Comparison(name, ours.sum(1) if name == "signal" else ours, differences, settled))
    return found
