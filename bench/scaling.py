"""Cost over the length of a recording, 1e3 to 1e7 samples: ``python -m bench.scaling [FOLDER]``, by default docs/.

One thread's time for one signal at 4, 50 and 1,000 Hz, drawn as ``scaling.png`` on logarithmic axes, and printed with
the slope of each line: 1 is linear growth.
"""

from __future__ import annotations

import sys
import time
import warnings
from pathlib import Path

from bench import threads

threads.limit_to_one()

import matplotlib as mpl  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

import ressin  # noqa: E402
from ressin.plots.files import save_figure  # noqa: E402
from ressin.plots.style import STYLE  # noqa: E402

LENGTHS = (1_000, 3_162, 10_000, 31_623, 100_000, 316_228, 1_000_000, 3_162_278, 10_000_000)
RATES = (4.0, 50.0, 1000.0)
PIECE = 3600.0  # seconds of a recording that are simulated at most; a longer one is made of them


def recording(n: int, rate: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return n samples: pieces of up to an hour, each with responses of its own, joined without a step."""
    pieces: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    level, length = 0.0, 0
    while length < n:
        duration = max(60.0, min(PIECE, (n - length) / rate + 1.0))
        piece = ressin.simulate_eda(duration, rate, rng=np.random.default_rng(len(pieces))).signal
        pieces.append(piece + (level - piece[0]))
        level, length = float(pieces[-1][-1]), length + piece.size
    return np.concatenate(pieces)[:n]


def measure(n: int, rate: float) -> float:
    """Seconds of the thread for one decomposition, the least of some."""
    signal = recording(n, rate)
    times = []
    for _ in range(max(2, min(20, 2_000_000 // n))):
        start = time.thread_time()
        result = ressin.decompose(signal, rate, n_threads=1)
        times.append(time.thread_time() - start)
        assert result.converged
        assert result.relative_gap <= 1e-8
    return min(times)


def main(folder: Path) -> None:
    warnings.simplefilter("ignore", ressin.QualityWarning)  # of parts that mirror each other: only the time counts
    print("| rate | " + " | ".join(f"{n:.0e}" for n in LENGTHS) + " | slope from 1e4 on |")
    print("| --- |" + " ---: |" * (len(LENGTHS) + 1))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.0, 4.0), layout="constrained")
        axes = figure.subplots()
        for rate in RATES:
            seconds = [measure(n, rate) for n in LENGTHS]
            far = [k for k, n in enumerate(LENGTHS) if n >= 10_000]
            slope = np.polyfit(np.log([LENGTHS[k] for k in far]), np.log([seconds[k] for k in far]), 1)[0]
            cells = " | ".join(f"{1e3 * s:.3g} ms" for s in seconds)
            print(f"| {rate:g} Hz | {cells} | {slope:.2f} |", flush=True)
            axes.loglog(LENGTHS, seconds, marker="o", markersize=3, label=f"{rate:g} Hz, slope {slope:.2f}")
        axes.set_xlabel("samples")
        axes.set_ylabel("seconds, one thread")
        axes.legend()
        save_figure(figure, folder / "scaling.png", title="Cost over length")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("docs"))
