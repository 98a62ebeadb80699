"""Normalisation over two processes against torch's over the whole batch, in double precision."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from ressin.learn.model.shared_norm import SharedNorm1d, SharedNorm2d
from tests.learn.conftest import PYTHONPATH

PROGRAM = """
import sys
import torch
from tests.learn.model.test_shared_norm import CASES, halves, outcome
rank, folder = int(sys.argv[1]), sys.argv[2]
torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
found = {name: outcome(shared(5, affine=affine).double(), halves(shape)[rank])
         for name, (shared, _, shape, affine) in CASES.items()}
torch.save(found, f"{folder}/found{rank}")
torch.distributed.barrier()
torch.distributed.destroy_process_group()
"""

CASES: dict[str, tuple[type[nn.Module], type[nn.Module], tuple[int, ...], bool]] = {
    "features": (SharedNorm1d, nn.BatchNorm1d, (7, 5), False),
    "signals": (SharedNorm1d, nn.BatchNorm1d, (7, 5, 6), True),
    "pictures": (SharedNorm2d, nn.BatchNorm2d, (7, 5, 3, 4), True),
}


def whole(shape: tuple[int, ...]) -> torch.Tensor:
    return 3.0 + torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def halves(shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Four samples and three."""
    return whole(shape)[:4], whole(shape)[4:]


def outcome(norm: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """What is normalised, its gradients for a loss that weighs every number differently, and the running moments."""
    x = x.clone().requires_grad_()
    out = norm(x)
    (out.pow(3) * (1.0 + out.cos())).sum().backward()
    gradients = {f"gradient of {name}": weight.grad for name, weight in norm.named_parameters()}
    return {"out": out.detach(), "input": x.grad, **gradients, **norm.state_dict()}


def test_two_processes_normalise_as_one(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": PYTHONPATH, "OMP_NUM_THREADS": "1"}
    commands = [[sys.executable, "-c", PROGRAM, str(rank), str(tmp_path)] for rank in range(2)]
    running = [subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) for command in commands]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    found = [torch.load(tmp_path / f"found{rank}") for rank in range(2)]
    for name, (_, alone, shape, affine) in CASES.items():
        expected = outcome(alone(5, affine=affine).double(), whole(shape))
        parts = [one[name] for one in found]
        assert set(parts[0]) == set(expected)
        for key, value in expected.items():
            got = [part[key] for part in parts]
            if key in ("out", "input"):
                both = torch.cat(got)
            elif key.startswith("gradient"):
                both = got[0] + got[1]  # which the training's own averaging adds
            else:
                assert torch.equal(*got), f"{name}: {key} differs between the processes"
                both = got[0]
            torch.testing.assert_close(both, value, rtol=1e-10, atol=1e-10, msg=f"{name}: {key}")


@pytest.mark.parametrize("name", CASES)
def test_one_process_normalises_as_torch_does(name: str) -> None:
    shared, alone, shape, affine = CASES[name]
    ours, theirs = (outcome(kind(5, affine=affine).double(), whole(shape)) for kind in (shared, alone))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
