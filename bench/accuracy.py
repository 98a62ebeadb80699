"""The table of docs/accuracy.md: simulated signals at ten rates and the real recordings, against both references."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from tests import reference
from tests.decomposition.test_accuracy import REVISIONS, SIMULATED, ask_peer
from tests.proof import prove
from tests.signals import RECORDINGS, eda_folder, read, simulate, zscore

import ressin

HEADER = (
    "signal (z-scored)",
    "n",
    "reference",
    "phasic, max. difference",
    "tonic, max. difference",
    "objective over its, less 1",
    "our relative gap",
)


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the table's rows, one for each signal and revision, as lists of text."""
    for rate, duration in SIMULATED.items():
        yield from _compare(f"simulated, {duration} s at {rate:,} Hz", simulate(rate, duration, seed=rate), rate)
    folder = eda_folder()
    if folder is None:
        return
    for source in RECORDINGS:
        signal, sampling_rate = read(source, folder)
        name = f"{source.name}, {signal.size / sampling_rate:.0f} s at {sampling_rate:.4g} Hz"
        yield from _compare(name, signal, sampling_rate)


def _compare(name: str, signal: reference.Array, rate: float) -> Iterator[tuple[str, ...]]:
    y = zscore(signal)
    for revision in REVISIONS:
        prog = reference.program(y, rate, revision=revision)
        ours = ressin.decompose(y, rate, revision=revision, standardize=False, n_threads=1)
        gap = f"{prove(ours, revision=revision).relative_gap:.0e}"
        peer, says = ask_peer(prog, rate, revision)
        if peer is None:
            yield (name, f"{y.size:,}", says.split(":")[0], "-", "-", "-", gap)
            continue
        value = reference.objective(prog, ours.driver, ours.phasic, ours.tonic, ours.spline)
        theirs = reference.objective(prog, peer.driver, peer.phasic, peer.tonic, peer.spline)
        yield (
            name,
            f"{y.size:,}",
            says,
            f"{np.abs(ours.phasic - peer.phasic).max():.0e}",
            f"{np.abs(ours.tonic - peer.tonic).max():.0e}",
            f"{value / theirs - 1:+.0e}",
            gap,
        )
