"""The real recordings, read by the package."""

from pathlib import Path

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io import read_recording
from tests.signals import RECORDINGS, Source, read


@pytest.mark.parametrize("source", RECORDINGS, ids=lambda source: source.name)
def test_every_real_recording_is_read_as_it_is(recordings_folder: Path, source: Source) -> None:
    expected, rate = read(source, recordings_folder)
    recording = read_recording(
        recordings_folder / source.path, column=source.column, sampling_rate=source.sampling_rate
    )
    if source.column is None and expected[0] == 0:
        expected[0] = np.nan  # an E4's start, which is marked missing
    np.testing.assert_allclose(recording.signal, expected, rtol=1e-15, atol=0)
    assert recording.sampling_rate == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize(
    ("path", "rate", "column"), [("pypsy/eda.csv", 50, "eda"), ("empatica_e4/EDA.csv", 4, "Empatica E4 layout")]
)
def test_rate_and_column_are_found(recordings_folder: Path, path: str, rate: float, column: str) -> None:
    recording = read_recording(recordings_folder / path)
    assert recording.sampling_rate == rate
    assert any(column in note for note in recording.notes)


def test_what_the_files_do_not_tell_is_asked_for(recordings_folder: Path) -> None:
    with pytest.raises(RecordingError, match="the rate is not in the file"):
        read_recording(recordings_folder / "neurokit" / "bio_resting_8min_100hz.csv")
    with pytest.raises(RecordingError, match="5 columns could be the signal: 'group_mean', '100083'"):
        read_recording(recordings_folder / "pmemo_web" / "108_eda_z.csv")
