"""Claim: the backward pass of the differentiable layer against its forward pass, 512 signals; one thread."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from bench.claims import Claim, Race, run_in_benchmark
from bench.work import BATCH, BATCH_RATE, batch
from ressin.nn import cvxeda

CLAIM = Claim("gradients of the batch of 512, all parts and parameters", "the forward pass", 1 / 0.6, 8)
STEP = 1e-6


def prepare() -> Race:
    signals = torch.tensor(np.stack(batch()), requires_grad=True)  # (512, 2250)
    values = {"alpha": 8e-4, "gamma": 1e-2, "tau0": 2.0, "tau1": 0.7}
    program: dict[str, Any] = {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in values.items()}
    weigh = [torch.randn(signals.shape, generator=torch.Generator().manual_seed(k)).double() for k in range(3)]
    leaves = [signals, *program.values()]

    def losses(given: torch.Tensor = signals) -> torch.Tensor:
        phasic, tonic, driver, _ = cvxeda(given, BATCH_RATE, **program, n_threads=1)
        return (weigh[0] * phasic + weigh[1] * tonic + 1e-3 * weigh[2] * driver).sum(dim=1)

    loss = losses().sum()

    def backward() -> tuple[torch.Tensor, ...]:
        return torch.autograd.grad(loss, leaves, retain_graph=True)

    def check() -> None:
        direction = torch.randn(signals.shape, generator=torch.Generator().manual_seed(9)).double()
        with torch.no_grad():
            ends = [losses(signals + h * direction) for h in (STEP, -STEP)]
        differences = (ends[0] - ends[1]) / (2 * STEP)
        right = ((backward()[0] * direction).sum(dim=1) - differences).abs() < 1e-3 * differences.abs() + 1e-4
        assert right.double().mean() > 0.9, right.double().mean()  # the others have a kink between the two points

    def solve() -> None:
        with torch.no_grad():
            losses()

    return Race(CLAIM, backward, solve, check, ours_signals=BATCH, peer_signals=BATCH, rounds=5)


def test_claim(benchmark: Any) -> None:
    torch.set_num_threads(1)
    run_in_benchmark(benchmark, prepare())
