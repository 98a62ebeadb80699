"""Claims: a picture costs at most two copies of itself and a tenth of torch's resize; batches come at 5,000 samples/s.

    python -m bench.test_image

Picture and resize on one thread, on a recording of 45 s at 50 Hz with three channels, drawn to 3 x 224 x 224; the
answers are compared before anything is timed. The batches are those of training (random crops, labels beside them), of
100 samples, on every core.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from ressin import _core
from ressin.data.samples.labelled import LabelledData
from ressin.image import ImageSettings, PackedSignals, empty_images
from ressin.learn.training.dataset import BatchStream, Inputs, SignalImages

RATE, SECONDS, SIZE = 50, 45, 224
COPIES, RESIZES, SAMPLES_PER_SECOND = 2.0, 10.0, 5_000.0


@dataclass(frozen=True)
class Times:
    """Seconds per picture, the fastest of many turns of each."""

    picture: float
    copy: float
    resize: float
    antialiased: float


def recordings(n: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [np.cumsum(rng.normal(size=(3, RATE * SECONDS)), axis=1).astype(np.float32) for _ in range(n)]


def race(turns: int = 300) -> Times:
    """Check the answer, then time the picture, a copy of it and torch's resize in turns."""
    torch.set_num_threads(1)
    packed, out = PackedSignals.pack(recordings(1), RATE), empty_images((1, 3, SIZE, SIZE))
    target = empty_images(out.shape)
    grid = _grid(packed.recording(0))

    def resize() -> torch.Tensor:
        return torch.nn.functional.interpolate(grid, size=(SIZE, SIZE), mode="bilinear", align_corners=False)

    difference = np.abs(packed.draw([0], out=out, n_threads=1) - resize().numpy()).max()
    assert difference <= 1e-6, f"the picture differs from torch's by {difference:.1e}"
    index, shifts = np.zeros(1, np.int64), np.zeros((1, 2), np.int64)
    mean = np.zeros(3, np.float32)
    fixed = (packed.values, packed.offsets, packed.sampling_rates, index, shifts, mean)
    sides = (
        lambda: _core.draw_images(*fixed, False, out, 1),
        lambda: np.copyto(target, out),
        resize,
        lambda: _core.draw_images(*fixed, True, out, 1),
    )
    return Times(*_fastest(sides, turns))


def _grid(recording: np.ndarray) -> torch.Tensor:
    signal = torch.from_numpy(recording)
    low, high = signal.amin(1, keepdim=True), signal.amax(1, keepdim=True)
    return ((signal - low) / (high - low)).reshape(1, 3, SECONDS, RATE)


def _fastest(sides: tuple[Callable[[], object], ...], turns: int) -> list[float]:
    best = [float("inf")] * len(sides)
    for _ in range(turns):
        for k, side in enumerate(sides):
            side()
            start = time.perf_counter()
            side()
            best[k] = min(best[k], time.perf_counter() - start)
    return best


class Pictures:
    """Draws pictures alone, as a model without music would be fed."""

    def __init__(self, images: SignalImages) -> None:
        self.images = images

    def inputs(self, index: np.ndarray, shifts: np.ndarray | None) -> Inputs:
        return (self.images.draw(index, shifts),)


def batches_per_second(n: int = 1000, n_batches: int = 100, batch_size: int = 100) -> float:
    """Samples a second of a `BatchStream` whose batches are used up at once."""
    label = np.arange(n) % 2
    names = np.array([str(k) for k in range(n)])
    data = LabelledData(
        label_name="arousal",
        signals=PackedSignals.pack(recordings(n), RATE),
        place=np.arange(n),
        recording_id=names,
        pair=names,
        subject=names,
        stimulus=names,
        label=label,
        rating=np.full(n, np.nan),
        music=np.zeros((0, 0), np.float32),
        music_row=np.full(n, -1),
    )
    source = Pictures(SignalImages(data, (0, 1, 2), ImageSettings(SIZE), mean=[0.5, 0.1, 0.5]))
    stream = BatchStream(source, label, np.arange(n), batch_size, seed=0, crop_padding=8)
    for _ in stream.batches(0, 10):
        pass
    start = time.perf_counter()
    count = sum(len(batch.index) for batch in stream.batches(10, 10 + n_batches))
    return count / (time.perf_counter() - start)


def test_a_picture_costs_at_most_two_copies_of_itself() -> None:
    times = race()
    assert times.picture <= COPIES * times.copy, f"{times.picture * 1e6:.1f} us, a copy {times.copy * 1e6:.1f} us"


def test_a_picture_costs_at_most_a_tenth_of_a_resize() -> None:
    times = race()
    assert RESIZES * times.picture <= times.resize, f"{times.picture * 1e6:.1f} us, torch {times.resize * 1e6:.1f} us"


def test_batches_come_fast_enough() -> None:
    rate = batches_per_second()
    assert rate >= SAMPLES_PER_SECOND, f"{rate:,.0f} samples/s"


def main() -> None:
    times = race()
    print("| 3 x 45 x 50 to 3 x 224 x 224, one thread | time | ratio |")
    print("|---|---:|---:|")
    print(f"| ressin ({_core.image_instruction_set()}) | {times.picture * 1e6:.1f} us | |")
    print(f"| a plain copy of the picture | {times.copy * 1e6:.1f} us | {times.picture / times.copy:.2f}x of it |")
    resize = f"{times.resize / times.picture:.0f}x faster"
    print(f"| torch.nn.functional.interpolate | {times.resize * 1e6:.0f} us | {resize} |")
    print(f"| ressin, antialias | {times.antialiased * 1e6:.0f} us | |")
    print(f"| training batches of 100, {os.cpu_count()} cores | {batches_per_second():,.0f} samples/s | |")


if __name__ == "__main__":
    main()
