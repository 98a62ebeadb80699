"""The first step of the demo: one recording against its truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ressin.cli.options import MEANING
from ressin.cli.terminal import Demo
from ressin.errors import MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ressin.decomposition.result import Decomposition
    from ressin.simulation.eda import SimulatedEDA

_MIN_AMPLITUDE = 0.05  # uS, five deviations of the simulated noise


def decomposition_step(demo: Demo) -> bool:
    """Simulate, decompose, compare, write; whether the result proves to be the optimum."""
    import time

    import numpy as np

    from ressin.decomposition.decompose import decompose
    from ressin.decomposition.scrs import find_scrs
    from ressin.simulation.eda import simulate_eda

    demo.say("programme", MEANING[demo.programme])
    truth = simulate_eda(120.0, 50.0, n_scr=12, rng=np.random.default_rng(demo.seed))
    started = time.perf_counter()
    result = decompose(truth.signal, truth.sampling_rate, programme=demo.programme)
    elapsed = time.perf_counter() - started
    scrs = find_scrs(result, min_amplitude=_MIN_AMPLITUDE)
    comparison = compare(truth, result, scrs)
    certified = result.is_optimal()

    a = truth.amplitudes
    demo.say(
        "simulated",
        f"{truth.signal.size} samples, {truth.signal.size / truth.sampling_rate:g} s at {truth.sampling_rate:g} Hz, "
        f"seed {demo.seed}: {a.size} responses of {a.min():.2f} to {a.max():.2f} uS",
    )
    demo.say("", f"on a level of {truth.tonic.min():.2f} to {truth.tonic.max():.2f} uS, noise {truth.noise:g} uS")
    demo.say(
        "decomposed",
        f"{result.status} after {result.iterations} iterations in {1e3 * elapsed:.1f} ms: relative duality gap "
        f"{result.relative_gap:.1e}",
    )
    demo.say("", f"optimality recomputed from the data {'holds' if certified else 'does NOT hold'}")
    _say_comparison(demo, comparison)
    demo.say("quality", str(result.quality))
    _write(demo, truth, result, scrs, {"seed": demo.seed, "certified": certified, **comparison})
    return certified


def compare(truth: SimulatedEDA, result: Decomposition, scrs: pd.DataFrame) -> dict[str, Any]:
    """Compare a decomposition with the truth.

    Parameters
    ----------
    truth
        The simulation.
    result
        Its decomposition.
    scrs
        The SCR events that were found in it.

    Returns
    -------
    dict
        ``simulated``, ``found``, ``matched`` (events within half a second, one to one), ``missed``, ``extra``;
        ``onset_error`` (median, s) and ``amplitude_error`` (median, relative) of those that match; root mean square
        errors ``phasic_rmse``, ``tonic_rmse`` and ``residual_rms`` in microsiemens, next to ``noise``.
    """
    import numpy as np

    from ressin.decomposition.scrs import match_onsets

    found, true = match_onsets(scrs["SCR_Onsets"].to_numpy() / truth.sampling_rate, truth.onsets)
    onset_errors = np.abs(scrs["SCR_Onsets"].to_numpy()[found] / truth.sampling_rate - truth.onsets[true])
    amplitude_errors = np.abs(scrs["SCR_Amplitude"].to_numpy()[found] / truth.amplitudes[true] - 1.0)
    return {
        "simulated": int(truth.onsets.size),
        "found": len(scrs),
        "matched": int(true.size),
        "missed": int(truth.onsets.size - true.size),
        "extra": int(len(scrs) - true.size),
        "onset_error": float(np.median(onset_errors)) if true.size else float("nan"),
        "amplitude_error": float(np.median(amplitude_errors)) if true.size else float("nan"),
        "phasic_rmse": _rms(result.phasic - truth.phasic),
        "tonic_rmse": _rms(result.tonic - truth.tonic),
        "residual_rms": _rms(result.residual),
        "noise": truth.noise,
    }


def _rms(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float((values @ values / values.size) ** 0.5)


def _say_comparison(demo: Demo, comparison: dict[str, Any]) -> None:
    demo.say(
        "found",
        f"{comparison['found']} SCRs: {comparison['matched']} of {comparison['simulated']} responses matched, "
        f"{comparison['missed']} missed, {comparison['extra']} extra",
    )
    demo.say(
        "",
        f"median error of onsets {1e3 * comparison['onset_error']:.0f} ms, of amplitudes "
        f"{100 * comparison['amplitude_error']:.1f} %",
    )
    demo.say(
        "errors",
        f"phasic {comparison['phasic_rmse']:.4f} uS, tonic {comparison['tonic_rmse']:.4f} uS (root mean square); "
        f"residual {comparison['residual_rms']:.4f} uS",
    )


def _write(
    demo: Demo, truth: SimulatedEDA, result: Decomposition, scrs: pd.DataFrame, comparison: dict[str, Any]
) -> None:
    """Write table, evidence, events and picture."""
    from ressin.io.write import write_decomposition, write_evidence, write_scrs

    table, evidence, events, picture = (
        demo.folder / name for name in ("demo.csv", "demo.json", "demo_scrs.csv", "demo.png")
    )
    write_decomposition(result, table)
    simulation = {"onsets": truth.onsets, "amplitudes": truth.amplitudes, **comparison}
    write_evidence(result, evidence, extra={"demo": simulation})
    write_scrs(scrs, events)
    demo.say("written", f"{table}, {evidence}, {events}")
    try:
        from ressin.plots.decomposition import plot_decomposition
        from ressin.plots.files import save_figure
    except MissingExtraError as error:
        demo.say("no picture", str(error))
        return
    figure = plot_decomposition(result, scrs=scrs, title=f"ressin demo: simulated recording, seed {demo.seed}")
    save_figure(figure, picture)
    demo.say("", str(picture))
