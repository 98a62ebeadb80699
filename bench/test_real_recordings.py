"""Claims: real recordings against cvxeda 1.1.0; one thread each. They need the folder that RESSIN_EDA_DIR names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.reference import Array
from tests.signals import zscore

import ressin
from bench import peers
from bench.claims import Claim, Race, assert_optimal, run_in_benchmark

PEER = "cvxeda 1.1.0"
# File below the folder, the rate where the file does not tell it, its row, and rounds.
RECORDINGS = {
    "neurokit": ("neurokit/bio_resting_8min_100hz.csv", 100.0, Claim("real: 507 s at 100 Hz", PEER, 470, 1500), 3),
    "pypsy": ("pypsy/eda.csv", None, Claim("real: 94 s at 50 Hz", PEER, 80, 300), 10),
    "empatica": ("empatica_e4/EDA.csv", None, Claim("real: a wristband, 61 min at 4 Hz", PEER, 26, 100), 5),
}


def read(name: str) -> tuple[Array, float]:
    file, rate, _, _ = RECORDINGS[name]
    recording = ressin.read_recording(Path(os.environ["RESSIN_EDA_DIR"]) / file, sampling_rate=rate)
    return zscore(recording.signal[np.isfinite(recording.signal)]), recording.sampling_rate


def prepare(name: str) -> Race:
    """Both sides decompose the z-scored recording; where the peer stops early its part is not compared."""
    _, _, claim, rounds = RECORDINGS[name]
    y, rate = read(name)
    cvxeda = peers.cvxeda(rate)

    def ours() -> Any:
        return ressin.decompose(y, rate, standardize=False, n_threads=1)

    return Race(claim, ours, lambda: cvxeda(y), lambda: assert_optimal([y], [ours()], rate), rounds=rounds)


def claims() -> dict[str, Callable[[], Race]]:
    """Return the rows of the table, none where the folder is not named."""
    if "RESSIN_EDA_DIR" not in os.environ:
        return {}
    return {name: lambda name=name: prepare(name) for name in RECORDINGS}  # type: ignore[misc]


@pytest.mark.skipif("RESSIN_EDA_DIR" not in os.environ, reason="RESSIN_EDA_DIR names no folder of real recordings")
@pytest.mark.parametrize("name", RECORDINGS)
def test_claim(benchmark: Any, name: str) -> None:
    run_in_benchmark(benchmark, prepare(name))
