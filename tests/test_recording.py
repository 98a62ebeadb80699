"""A recording validates its fields and computes its times."""

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.recording import Recording


def test_times_and_duration() -> None:
    recording = Recording(np.array([1.0, 2.0, 3.0]), 4.0, "x")
    assert recording.n_samples == 3
    assert recording.duration == 0.75
    np.testing.assert_array_equal(recording.time, [0.0, 0.25, 0.5])
    assert recording.unit == "uS"


@pytest.mark.parametrize("rate", [0.0, -4.0, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(RecordingError, match="sampling_rate is a positive number of Hz, not"):
        Recording(np.zeros(3), rate)


@pytest.mark.parametrize("signal", [np.zeros((2, 3)), np.zeros(3, dtype=np.float32)])
def test_a_signal_of_another_kind_is_refused(signal: np.ndarray) -> None:
    with pytest.raises(RecordingError, match="one-dimensional float64 array"):
        Recording(signal, 4.0)
