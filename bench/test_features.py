"""All features of an hour at 4 Hz in windows of 60 s every second, beside decomposing those windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import ressin

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

RATE = 4.0


def test_features_of_an_hour(benchmark: BenchmarkFixture) -> None:
    made = ressin.simulate_eda(3600, RATE, n_scr=300, rng=np.random.default_rng(0))
    result = ressin.decompose(made.signal, RATE)
    last = pd.DataFrame({"start": [3540.0], "end": [3600.0]})
    alone = ressin.features(result, intervals=last)

    def features() -> object:
        vars(result).pop("validity", None)
        return ressin.features(result, window=60, step=1)

    table = features()
    assert len(table) == 3541
    for name in ("SCR_Peaks_N", "EDA_Tonic_Mean", "EDA_Tonic_Slope", "EDA_TVSymp"):
        np.testing.assert_allclose(table[name].iloc[-1], alone[name].iloc[0], rtol=1e-9)
    benchmark.extra_info["work"] = "features of 3,541 windows"
    benchmark(features)


def test_decomposing_those_windows(benchmark: BenchmarkFixture) -> None:
    made = ressin.simulate_eda(3600, RATE, n_scr=300, rng=np.random.default_rng(0))
    benchmark.extra_info["work"] = "decomposing 3,541 windows"
    benchmark(lambda: ressin.decompose_windows(made.signal, RATE, 60, 1, n_threads=1))
