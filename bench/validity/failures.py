"""A picture of where the robust programme fails, on recordings of the seeds for tuning."""

from __future__ import annotations

import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

import ressin
from bench.validity.simulated import recording
from ressin.plots import decomposition, style

PICTURE = Path(__file__).parents[2] / "docs" / "validity_failures.png"
FAILURES = {
    ("laboratory_wave", 202): "a level that swings: its crests are taken for slow recoveries",
    ("wristband_dense", 200): "a train: the level is found too high, its responses too small",
    ("wristband_lost", 201): "contact that comes back: the step is taken for a response",
}
TRUTH = "#009e73"


def main(*, minutes: float) -> None:
    """Draw them."""
    with mpl.rc_context(style.STYLE):
        figure = Figure(figsize=(9.6, 2.6 * len(FAILURES)), layout="constrained")
        for axis, ((kind, seed), text) in zip(figure.subplots(len(FAILURES)), FAILURES.items(), strict=True):
            made = recording(kind, seed, 60.0 * minutes)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ressin.QualityWarning)
                result = ressin.decompose(made.signal, made.sampling_rate, programme="robust", n_threads=1)
            time = np.arange(made.signal.size) / made.sampling_rate
            axis.plot(time, made.signal, color=decomposition.SIGNAL, linewidth=0.7, label="signal")
            axis.plot(time, made.tonic + made.shifts, "--", color=TRUTH, linewidth=1.0, label="true parts")
            axis.plot(time, made.phasic, "--", color=TRUTH, linewidth=1.0)
            level = result.tonic - result.contact
            axis.plot(time, level, color=decomposition.TONIC, linewidth=1.3, label="tonic part less lost contact")
            axis.plot(time, result.phasic, color=decomposition.PHASIC, linewidth=0.9, label="phasic part")
            axis.set(title=f"{kind}, seed {seed}: {text}", ylabel="uS", xlim=(0.0, made.duration))
        axis.set_xlabel("time (s)")
        figure.legend(*axis.get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
        figure.savefig(PICTURE, dpi=110)
    print(f"drawn: docs/{PICTURE.name}\n")
