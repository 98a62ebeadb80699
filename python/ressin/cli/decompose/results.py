"""Files and printed lines of one decomposed recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ressin.cli.decompose.outputs import Target
from ressin.cli.terminal import duration_text
from ressin.recording import Clock

if TYPE_CHECKING:
    import pandas as pd

    from ressin.decomposition.result import Decomposition
    from ressin.recording import Recording


def write_results(
    target: Target,
    recording: Recording,
    result: Decomposition,
    *,
    run: str,
    min_amplitude: float | None,
    scrs: bool,
    picture: bool,
) -> str:
    """Write the files of one recording.

    Parameters
    ----------
    target
        Where to.
    recording
        What was read.
    result
        Its decomposition.
    run
        Digest of the file and the options, by which the next run knows that the results are these.
    min_amplitude
        Least height of an SCR in the unit of the recording; None for 0.01 uS, and for any height where the unit is
        another.
    scrs, picture
        Whether to write the table of SCR events and the picture besides samples and evidence.

    Returns
    -------
    str
        Lines to print: what was taken, how well it was solved, what was written.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    from ressin.decomposition.scrs import find_scrs, least_amplitude
    from ressin.io.write import write_evidence, write_scrs

    least = least_amplitude(recording.signal, recording.unit) if min_amplitude is None else min_amplitude
    events = find_scrs(result, min_amplitude=least)
    written = [target.table, target.evidence]
    _write_table(target, recording, result)
    write_evidence(result, target.evidence, extra=_about(target, recording, len(events), least, run))
    if scrs:
        write_scrs(events, target.scrs, unit=recording.unit)
        written.append(target.scrs)
    if picture:
        _draw(target, recording, result, events)
        written.append(target.picture)
    return _lines(target, recording, result, len(events), written)


def _draw(target: Target, recording: Recording, result: Decomposition, events: pd.DataFrame) -> None:
    from ressin.plots.decomposition import plot_decomposition
    from ressin.plots.files import save_figure

    figure = plot_decomposition(result, scrs=events, title=target.name, unit=recording.unit)
    facts = {
        "file": target.source.name,
        "length": _length(recording),
        "taken": "; ".join(recording.notes),
        "programme": result.programme,
        "status": f"{result.status} in {result.iterations} iterations, relative duality gap {result.relative_gap:.1e}",
        "quality": str(result.quality),
        "SCR events": len(events),
    }
    save_figure(figure, target.picture, title=target.name, facts=facts)


def _write_table(target: Target, recording: Recording, result: Decomposition) -> None:
    from ressin.io.bids import is_bids, write_bids
    from ressin.io.write import write_decomposition

    dated = recording.clock.origin == Clock().origin
    start = recording.start_time
    if is_bids(target.table):
        after = 0.0 if dated or start is None else start
        write_bids(result, target.table, unit=recording.unit, start_time=after, source=target.source.name)
    else:
        write_decomposition(
            result,
            target.table,
            unit=recording.unit,
            start_time=start if dated else None,
            own_time=recording.clock.begins,
        )


def _about(target: Target, recording: Recording, n_scrs: int, min_amplitude: float, run: str) -> dict[str, object]:
    return {
        "run": run,
        "recording": {
            "file": str(target.source),
            "name": target.name,
            "unit": recording.unit,
            "start_time": recording.start_time,
            "duration": recording.duration,
            "layout": recording.layout,
            "device": recording.device,
            "clock": {
                "source": recording.clock.source,
                "origin": recording.clock.origin,
                "jitter": recording.clock.jitter,
                "begins": recording.clock.begins,
                "gaps": [[gap.first, gap.n_samples] for gap in recording.clock.gaps],
            },
            "markers": [{"time": marker.time, "label": marker.label} for marker in recording.markers],
            "notes": list(recording.notes),
            "warnings": list(recording.warnings),
        },
        "scrs": {"count": n_scrs, "min_amplitude": min_amplitude},
    }


def _lines(target: Target, recording: Recording, result: Decomposition, n_scrs: int, written: Sequence[Path]) -> str:
    return "\n".join(
        (
            f"{target.source}: {_length(recording)}",
            f"  taken     {'; '.join(recording.notes) or 'as given'}",
            *(f"  warning   {warning}" for warning in recording.warnings),
            f"  {result.status:8}  relative duality gap {result.relative_gap:.1e} after {result.iterations} "
            f"iterations; {n_scrs} SCR{'' if n_scrs == 1 else 's'}{_threshold_text(recording)}",
            *_found(recording, result),
            f"  quality   {result.quality}",
            f"  written   {', '.join(map(str, written))}",
        )
    )


def _threshold_text(recording: Recording) -> str:
    """Say what the least height of an SCR means where it is not in microsiemens."""
    if recording.unit == "uS":
        return ""
    return (
        ", the least height being in its unknown unit, not in uS"
        if not recording.unit
        else f" of any height in {recording.unit}"
    )


def _found(recording: Recording, result: Decomposition) -> Iterator[str]:
    """Say what the robust programme has found in a recording; nothing for cvxEDA's."""
    robust, quality = result.robust, result.quality
    unit = recording.unit or "(unit unknown)"
    if robust is not None:
        yield (
            f"  found     noise {robust.noise:.2g} {unit}, smallest response {robust.smallest_response:.2g} "
            f"{unit}; outliers in {quality.outlier_share:.1%} of it, {quality.n_shifts} "
            f"shift{'' if quality.n_shifts == 1 else 's'} of the level"
        )


def _length(recording: Recording) -> str:
    return f"{recording.n_samples} samples at {recording.sampling_rate:g} Hz, {duration_text(recording.duration)}"
