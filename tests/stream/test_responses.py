"""Responses and features of what a stream gives, where samples are missing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ressin import Stream, StreamParts, features, find_scrs, simulate_eda
from ressin.settings import Programme
from tests.streams import RATE


def spread(parts: StreamParts, n: int, stream: Stream) -> SimpleNamespace:
    """Put what became final where it belongs in the recording, NaN where the stream gave no parts."""
    whole = {}
    for name in ("signal", "phasic", "tonic", "driver", "residual", "outliers", "shifts"):
        whole[name] = np.full(n, np.nan)
        whole[name][parts.index] = getattr(parts, name)
    return SimpleNamespace(
        **whole, weights=None, sampling_rate=RATE, settings=stream.settings, bands=None,
        validity=SimpleNamespace(valid=~np.isnan(whole["signal"])),
    )  # fmt: skip


def with_gaps(rng: np.random.Generator) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """Return a recording of two minutes with many responses, and the gaps in it, a long one after a minute or so."""
    signal, gaps = simulate_eda(120.0, RATE, n_scr=30, rng=rng).signal, []
    for earliest, longest in ((20.0, 3.0), (35.0, 10.0), (55.0, 25.0)):
        start = earliest + rng.uniform(0.0, 5.0)
        gaps.append((np.ceil(start), np.ceil(start + rng.uniform(0.6, longest) + 0.2 * longest)))
        signal[int(gaps[-1][0] * RATE) : int(gaps[-1][1] * RATE)] = np.nan
    return signal, gaps


@pytest.mark.parametrize("programme", ["cvxeda", "robust"])
@pytest.mark.parametrize("max_gap", [5.0, 40.0])  # seconds, after which the stream gives no parts
def test_nothing_is_reported_within_missing_samples(programme: Programme, max_gap: float) -> None:
    without = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        signal, gaps = with_gaps(rng)
        stream = Stream(RATE, lag=10.0, hop=4.0, warm_up=10.0, programme=programme, max_gap=max_gap)
        pushed = [stream.push(part).final for part in np.array_split(signal, int(rng.integers(10, 60)))]
        parts = spread(StreamParts.join([*pushed, stream.finish().final]), signal.size, stream)
        without += np.isnan(parts.driver).sum()
        for min_rise in (3.5, 0.0, None):
            for _, scr in find_scrs(parts, min_rise=min_rise).iterrows():
                first, last = np.ceil(scr["SCR_OnsetTime"] * RATE), np.floor(scr["SCR_PeakTime"] * RATE)
                if np.isnan(signal[max(0, int(first)) : int(last) + 1]).all():
                    assert scr["SCR_Artefact"]
                    assert min_rise is None
        # A response may begin between the last sample that is missing and the next one.
        spans = pd.DataFrame([(first, last - 1.0 / RATE) for first, last in gaps], columns=["start", "end"])
        within = features(parts, intervals=spans, min_valid=0.0)
        assert not (within["SCR_Peaks_N"] > 0).any()
        assert within[["SCR_Amplitude_Max", "EDA_Phasic_Max", "EDA_Tonic_Mean"]].isna().to_numpy().all()
        assert (within["EDA_ISCR"] == 0.0).all()
        scrs = find_scrs(parts)
        assert (scrs["SCR_OnsetTime"] > gaps[-1][1]).any()  # the responses after a stretch without parts are there
        assert (scrs["SCR_OnsetTime"] < gaps[0][0]).any()
        after = features(parts, window=120.0 - gaps[-1][1], step=gaps[-1][1], min_valid=0.0)
        assert after["SCR_Peaks_N"].iloc[-1] == (scrs["SCR_OnsetTime"] >= gaps[-1][1] - 1e-9).sum()
        assert after[["EDA_Phasic_Mean", "EDA_Phasic_SD", "EDA_ISCR"]].notna().to_numpy().all()
    assert (without > 0) == (max_gap == 5.0)
