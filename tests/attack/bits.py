"""Digests of what the package computes, for comparing runs in which unwritten memory holds other bytes."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator

import numpy as np

import ressin
from ressin.image import ImageSettings, PackedSignals


def arrays() -> Iterator[tuple[str, np.ndarray]]:
    """Yield everything that must not depend on memory that nobody has written."""
    signals = [
        ressin.simulate_eda(s, 8, n_scr=5, rng=np.random.default_rng(k)).signal for k, s in enumerate((40, 41, 55))
    ]
    signals[1][30:50] = np.nan
    kinds = {
        "interior": {},
        "active": {"solver": "active_set"},
        "robust": {"programme": "robust"},
        "osqp": {"solver": "osqp"},
    }
    for name, settings in kinds.items():
        for k, found in enumerate(ressin.decompose_batch(signals, 8, missing="solve", errors="return", **settings)):  # type: ignore[call-overload]
            for part in ("phasic", "tonic", "driver", "residual", "spline"):
                yield f"{name} {k} {part}", getattr(found, part)
    windows = ressin.decompose_windows(signals[0], 8, 20, 5)
    yield "windows", windows.phasic
    stream = ressin.Stream(8)
    yield "stream", stream.push(signals[2]).provisional.phasic
    packed = PackedSignals.pack([np.stack([x, x, x]).astype(np.float32) for x in (signals[0], signals[2])], 8)
    yield "pictures", packed.draw(np.arange(2), ImageSettings(32, True))
    if all(importlib.util.find_spec(name) for name in ("torch", "torchvision", "safetensors", "pyarrow")):
        yield from _learned(signals[0])


def _learned(signal: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    import torch

    from ressin.learn.model.settings import TrainSettings
    from ressin.learn.trained.train import train
    from ressin.nn import cvxeda
    from tests.learn.samples import made_up, small

    y = torch.tensor(signal, requires_grad=True)
    cvxeda(y, 8.0).phasic.square().sum().backward()  # type: ignore[no-untyped-call]
    assert y.grad is not None
    yield "gradient", y.grad.numpy()
    torch.set_num_threads(1)
    for size, precision in ((16, "auto"), (32, "bf16"), (24, "fp32")):
        settings = small(training=TrainSettings(iterations=2, batch_size=8, precision=precision), size=size)
        trained = train(made_up(n=24), np.arange(24), settings)
        for name, weight in trained.model.state_dict().items():
            yield f"{size} pixels, {precision}, {name}", weight.numpy()


def main() -> None:
    """Print a digest a line, and whether all is finite."""
    warnings.simplefilter("ignore")
    for name, array in arrays():
        digest = hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=8).hexdigest()
        finite = np.isfinite(array).all() or "residual" in name
        sys.stdout.write(f"{name}: {digest} {'finite' if finite else 'NOT FINITE'}\n")


if __name__ == "__main__":
    main()
