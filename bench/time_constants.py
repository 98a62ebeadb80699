"""How well `ressin.fit_time_constants` finds a person's time constants: ``python -m bench.time_constants``.

Simulated people with tau0 in 1.5-4 s and tau1 in 0.3-1.2 s, three minutes at 25 Hz with 18 responses each, white noise
20, 30 and 40 dB below the phasic part; then the real recordings of the folder that RESSIN_EDA_DIR names. Draws
docs/time_constants.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tests.signals import RECORDINGS, eda_folder, read

import ressin

LEVELS = (20.0, 30.0, 40.0)  # dB
RATE, SECONDS, RESPONSES = 25.0, 180.0, 18
PICTURE = Path(__file__).parents[1] / "docs" / "time_constants.png"
Array = npt.NDArray[np.float64]


def person(seed: int, decibel: float) -> tuple[Array, float, float]:
    """Return a recording and its time constants."""
    rng = np.random.default_rng(seed)
    tau0, tau1 = rng.uniform(1.5, 4.0), rng.uniform(0.3, 1.2)
    made = ressin.simulate_eda(SECONDS, RATE, n_scr=RESPONSES, tau0=tau0, tau1=tau1, noise=0.0, rng=rng)
    noise = made.phasic.std() * 10 ** (-decibel / 20)
    return made.signal + noise * rng.standard_normal(made.signal.size), tau0, tau1


def recover(decibel: float, people: int) -> tuple[Array, Array]:
    """Return (found, true) of tau0 and tau1, (people, 2, 2), and whether the intervals hold the truth, (people, 2)."""
    values, covered = [], []
    for seed in range(people):
        signal, tau0, tau1 = person(seed, decibel)
        found = ressin.fit_time_constants(signal, RATE)
        values.append([[found.tau0, tau0], [found.tau1, tau1]])
        intervals = ((found.tau0_interval, tau0), (found.tau1_interval, tau1))
        covered.append([low <= truth <= high for (low, high), truth in intervals])
    return np.array(values), np.array(covered)


def draw(values: dict[float, Array]) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from ressin.plots import decomposition as plots

    with mpl.rc_context(plots.STYLE):
        figure = Figure(figsize=(9.0, 3.2), layout="constrained")
        curve, *scatter = figure.subplots(1, 3)
        errors = {level: 100 * np.abs(x[:, :, 0] / x[:, :, 1] - 1) for level, x in values.items()}
        for k, (name, colour) in enumerate((("tau0 (slow)", plots.TONIC), ("tau1 (fast)", plots.PHASIC))):
            quartiles = np.array([np.percentile(errors[level][:, k], (25, 50, 75)) for level in LEVELS])
            curve.plot(LEVELS, quartiles[:, 1], "o-", markersize=4, color=colour, label=name)
            curve.fill_between(LEVELS, quartiles[:, 0], quartiles[:, 2], color=colour, alpha=0.2, linewidth=0)
            panel = scatter[k]
            for level, shade in zip(LEVELS, (0.3, 0.6, 1.0), strict=True):
                x = values[level][:, k]
                panel.plot(x[:, 1], x[:, 0], "o", markersize=4, color=colour, alpha=shade, label=f"{level:g} dB")
            ends = [0.9 * values[40.0][:, k, 1].min(), 1.1 * values[40.0][:, k, 1].max()]
            panel.plot(ends, ends, color=plots.SIGNAL, linewidth=0.8, zorder=0)
            panel.set(xlabel=f"true {name} (s)", ylabel=f"{name} as found (s)")
            panel.legend(frameon=False, loc="upper left")
        curve.set(xlabel="signal to noise (dB)", ylabel="error (%)", ylim=(0, None), xticks=LEVELS)
        curve.set_title("median and quartiles")
        curve.legend(frameon=False)
        figure.savefig(PICTURE, dpi=130)
    print(f"drawn: {PICTURE.name}")


def real() -> None:
    folder = eda_folder()
    if folder is None:
        print("RESSIN_EDA_DIR is not set: no real recordings")
        return
    print("\n| recording | rate | tau0 (95 %) | tau1 (95 %) | alpha | error against the default's |")
    print("| --- | ---: | --- | --- | ---: | ---: |")
    for source in (s for s in RECORDINGS if s.column in (None, "EDA", "eda", "group_mean")):
        signal, rate = read(source, folder)
        found = ressin.fit_time_constants(signal, rate)
        spans = [f"{x:.2f} s ({low:.2f} to {high:.2f})" for x, (low, high) in
                 ((found.tau0, found.tau0_interval), (found.tau1, found.tau1_interval))]  # fmt: skip
        note = "" if found.converged else f" ({found.message})"
        print(f"| {source.name}{note} | {rate:.4g} Hz | {spans[0]} | {spans[1]} | {found.alpha:.1e} "
              f"| {found.rms / found.default_rms:.3f} |", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=16, help="0 for the real recordings alone")
    people = parser.parse_args().people
    if not people:
        real()
        return
    print("| noise | median error of tau0 | of tau1 | 95 % interval holds tau0 | holds tau1 |")
    print("| --- | ---: | ---: | ---: | ---: |")
    values = {}
    for level in LEVELS:
        values[level], covered = recover(level, people)
        error = 100 * np.median(np.abs(values[level][:, :, 0] / values[level][:, :, 1] - 1), axis=0)
        held = 100 * covered.mean(axis=0)
        print(f"| {level:g} dB | {error[0]:.1f} % | {error[1]:.1f} % | {held[0]:.0f} % | {held[1]:.0f} % |", flush=True)
    draw(values)
    real()


if __name__ == "__main__":
    main()
