"""Draw the pictures of the pages: `python -m bench.pictures [FOLDER]`, by default docs/.

The wristband needs the real recordings of RESSIN_EDA_DIR and is left out, with a word, where it is not set.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from tests.events.experiment import experiment

import ressin
from ressin.plots.decomposition import OUTLIERS, PHASIC, SIGNAL, TONIC
from ressin.plots.files import save_figure
from ressin.plots.style import STYLE, draw_line, shade_missing, unit_text
from ressin.settings import Programme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOST = "#9cc4e4"  # the tonic part's colour, lighter
NAMES = {"cvxeda": "cvxEDA, solved exactly", "robust": "the robust programme"}


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
    save_figure(draw_trials(), folder / "events.png", title="Trials of two conditions")
    if "RESSIN_EDA_DIR" not in os.environ:
        print("no wristband.png: RESSIN_EDA_DIR is not set", file=sys.stderr)
        return
    recording = ressin.read_recording(Path(os.environ["RESSIN_EDA_DIR"]) / "empatica_e4" / "EDA.csv")
    save_figure(draw_wristband(recording), folder / "wristband.png", title="A wristband, by both programmes")


def draw_trials() -> Figure:
    """Draw trials of an experiment with two conditions and spontaneous responses between them."""
    made = experiment(seed=3, difference=0.3)
    result = ressin.decompose(made.recording.signal, made.recording.sampling_rate, programme="robust")
    return ressin.align_trials(result, made.events).plot()


def draw_wristband(recording: ressin.Recording) -> Figure:
    """Draw one recording by both programmes: above all there is, below the range of the signal; equal axes in a row."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(9.6, 5.4), layout="constrained")
        axes = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=[1.0, 1.0])
        for column, programme in enumerate(get_args(Programme)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ressin.QualityWarning)  # it is what the picture shows
                rate = recording.sampling_rate  # the device's first zero is missing
                result = ressin.decompose(recording.signal, rate, programme=programme, missing="solve")
            for axis in axes[:, column]:
                _draw(axis, result)
            level = result.tonic - result.contact
            low, high, top = (f"{x:.2f}" for x in (level.min(), level.max(), result.phasic.max()))
            axes[0, column].set_title(f"{NAMES[programme]}: tonic {low} to {high}, phasic up to {top} µS")
            print(f"{programme}: tonic {low} to {high}, phasic up to {top} uS; {result.quality}")
        lowest, highest = float(np.nanmin(recording.signal)), float(np.nanmax(recording.signal))
        span = highest - lowest
        axes[1, 0].set_ylim(lowest - 0.05 * span, highest + 0.05 * span)
        axes[1, 0].set_title("the same, within the range of the signal")
        axes[1, 1].set_title("the same")
        for axis in axes[:, 0]:
            axis.set_ylabel(unit_text(recording.unit))
        for axis in axes[1]:
            axis.set(xlabel="time (s)", xlim=(0.0, recording.duration))
        figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    return figure


def _draw(axis: Axes, result: ressin.Decomposition) -> None:
    shade_missing(axis, result, 1.0)
    draw_line(axis, result, result.signal, 1.0, color=SIGNAL, linewidth=0.7, label="signal")
    least = result.smallest_response
    if least is not None:
        outlying = np.convolve(np.abs(result.outliers) > least, np.ones(3), mode="same") > 0
        marked = np.where(outlying, result.signal, np.nan)
        draw_line(axis, result, marked, 1.0, color=OUTLIERS, linewidth=0.8, label="taken for outliers")
    level = result.tonic - result.contact
    if result.contact.any():
        draw_line(axis, result, result.tonic, 1.0, color=LOST, linewidth=0.6, label="tonic part where contact is lost")
    draw_line(axis, result, level, 1.0, color=TONIC, linewidth=1.3, label="tonic part")
    draw_line(axis, result, result.phasic, 1.0, color=PHASIC, linewidth=0.9, label="phasic part")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "docs")
