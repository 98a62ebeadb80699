"""The second step of the demo: a real recording, five minutes from a wrist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ressin.cli.terminal import Demo
from ressin.errors import MissingExtraError

if TYPE_CHECKING:
    import pandas as pd

    from ressin.decomposition.result import Decomposition

RECORDING = Path(__file__).with_name("real") / "EDA.csv"  # SOURCE.md and LICENSE lie beside it
TASK = 120.0  # s, where the Stroop task begins


def real_step(demo: Demo) -> bool:
    """Decompose the recording that comes with the package; whether the result proves to be the optimum."""
    import numpy as np

    from ressin.decomposition.decompose import decompose
    from ressin.decomposition.scrs import find_scrs
    from ressin.io.read import read_recording

    recording = read_recording(RECORDING)
    signal = np.asarray(recording.signal, np.float64)
    result = decompose(signal, recording.sampling_rate, programme=demo.programme)
    scrs = find_scrs(result)
    onsets = scrs["SCR_Onsets"].to_numpy() / recording.sampling_rate
    certified = result.is_optimal()
    seconds = signal.size / recording.sampling_rate

    demo.say("real", f"{seconds:g} s of person S05 of Stress-Predict (Iqbal et al. 2022, MIT licence): Empatica E4,")
    span = f"{signal.min():.2f} to {signal.max():.2f} uS"
    demo.say("", f"{recording.sampling_rate:g} Hz, {span}, the Stroop task from {TASK:g} s on")
    demo.say(
        "decomposed",
        f"{result.status} after {result.iterations} iterations: relative duality gap {result.relative_gap:.1e}, "
        f"optimality recomputed from the data {'holds' if certified else 'does NOT hold'}",
    )
    before, after = (onsets < TASK).sum() / TASK * 60.0, (onsets >= TASK).sum() / (seconds - TASK) * 60.0
    demo.say("found", f"{len(scrs)} SCRs: {before:.1f} a minute before the task, {after:.1f} in it")
    demo.say("quality", str(result.quality))
    _write(demo, result, scrs)
    return certified


def _write(demo: Demo, result: Decomposition, scrs: pd.DataFrame) -> None:
    """Write table and picture."""
    from ressin.io.write import write_decomposition

    table, picture = demo.folder / "real.csv", demo.folder / "real.png"
    write_decomposition(result, table)
    demo.say("written", str(table))
    try:
        from ressin.plots.decomposition import plot_decomposition
        from ressin.plots.files import save_figure
    except MissingExtraError as error:
        demo.say("no picture", str(error))
        return
    figure = plot_decomposition(result, scrs=scrs, title="ressin demo: a real recording (Stress-Predict, person S05)")
    save_figure(figure, picture)
    demo.say("", str(picture))
