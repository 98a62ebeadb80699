"""Claim: a training step is at least twice as fast as a plain single-precision ResNet-18 loop, on the same machine.

    python -m bench.test_training               the step, at 224 x 224, batch 100 (some minutes)
    python -m bench.test_training --busy        one thread and processor time, where others use the machine too
    python -m bench.test_training accuracy      what the precision costs: the same short training in both

Both sides do the same work: forward, cross-entropy, backward, SGD step on every core, on pictures that are ready
for the plain loop and drawn meanwhile for ours. The plain loop is torchvision's ``resnet18`` with two outputs.
Before anything is timed, our loss is compared with single precision from the same weights. Steps are taken in turns.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from ressin.data.samples.labelled import LabelledData
from ressin.image import ImageSettings, PackedSignals
from ressin.learn.evaluation.metrics import metrics
from ressin.learn.model.decomposing import build_model
from ressin.learn.model.settings import LearnSettings, ModelSettings, TrainSettings
from ressin.learn.model.vision import import_torchvision
from ressin.learn.trained.train import train
from ressin.learn.training.dataset import Batch
from ressin.learn.training.inputs import FusionInputs, fit_normalisation
from ressin.learn.training.machine import choose_precision
from ressin.learn.training.progress import TrainingProgress
from ressin.learn.training.trainer import Trainer

AT_LEAST = 2.0
RATE, SECONDS, BATCH = 50, 45, 100


def recordings(n: int, n_subjects: int = 20, seed: int = 0) -> LabelledData:
    """Made-up recordings: a high label has more responses than a low one, with overlap."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, size=n)
    signals = [_recording(rng, int(high)) for high in label]
    names = np.array([f"r{k}" for k in range(n)])
    subject = np.array([f"s{k % n_subjects}" for k in range(n)])
    return LabelledData(
        label_name="arousal",
        signals=PackedSignals.pack(signals, RATE),
        place=np.arange(n),
        recording_id=names,
        pair=names,
        subject=subject,
        stimulus=names,
        label=label,
        rating=np.full(n, np.nan),
        music=np.zeros((0, 0), np.float32),
        music_row=np.full(n, -1),
    )


def _recording(rng: np.random.Generator, high: int) -> np.ndarray:
    time_s = np.arange(RATE * SECONDS) / RATE
    phasic = np.zeros_like(time_s)
    for onset in rng.uniform(0, SECONDS, size=rng.poisson(6 + 4 * high)):
        after = np.maximum(time_s - onset, 0.0)
        phasic += rng.uniform(0.2, 1.0) * (np.exp(-after / 2.0) - np.exp(-after / 0.7))
    tonic = 3.0 + np.cumsum(rng.normal(0.0, 0.002, size=time_s.size))
    origin = phasic + tonic + rng.normal(0.0, 0.01, size=time_s.size)
    return np.stack([origin, phasic, tonic]).astype(np.float32)


def ours(data: LabelledData, size: int, batch_size: int, iterations: int) -> Trainer:
    """The EDA network as `train` would train it, with default precision and layout."""
    settings = LearnSettings(
        ModelSettings(use_music=False), TrainSettings(iterations=iterations, batch_size=batch_size), ImageSettings(size)
    )
    index = np.arange(len(data))
    source = FusionInputs(data, settings, fit_normalisation(data, index, settings))
    model = build_model(settings.model, 0, seed=0)
    device = torch.device("cpu")
    precision = choose_precision(settings, device)
    return Trainer(
        model, source, data.label, index, index[:0], settings.training, device=device, precision=precision, run={}
    )


def plain_loop(trainer: Trainer) -> Callable[[], None]:
    """One step of the plain loop, on a batch of ours."""
    import_torchvision()
    from torchvision.models import resnet18

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = resnet18(num_classes=2).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    batch = trainer.stream.batch(0)
    image = batch.inputs[0]
    assert image is not None

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(image), batch.label).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    return step


class Turns:
    """The progress of our training: after each of its steps the plain loop takes one."""

    def __init__(self, plain: Callable[[], None], clock: Callable[[], float]) -> None:
        self.step, self.clock, self.ours, self.plain = plain, clock, list[float](), list[float]()
        self.begin = clock()

    def __call__(self, progress: TrainingProgress) -> None:
        middle = self.clock()
        self.step()
        self.ours.append(middle - self.begin)
        self.begin = self.clock()
        self.plain.append(self.begin - middle)


def check_same_loss(trainer: Trainer) -> None:
    """The default precision gives the loss of single precision, from the same weights, to its own rounding."""
    batch: Batch = trainer.stream.batch(0)
    with torch.no_grad():
        fast = float(trainer._loss(trainer.model, batch)[0])
        image = batch.inputs[0]
        logits = trainer.model(image, None)
        exact = float(nn.functional.cross_entropy(logits, batch.label))
    assert abs(fast - exact) <= 0.02 * exact, f"loss {fast:.5f} in {trainer.precision}, {exact:.5f} in fp32"


def race(size: int = 224, batch_size: int = BATCH, steps: int = 3, busy: bool = False) -> tuple[float, float, str]:
    """Seconds of the fastest step, ours and the plain loop's, and our precision; the first of each is not counted.

    On a busy machine: processor seconds of one thread, which others change little.
    """
    torch.set_num_threads(1 if busy else os.cpu_count() or 1)
    data = recordings(batch_size)
    trainer = ours(data, size, batch_size, steps + 1)
    check_same_loss(trainer)
    turns = Turns(plain_loop(trainer), time.process_time if busy else time.perf_counter)
    trainer.progress = turns
    trainer.fit()
    return min(turns.ours[1:]), min(turns.plain[1:]), trainer.precision


def accuracy_in(precision: str, iterations: int = 60, size: int = 112) -> tuple[str, float]:
    """Test accuracy (with its interval) and last loss of a short training in one precision."""
    torch.set_num_threads(os.cpu_count() or 1)
    data = recordings(600, n_subjects=30)
    training = TrainSettings(
        iterations=iterations, batch_size=50, precision=precision, optimizer="adamw", decay_every=iterations // 2
    )
    settings = LearnSettings(ModelSettings(use_music=False), training, ImageSettings(size))
    index, test = np.arange(400), np.arange(400, 600)
    trained = train(data, index, settings)
    found = metrics(data.label[test], trained.predict(data, test), data.subject[test])["accuracy"]
    return str(found), trained.history.smoothed()[0]


def test_a_step_is_at_least_twice_as_fast_as_a_plain_loop() -> None:
    fast, plain, precision = race()
    assert plain >= AT_LEAST * fast, f"{fast:.2f} s in {precision}, plain loop {plain:.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", default="step", choices=["step", "accuracy"])
    parser.add_argument("--busy", action="store_true", help="one thread and processor time")
    parser.add_argument("--iterations", type=int, default=60, help="of the training behind the accuracy")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=BATCH)
    chosen = parser.parse_args()
    if chosen.what == "step":
        fast, plain, precision = race(chosen.size, chosen.batch, busy=chosen.busy)
        how = "processor time of one thread" if chosen.busy else f"{os.cpu_count()} cores"
        print(f"{platform.processor() or platform.machine()}, {how}, torch {torch.__version__}")
        print(f"| {chosen.size} x {chosen.size}, batch {chosen.batch} | one step | samples/s |")
        print("|---|---:|---:|")
        print(f"| plain torchvision loop, fp32 | {plain:.2f} s | {chosen.batch / plain:.1f} |")
        print(f"| ressin, {precision}, channels last, drawing included | {fast:.2f} s | {chosen.batch / fast:.1f} |")
        print(f"| ratio | **{plain / fast:.2f}x** | |")
        return
    print("| precision | test accuracy | training loss |")
    print("|---|---:|---:|")
    default = choose_precision(LearnSettings(), torch.device("cpu"))
    for precision in dict.fromkeys(["fp32", default]):
        accuracy, loss = accuracy_in(precision, chosen.iterations, chosen.size // 2)
        print(f"| {precision}{' (default here)' if precision == default else ''} | {accuracy} | {loss:.4f} |")


if __name__ == "__main__":
    main()
