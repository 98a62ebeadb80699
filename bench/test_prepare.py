"""Claim: a simulated PMEmo, all 7,962 pairs of listener and song, is prepared in 90 s without audio on 2 cores.

PMEmo 2018 holds two recordings of every pair (one while arousal, one while valence was rated), so 15,924 files are
read, decomposed, labelled and written. Run it as ``python -m bench.test_prepare`` for the figures, on a machine
that does nothing else; pytest collects it with a twentieth of the size, where only the answer is checked.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import ressin
from ressin.data.preparation.prepare import PrepareReport, prepare
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.store.store import load
from ressin.simulation.pmemo import simulate_pmemo
from ressin.simulation.population import PMEMO_SIZE, SimulationSettings

LIMIT = 90.0  # s


def prepare_all(source: Path, target: Path) -> PrepareReport:
    """Read the folder and prepare it without music."""
    return prepare(read_pmemo(source), target, settings=PrepareSettings(music="none"))


def check(source: Path, target: Path, n_pairs: int) -> None:
    """Every recording is there, proved optimal, and a few are what a single decomposition gives."""
    prepared = load(target)
    rows = prepared.recordings
    assert len(rows) == 2 * n_pairs
    assert rows["converged"].all()
    assert rows["relative_gap"].max() < 1e-8
    phasic = prepared.channel("phasic")
    for place in np.linspace(0, len(rows) - 1, 7).astype(int):
        name, folder = rows["recording_id"][place], rows["dimension"][place].capitalize()
        signal = np.loadtxt(source / "EDA" / folder / f"{name}.csv", delimiter=",", skiprows=1)[750:, 1]
        np.testing.assert_allclose(phasic[place], ressin.decompose(signal, 50.0).phasic, atol=2e-6)
    assert prepare_all(source, target).up_to_date


def test_claim(tmp_path: Path, benchmark: Any) -> None:
    sizes = {name: max(1, number // 20) for name, number in PMEMO_SIZE.items()}
    simulate_pmemo(tmp_path / "data", seed=0, settings=SimulationSettings(**sizes), audio="none", n_processes=1)
    benchmark.pedantic(prepare_all, (tmp_path / "data", tmp_path / "out"), rounds=1)
    check(tmp_path / "data", tmp_path / "out", sizes["n_pairs"])


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "data", Path(folder) / "out"
        simulate_pmemo(source, seed=0, settings=SimulationSettings(**PMEMO_SIZE), audio="none", n_processes=1)
        began, used = time.perf_counter(), time.process_time()
        report = prepare_all(source, target)
        seconds, used = time.perf_counter() - began, time.process_time() - used
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        check(source, target, PMEMO_SIZE["n_pairs"])
        size = sum(path.stat().st_size for path in target.glob("*.parquet")) / 1e6
    recordings = report.meta["counts"]["prepared"]
    cost = f"{seconds:.1f} s ({used:.1f} s of processor time), {peak} MB at most, {size:.0f} MB written"
    print(f"{PMEMO_SIZE['n_pairs']:,} pairs, {recordings:,} recordings: {cost}")
    print(f"limit {LIMIT:g} s: {'met' if seconds < LIMIT else 'missed'}")
    return int(seconds >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
