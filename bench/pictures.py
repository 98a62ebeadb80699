"""Draw the pictures of windows, a sweep and bands: `python -m bench.pictures [FOLDER]`, by default docs/."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import ressin
from ressin.plots.files import save_figure


def main(folder: Path) -> None:
    noisy = ressin.simulate_eda(45, 50, n_scr=5, noise=0.03, rng=np.random.default_rng(0))
    result = ressin.decompose(noisy.signal, 50, n_boot=200)
    save_figure(result.plot(), folder / "bands.png", title="Bands")
    wrist = ressin.simulate_eda(300, 4, n_scr=30, rng=np.random.default_rng(0))
    windows = ressin.decompose_windows(wrist.signal, 4, window=60, step=1)
    save_figure(windows.plot(), folder / "windows.png", title="Windows")
    lab = ressin.simulate_eda(120, 16, rng=np.random.default_rng(0))
    sweep = ressin.sweep(
        lab.signal, 16, alpha=np.logspace(-4, -1, 13), gamma=[1e-3, 1e-2, 1e-1], delta_knot=[5, 10, 20]
    )
    save_figure(sweep.plot(), folder / "sweep.png", title="Sweep")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs")
