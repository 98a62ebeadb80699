"""Training on a GPU, at the paper's size: pictures of 224 x 224, batches of 100.

    python -m bench.gpu              all of it, under eight minutes; exits 1 where an answer is wrong
    python -m bench.gpu --steps 20   shorter

First the answers: the losses of a training on the GPU follow the CPU's from the same seed, in single precision;
the layer gives the same parts and gradients for tensors on the GPU as on the CPU; with two GPUs, the losses of two
processes stand beside those of one. Then the speed: our step, with its pictures drawn on the CPU meanwhile, beside
torchvision's ``resnet18`` in a plain loop on pictures that are already there; and how many pictures the CPU draws for
each that the GPU takes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

import ressin
from bench.test_training import BATCH, RATE, recordings
from ressin.image import ImageSettings
from ressin.learn.model.decomposing import build_model
from ressin.learn.model.settings import LearnSettings, ModelSettings, TrainSettings
from ressin.learn.model.vision import import_torchvision
from ressin.learn.training.inputs import FusionInputs, fit_normalisation
from ressin.learn.training.machine import choose_precision, joined_processes
from ressin.learn.training.progress import TrainingProgress
from ressin.learn.training.trainer import Trainer
from ressin.nn import cvxeda

CURVE_TOLERANCE = 2e-3  # of a loss after a few steps: sums in another order, nothing else
PART_TOLERANCE = 1e-6


def trainer_on(
    device: torch.device,
    *,
    size: int,
    batch_size: int,
    iterations: int,
    precision: str,
    n: int,
    progress: object = False,
) -> Trainer:
    """The EDA network as `train` would train it."""
    data = recordings(n)
    training = TrainSettings(iterations=iterations, batch_size=batch_size, precision=precision)
    settings = LearnSettings(ModelSettings(use_music=False), training, ImageSettings(size))
    index = np.arange(n)
    source = FusionInputs(data, settings, fit_normalisation(data, index, settings))
    model = build_model(settings.model, 0, seed=0)
    return Trainer(
        model,
        source,
        data.label,
        index,
        index[:0],
        training,
        device=device,
        precision=choose_precision(settings, device),
        run={},
        progress=progress,  # type: ignore[arg-type]
    )


def losses(device: torch.device, iterations: int = 8) -> list[float]:
    """Training losses in single precision from the same seed, on small pictures."""
    found: list[float] = []

    def note(progress: TrainingProgress) -> None:
        found.append(progress.loss)

    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    trainer_on(device, size=64, batch_size=20, iterations=iterations, precision="fp32", n=100, progress=note).fit()
    return found


def check_losses(device: torch.device) -> float:
    """Return the largest difference of the GPU's losses from the CPU's."""
    here, there = losses(torch.device("cpu")), losses(device)
    furthest = max(abs(a - b) for a, b in zip(here, there, strict=True))
    assert furthest < CURVE_TOLERANCE, f"losses on the CPU {here}, on the GPU {there}"
    return furthest


def check_layer(device: torch.device) -> float:
    """Return the largest difference of the layer's parts and gradients between tensors on the GPU and on the CPU."""
    signals = np.stack([ressin.simulate_eda(40, 8, rng=np.random.default_rng(k)).signal for k in range(16)])
    results = []
    for where in (torch.device("cpu"), device):
        y = torch.tensor(signals, dtype=torch.float64, device=where, requires_grad=True)
        alpha = torch.tensor(8e-4, dtype=torch.float64, device=where, requires_grad=True)
        parts = cvxeda(y, 8.0, alpha=alpha)
        assert parts.phasic.device == y.device, f"parts on {parts.phasic.device}, the signal on {y.device}"
        (parts.phasic.square().sum() + parts.tonic.sum()).backward()  # type: ignore[no-untyped-call]
        assert y.grad is not None
        assert alpha.grad is not None
        results.append([x.detach().cpu() for x in (parts.phasic, parts.tonic, y.grad, alpha.grad)])
    furthest = max(float((a - b).abs().max() / (1 + a.abs().max())) for a, b in zip(*results, strict=True))
    assert furthest < PART_TOLERANCE, f"the layer on the GPU is {furthest:.1e} off"
    return furthest


def beside_each_other(n_processes: int) -> str:
    """Losses of a training shared by processes on a GPU each, beside those of one; "" where there are too few GPUs."""
    if torch.cuda.device_count() < n_processes:
        return ""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(n_processes), "-m", "bench.gpu"]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    done = subprocess.run([*command, "--shared"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    alone = " ".join(f"{loss:.4f}" for loss in losses(torch.device("cuda:0")))
    return f"{done.stdout.strip().splitlines()[-1]} beside {alone} of one"


def train_shared() -> int:
    """One of the processes that torchrun starts: train, and let the first say its losses."""
    with joined_processes() as me:
        found = losses(torch.device("cuda", torch.cuda.current_device()))
        if me.first:
            print(" ".join(f"{loss:.4f}" for loss in found))
    return 0


def plain_step(device: torch.device, size: int, batch_size: int, precision: str) -> Callable[[], None]:
    """One step of torchvision's network in a plain loop, on a batch that is already on the GPU."""
    import_torchvision()
    from torchvision.models import resnet18

    model = resnet18(num_classes=2).train().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    image = torch.rand(batch_size, 3, size, size, device=device)
    label = torch.randint(0, 2, (batch_size,), device=device)
    if precision == "bf16":
        model, image = model.to(memory_format=torch.channels_last), image.to(memory_format=torch.channels_last)

    def step() -> None:
        optimizer.zero_grad()
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
            loss = nn.functional.cross_entropy(model(image), label)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


def seconds_of(step: Callable[[], None], count: int) -> float:
    """Median seconds of a step, each waited for."""
    step()
    times = []
    for _ in range(count):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        step()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def our_seconds(device: torch.device, size: int, batch_size: int, count: int) -> tuple[float, str]:
    """Seconds of our step, over `count` of them in a run as `train` runs them, and the precision chosen."""
    marks: list[float] = []

    def note(_: TrainingProgress) -> None:
        marks.append(time.perf_counter())

    trainer = trainer_on(
        device,
        size=size,
        batch_size=batch_size,
        iterations=count + 5,
        precision="auto",
        n=4 * batch_size,
        progress=note,
    )
    trainer.fit()
    torch.cuda.synchronize()
    marks.append(time.perf_counter())
    return (marks[-1] - marks[4]) / (len(marks) - 5), trainer.precision


def drawn_per_second(size: int, batch_size: int) -> float:
    """Pictures that the CPU draws in a second, three channels each, on every core."""
    data = recordings(batch_size)
    index = np.arange(batch_size)
    settings = ImageSettings(size)
    out = data.signals.draw(index, settings)
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < 2.0:
        data.signals.draw(index, settings, out=out)
        count += batch_size
    return count / (time.perf_counter() - begin)


def main() -> int:
    """Print the checks and the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100, help="of each loop")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--shared", action="store_true", help="be one of the processes that torchrun starts")
    chosen = parser.parse_args()
    if chosen.shared:
        return train_shared()
    if not torch.cuda.is_available():
        print("no GPU that torch can use: nothing was measured", file=sys.stderr)
        return 2
    device = torch.device("cuda:0")
    machine = f"{torch.cuda.get_device_name(0)} x {torch.cuda.device_count()}, {os.cpu_count()} cores"
    print(f"{machine}, torch {torch.__version__}")
    print(f"losses on the GPU within {check_losses(device):.1e} of the CPU's (single precision, 8 steps)")
    print(f"layer on the GPU within {check_layer(device):.1e} of the CPU's, parts and gradients")
    print(f"losses of two processes: {beside_each_other(2) or 'not tried, there is one GPU'}")
    ours, precision = our_seconds(device, chosen.size, chosen.batch, chosen.steps)
    rows = [(f"ressin, {precision}, {RATE} Hz recordings drawn meanwhile", ours)]
    for name in ("fp32", "bf16"):
        step = plain_step(device, chosen.size, chosen.batch, name)
        rows.append((f"torchvision resnet18 in a plain loop, {name}", seconds_of(step, chosen.steps)))
    drawn = drawn_per_second(chosen.size, chosen.batch)
    print(f"\n| {chosen.size} x {chosen.size}, batch {chosen.batch} | ms a step | images/s |\n|---|---:|---:|")
    for text, seconds in rows:
        print(f"| {text} | {1e3 * seconds:.1f} | {chosen.batch / seconds:,.0f} |")
    print(f"| pictures drawn on the CPU | | {drawn:,.0f} |")
    print(f"\nthe CPU draws {drawn * ours / chosen.batch:.1f} pictures for each that our step takes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
