"""The temperature of the skin: found in a file or beside it, in degrees Celsius at the samples, and what goes by it."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ressin
from ressin.cli.main import main

RATE = 4.0
N = 480
SIGNAL = ressin.simulate_eda(N / RATE, RATE, rng=np.random.default_rng(1)).signal
START = 1_700_000_000.0


def session(folder: Path, temperature: str | None) -> Path:
    """A session of Empatica's with EDA.csv and TEMP.csv."""
    folder.mkdir(exist_ok=True)
    text = "\n".join(f"{value:.6f}" for value in SIGNAL)
    (folder / "EDA.csv").write_text(f"{START:.6f}\n{RATE:.6f}\n{text}\n", encoding="utf-8")
    if temperature is not None:
        (folder / "TEMP.csv").write_text(temperature, encoding="utf-8")
    return folder / "EDA.csv"


def table(path: Path, **columns: np.ndarray) -> Path:
    """A table with times and conductance beside other columns."""
    pd.DataFrame({"time (s)": np.arange(N) / RATE, "EDA (uS)": SIGNAL, **columns}).to_csv(path, index=False)
    return path


def test_temperature_beside_an_e4s_eda_is_put_on_its_samples(tmp_path: Path) -> None:
    degrees = 28.0 + 0.1 * np.arange(60)  # one a second, from two seconds after the conductance on
    text = "\n".join(f"{value:.2f}" for value in degrees)
    path = session(tmp_path / "s", f"{START + 2:.6f}\n1.000000\n{text}\n")
    for recording in (ressin.read_recording(path), ressin.open_recording(path)):
        assert recording.temperature is not None
        assert np.isnan(recording.temperature[: round(1 * RATE)]).all()
        assert np.isnan(recording.temperature[round(63 * RATE) :]).all()
        known = slice(round(2 * RATE), round(61 * RATE))
        wanted = 28.0 + 0.1 * (np.arange(N)[known] / RATE - 2.0)
        np.testing.assert_allclose(recording.temperature[known], wanted, atol=1e-9)
        assert not recording.temperature.flags.writeable
    assert [channel.name for channel in recording.channels] == ["1", "TEMP"]
    assert ressin.read_recording(session(tmp_path / "other", None)).temperature is None


def test_a_damaged_temperature_does_not_take_the_conductance_with_it(tmp_path: Path) -> None:
    recording = ressin.read_recording(session(tmp_path, "no temperature\n"))
    assert recording.temperature is None
    assert any(note.startswith("TEMP.csv beside it is not used") for note in recording.notes)


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"Temperature (\u00b0C)": np.full(N, 33.0)}, 33.0),
        ({"Temp": np.full(N, 33.0)}, 33.0),
        ({"skin temp (degF)": np.full(N, 91.4)}, 33.0),
        ({"temperature (Kelvin)": np.full(N, 306.15)}, 33.0),
        ({"ambient temp": np.full(N, 21.0), "skin temp": np.full(N, 33.0)}, 33.0),
        ({"temp 1": np.full(N, 30.0), "skin temp": np.full(N, 33.0)}, 33.0),
        ({"ambient temp": np.full(N, 21.0)}, None),
        ({"temp 1": np.full(N, 33.0), "temp 2": np.full(N, 33.0)}, None),
        ({"temp": np.full(N, 812.0)}, None),  # counts
    ],
    ids=lambda value: ", ".join(value) if isinstance(value, dict) else str(value),
)
def test_a_column_of_the_file_is_taken_where_it_can_be_told(
    columns: dict[str, np.ndarray], wanted: float | None, tmp_path: Path
) -> None:
    recording = ressin.read_recording(table(tmp_path / "a.csv", **columns))
    if wanted is None:
        assert recording.temperature is None
        assert "ambient temp" in columns or any("no temperature is used" in note for note in recording.notes)
    else:
        assert recording.temperature is not None
        np.testing.assert_allclose(recording.temperature, wanted)


def test_validity_quality_and_every_command_go_by_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    degrees = np.full(N, 33.0)
    degrees[240:360] = 22.0  # half a minute on the table
    path = table(tmp_path / "p1.csv", Temperature=degrees, marker=np.where(np.isin(np.arange(N), (80, 280)), "go", ""))
    recording = ressin.read_recording(path)
    result = ressin.decompose(recording.signal, RATE, programme="robust")
    assert "temperature" not in result.validity.reasons
    warm = result.with_temperature(recording.temperature)
    assert np.flatnonzero(warm.validity.reasons["temperature"]).tolist() == list(range(240, 360))
    assert any("colder than 30" in message for message in warm.quality.messages)
    assert warm.with_temperature(None).validity.share == result.validity.share
    assert pickle.loads(pickle.dumps(warm)).validity.share == warm.validity.share
    with pytest.raises(ressin.InvalidInputError, match="temperature has the shape"):
        result.with_temperature(degrees[1:])

    assert main(["decompose", str(path), "-o", str(tmp_path / "out")]) == 0
    evidence = json.loads((tmp_path / "out" / "p1_evidence.json").read_text(encoding="utf-8"))
    assert evidence["validity"]["temperature"] == 0.25
    assert "temperature of the skin from column 'Temperature'" in capsys.readouterr().out
    assert main(["events", str(path), "-o", str(tmp_path / "trials.csv")]) == 0
    assert pd.read_csv(tmp_path / "trials.csv")["Artefact"].tolist()[1]
    assert main(["features", str(path), "-o", str(tmp_path / "features.csv")]) == 0
    assert pd.read_csv(tmp_path / "features.csv")["EDA_Valid"].tolist() == pytest.approx([warm.validity.share])


def test_a_recordings_temperature_has_the_shape_of_its_signal() -> None:
    with pytest.raises(ressin.RecordingError, match="temperature is float64 of the signal's shape"):
        ressin.Recording(np.zeros(5), 4.0, temperature=np.zeros(4))
