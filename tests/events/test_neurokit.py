"""The table of trials beside NeuroKit2's `eda_eventrelated`, on a recording laid out like NeuroKit's own example."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ressin
from ressin.cli.main import main
from tests.pages import ROOT, blocks

RATE = 100
STARTS = (20.0, 52.0, 84.0, 118.0)  # s
CONDITIONS = ["Negative", "Neutral", "Neutral", "Negative"]
AMPLITUDES = (0.5, 0.2, 0.25, 0.4)
DELAY = 2.0  # s from an event to the onset of its response
COMMANDS = next(block for block in blocks(ROOT / "docs" / "events.md", "sh") if "bio_eventrelated" in block)


@pytest.fixture(scope="module")
def data() -> pd.DataFrame:
    """150 s at 100 Hz: the columns ECG, EDA, Photosensor (low for 2 s at each event) and RSP."""
    rng = np.random.default_rng(4)
    made = ressin.simulate_eda(
        150, RATE, onsets=[start + DELAY for start in STARTS], amplitudes=list(AMPLITUDES), noise=0.002, rng=rng
    )
    time = np.arange(150 * RATE) / RATE
    low = np.any([(time >= start) & (time < start + 2.0) for start in STARTS], axis=0)
    return pd.DataFrame(
        {
            "ECG": np.sin(2 * np.pi * 1.2 * time),
            "EDA": made.signal,
            "Photosensor": np.where(low, 0.0, 5.0),
            "RSP": np.sin(2 * np.pi * 0.25 * time),
        }
    )


def test_the_columns_are_neurokits_and_the_values_agree(data: pd.DataFrame) -> None:
    nk = pytest.importorskip("neurokit2", reason="neurokit2 (extra: bench) is not installed")
    events = nk.events_find(data["Photosensor"], threshold_keep="below", event_conditions=CONDITIONS)
    processed, _ = nk.eda_process(data["EDA"], sampling_rate=RATE)
    epochs = nk.epochs_create(processed, events, sampling_rate=RATE, epochs_start=-0.1, epochs_end=8.0)
    theirs = nk.eda_eventrelated(epochs).reset_index(drop=True)
    result = ressin.decompose(data["EDA"], RATE, programme="robust")
    ours = ressin.event_related(result, events, unit="samples")
    assert set(theirs.columns) <= set(ours.columns)
    for name in ("Label", "Condition", "Event_Onset", "EDA_SCR"):
        assert ours[name].tolist() == theirs[name].tolist(), name
    np.testing.assert_allclose(ours["SCR_Peak_Amplitude"], AMPLITUDES, rtol=0.1)
    np.testing.assert_allclose(theirs["SCR_Peak_Amplitude"], AMPLITUDES, rtol=0.1)
    np.testing.assert_allclose(ours["SCR_Peak_Amplitude_Time"], theirs["SCR_Peak_Amplitude_Time"], atol=0.2)
    np.testing.assert_allclose(ours["SCR_RiseTime"], theirs["SCR_RiseTime"], atol=0.2)


def test_the_commands_of_the_docs_make_that_table(
    data: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the one that fetches the file."""
    data.to_csv(tmp_path / "bio_eventrelated_100hz.csv", index=False)
    monkeypatch.chdir(tmp_path)
    fetch, events, measure = COMMANDS.strip().splitlines()
    assert fetch.endswith("/bio_eventrelated_100hz.csv")
    subprocess.run([sys.executable, *shlex.split(events)[1:]], check=True)
    assert main(shlex.split(measure)[1:]) == 0
    table = pd.read_csv("trials.csv")
    assert table["Condition"].tolist() == CONDITIONS
    assert table["Event_Onset"].tolist() == [round(start * RATE) for start in STARTS]
    np.testing.assert_allclose(table["SCR_Peak_Amplitude"], AMPLITUDES, rtol=0.1)
