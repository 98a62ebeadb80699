"""How near a stream's final samples are to the whole recording's, against the lag: a table and docs/stream_lag.png.

    python -m bench.stream_lag        a simulated recording; real ones too where RESSIN_EDA_DIR names their folder

The distance is the 99th percentile over the final samples of |phasic - phasic of the whole recording|, in standard
deviations of the signal; baseline="none", mean and deviation of the whole recording given. Beside it stands how far the
whole recording's own solution moves when the recording ends `lag` seconds after the sample: a stream cannot know
whether it does, so no method that waits for `lag` can be surer than about half of that.
"""

from __future__ import annotations

from pathlib import Path

from bench import threads

threads.limit_to_one()

import numpy as np  # noqa: E402
from tests.signals import RECORDINGS, Signal, eda_folder, read  # noqa: E402

import ressin  # noqa: E402

LAGS = (5, 10, 15, 20, 30, 40, 50, 60)
PICTURE = Path(__file__).parents[1] / "docs" / "stream_lag.png"
CONTEXT = 240  # s before the end of a shortened recording: with baseline="none" nothing older matters
EVERY = 7  # s between the ends that are tried; prime to the knots' spacing


def recordings() -> list[tuple[str, Signal, float]]:
    """Return name, signal and rate of each recording."""
    hours = 4.6
    simulated = ressin.simulate_eda(3600 * hours, 4.0, n_scr=2500, drift=0.02, rng=np.random.default_rng(0)).signal
    found = [(f"simulated, {hours:g} h at 4 Hz", simulated, 4.0)]
    folder = eda_folder()
    for k, name in (
        (0, "resting, 507 s at 100 Hz"),
        (2, "wristband, 61 min at 4 Hz"),
        (3, "wristband, poor contact, 42 min at 4 Hz"),
    ):
        if folder is not None:
            found.append((name, *read(RECORDINGS[k], folder)))
    return found


def by_stream(y: Signal, rate: float, whole: Signal, lag: float) -> float:
    """Return the distance of a stream's final phasic part to the whole recording's."""
    stream = ressin.Stream(rate, lag=lag, mean=y.mean(), deviation=y.std())
    step = round(rate)
    results = [stream.push(y[first : first + step]) for first in range(0, y.size, step)]
    assert all(result.converged for result in results)
    final = np.concatenate([result.final.phasic for result in results])
    return float(np.quantile(np.abs(final - whole[: final.size]), 0.99) / y.std())


def by_ending(y: Signal, rate: float, whole: Signal) -> list[float]:
    """Return how far the whole recording's phasic part moves, `lag` before its end, when it ends early."""
    z = (y - y.mean()) / y.std()
    moved: list[list[Signal]] = [[] for _ in LAGS]
    spacing = round(10 * rate)
    starts = []
    pieces = []
    ends = range(round(max(LAGS) * rate) + spacing, y.size, round(EVERY * rate))
    for end in ends:
        first = max(0, (end - round(CONTEXT * rate)) // spacing * spacing)
        starts.append(first)
        pieces.append(z[first:end])
    results = ressin.decompose_batch(pieces, rate, baseline="none", standardize=False, n_threads=1)
    for end, first, result in zip(ends, starts, results, strict=True):
        for k, lag in enumerate(LAGS):
            last = end - round(lag * rate)
            some = slice(max(first, last - round(EVERY * rate)), last)
            moved[k].append(np.abs(result.phasic[some.start - first : some.stop - first] - whole[some] / y.std()))
    return [float(np.quantile(np.concatenate(parts), 0.99)) for parts in moved]


def draw(curves: dict[str, tuple[list[float], list[float]]], path: Path) -> None:
    """Draw distance against lag, each recording's with what ending early would change as a dotted line."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from ressin import plots

    with mpl.rc_context(plots.STYLE):
        figure = Figure(figsize=(7.0, 3.8), layout="constrained")
        axes = figure.subplots()
        colours = (plots.TONIC, plots.DRIVER, plots.PHASIC, "#A0528F")
        for colour, (name, (stream, ending)) in zip(colours, curves.items(), strict=False):
            axes.semilogy(LAGS, stream, color=colour, marker="o", markersize=3, label=name)
            axes.semilogy(LAGS, ending, color=colour, linestyle=":", linewidth=1)
        axes.axhline(0.02, color="#7a7a7a", linewidth=0.7)
        axes.annotate("0.02", (LAGS[-1], 0.02), textcoords="offset points", xytext=(0, 3), ha="right", color="#5a5a5a")
        axes.set_xlabel("lag (s)")
        axes.set_ylabel("distance to the whole recording\n(99th percentile, standard deviations)")
        axes.set_title("Final phasic part of a stream; dotted: the whole recording, had it ended there")
        axes.legend(frameon=False)
        figure.savefig(path, dpi=150)


def main() -> None:
    print("| recording |", " | ".join(f"{lag} s" for lag in LAGS), "|")
    print("| --- |", " | ".join("---:" for _ in LAGS), "|")
    curves = {}
    for name, y, rate in recordings():
        whole = ressin.decompose(y, rate, baseline="none").phasic
        stream = [by_stream(y, rate, whole, lag) for lag in LAGS]
        ending = by_ending(y, rate, whole)
        curves[name] = (stream, ending)
        print(f"| {name} |", " | ".join(f"{x:.2g}" for x in stream), "|", flush=True)
        print("| the whole, had it ended there |", " | ".join(f"{x:.2g}" for x in ending), "|", flush=True)
    draw(curves, PICTURE)
    print(f"\n{PICTURE.name} drawn")


if __name__ == "__main__":
    main()
