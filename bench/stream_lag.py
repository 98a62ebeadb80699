"""How near a stream's final samples are to the whole recording's, against the lag: a table and docs/stream_lag.png.

    python -m bench.stream_lag                 a simulated recording; real ones too where RESSIN_EDA_DIR names a folder
    python -m bench.stream_lag robust [WORD]   the robust programme, on at most an hour of each, or of those named so

Distances are 99th percentiles of |part - part of the whole recording|, the larger of phasic and tonic, in standard
deviations of the signal; baseline="none", mean and deviation of the whole recording given. The robust programme has
neither, and finds its settings in what there is: a stream, an ending or a continuation has others than the whole
recording, which counts as distance. Three rows a recording:

- the stream's final samples;
- the programme itself, solved exactly on what there is up to `lag` after the sample, as a recording that ends there;
- by how much the following samples change the result: half the range of the phasic part over the recording's own
  continuation and eight others, taken from other times of it. A method that waits for `lag` gives one value for all
  nine, so it errs by at least that much on one of them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import threads

threads.limit_to_one()

import numpy as np  # noqa: E402
from tests.signals import RECORDINGS, Signal, eda_folder, read  # noqa: E402

import ressin  # noqa: E402

LAGS = (5, 10, 15, 20, 30, 40, 50, 60)
PICTURE = Path(__file__).parents[1] / "docs" / "stream_lag.png"
ENDS = 500  # at which the recording is cut
PLACES, OTHERS = 100, 8  # at which it goes on otherwise, and in how many ways
PAST, FUTURE = 240, 120  # s of the recording, and of what follows, that such a one has


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


def distance(phasic: Signal, tonic: Signal) -> float:
    """Return the 99th percentile of the larger part's errors."""
    return float(max(np.quantile(np.abs(phasic), 0.99), np.quantile(np.abs(tonic), 0.99)))


@dataclass(frozen=True)
class Programme:
    """What is solved, on how much of a recording, and in how many ways a recording ends or goes on."""

    whole: dict[str, Any]
    stream: dict[str, Any]
    lags: tuple[int, ...]
    ends: int
    places: int
    seconds: float = np.inf


CVXEDA = Programme(
    {"baseline": "none", "standardize": False}, {"mean": 0.0, "deviation": 1.0}, LAGS, ends=ENDS, places=PLACES
)
ROBUST = Programme(
    {"programme": "robust"}, {"programme": "robust"}, (10, 20, 40, 60), ends=120, places=40, seconds=3600
)


def by_stream(z: Signal, rate: float, whole: ressin.Decomposition, lag: float, programme: Programme) -> float:
    """Return the distance of a stream's final parts to the whole recording's."""
    stream = ressin.Stream(rate, lag=lag, **programme.stream)
    step = round(rate)
    results = [stream.push(z[first : first + step]) for first in range(0, z.size, step)]
    assert all(result.converged for result in results)
    final = ressin.StreamParts.join([result.final for result in results])
    n = len(final)
    return distance(final.phasic - whole.phasic[:n], final.tonic - whole.tonic[:n])


def by_ending(z: Signal, rate: float, whole: ressin.Decomposition, programme: Programme) -> list[float]:
    """Return the distance of the second of samples that is `lag` before the end, where the recording ends early."""
    errors: list[list[tuple[Signal, Signal]]] = [[] for _ in programme.lags]
    for end in np.linspace((max(programme.lags) + 20) * rate, z.size, programme.ends).astype(int):
        cut = ressin.decompose(z[:end], rate, n_threads=1, **programme.whole)
        assert cut.converged
        for k, lag in enumerate(programme.lags):
            last = end - round(lag * rate)
            some = slice(last - round(rate), last)
            errors[k].append((cut.phasic[some] - whole.phasic[some], cut.tonic[some] - whole.tonic[some]))
    return [distance(*(np.concatenate(parts) for parts in zip(*found, strict=True))) for found in errors]


def by_future(z: Signal, rate: float, programme: Programme) -> list[float]:
    """Return how much the following samples change the result: half the range over the continuations."""
    rng = np.random.default_rng(0)
    spacing, past, future = round(10 * rate), round(PAST * rate), round(FUTURE * rate)
    halves: list[list[Signal]] = [[] for _ in programme.lags]
    for now in rng.integers(past, z.size - future, programme.places):
        first = (now - past) // spacing * spacing
        others = [z[at : at + future] + (z[now - 1] - z[at - 1]) for at in rng.integers(1, z.size - future, OTHERS)]
        whole = [np.concatenate([z[first:now], after]) for after in (z[now : now + future], *others)]
        found = ressin.decompose_batch(whole, rate, n_threads=1, **programme.whole)
        for k, lag in enumerate(programme.lags):
            last = now - first - round(lag * rate)
            halves[k].append(np.ptp([x.phasic[last - round(rate) : last] for x in found], axis=0) / 2)
    return [float(np.quantile(np.concatenate(parts), 0.99)) for parts in halves]


def draw(curves: dict[str, tuple[list[float], list[float]]], path: Path) -> None:
    """Draw distance against lag, with the exact solution on the samples up to then as a dotted line."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from ressin.plots import decomposition as plots

    with mpl.rc_context(plots.STYLE):
        figure = Figure(figsize=(7.0, 3.8), layout="constrained")
        axes = figure.subplots()
        colours = (plots.TONIC, plots.DRIVER, plots.PHASIC, "#A0528F")
        for colour, (name, (stream, ending)) in zip(colours, curves.items(), strict=False):
            axes.semilogy(LAGS, stream, color=colour, marker="o", markersize=3, label=name)
            axes.semilogy(LAGS, ending, color=colour, linestyle=":", linewidth=1)
        axes.axhline(0.02, color="#7a7a7a", linewidth=0.7)
        axes.annotate("0.02", (LAGS[-1], 0.02), textcoords="offset points", xytext=(0, 3), ha="center", color="#5a5a5a")
        axes.set_xlabel("lag (s)")
        axes.set_ylabel("distance to the whole recording\n(99th percentile, standard deviations)")
        axes.set_title("Final parts of a stream; dotted: the exact programme on what there is by then")
        axes.legend(frameon=False)
        figure.savefig(path, dpi=150)


def table(programme: Programme, word: str = "") -> dict[str, tuple[list[float], list[float]]]:
    """Print the rows of recordings that have `word` in their name, and return the first two of each."""
    print("| recording |", " | ".join(f"{lag} s" for lag in programme.lags), "|")
    print("| --- |", " | ".join("---:" for _ in programme.lags), "|")
    curves = {}
    for name, y, rate in recordings():
        if word not in name:
            continue
        y = y[: int(min(y.size, programme.seconds * rate))]
        z = (y - y.mean()) / y.std() if programme is CVXEDA else y / y.std()  # the robust programme knows what zero is
        whole = ressin.decompose(z, rate, **programme.whole)
        stream = [by_stream(z, rate, whole, lag, programme) for lag in programme.lags]
        curves[name] = stream, by_ending(z, rate, whole, programme)
        for words, row in zip(
            (name, "the programme by then", "the future"),
            (*curves[name], by_future(z, rate, programme)),
            strict=True,
        ):
            print(f"| {words} |", " | ".join(f"{x:.2g}" for x in row), "|", flush=True)
    return curves


def main() -> None:
    if sys.argv[1:2] == ["robust"]:
        table(ROBUST, *sys.argv[2:])
        return
    draw(table(CVXEDA), PICTURE)
    print(f"\n{PICTURE.name} drawn")


if __name__ == "__main__":
    main()
