"""The layer shared between processes: gradients are those of the whole batch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ressin.nn import CvxEDA
from tests.nn.test_layer import RATE, signals

pytestmark = pytest.mark.slow

WORKER = """
import sys, torch
from torch.nn.parallel import DistributedDataParallel
from ressin.nn import CvxEDA

rank, folder = int(sys.argv[1]), sys.argv[2]
torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
layer = CvxEDA(4.0, learn=("alpha", "tau0"), n_threads=1)
signals = torch.load(f"{folder}/signals.pt")
shared = DistributedDataParallel(layer)
shared(signals[rank::2]).phasic.square().sum().backward()
torch.save([p.grad for p in layer.parameters()], f"{folder}/gradient{rank}.pt")
del shared  # before the group that it uses
torch.distributed.barrier()
torch.distributed.destroy_process_group()
"""


def test_two_processes_average_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    y = signals(4)
    torch.save(y, tmp_path / "signals.pt")
    workers = [subprocess.Popen([sys.executable, "-c", WORKER, str(rank), str(tmp_path)]) for rank in range(2)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    layer = CvxEDA(RATE, learn=("alpha", "tau0"), n_threads=1)
    layer(y).phasic.square().sum().backward()
    found = [torch.load(tmp_path / f"gradient{rank}.pt") for rank in range(2)]
    for parameter, one, other in zip(layer.parameters(), *found, strict=True):
        assert torch.equal(one, other)
        assert parameter.grad is not None
        torch.testing.assert_close(2 * one, parameter.grad, rtol=1e-5, atol=0)
