"""One signal in every layout: all readers give the same numbers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from ressin.errors import RecordingError
from ressin.io.layouts.registry import LAYOUTS as REGISTERED
from ressin.io.read import open_recording, read_recording
from tests.io.layouts.writers import LAYOUTS, RATE, SIGNAL, Written


@pytest.mark.parametrize("written", LAYOUTS, ids=lambda written: written.write.__name__)
def test_all_readers_give_the_same(written: Written, tmp_path: Path) -> None:
    if written.needs and importlib.util.find_spec(written.needs) is None:
        pytest.skip(f"{written.needs} is not installed")
    path = written.write(tmp_path)
    found = read_recording(path, sampling_rate=written.rate)
    assert found.layout == written.name
    assert found.sampling_rate == RATE
    assert found.unit == written.unit
    assert found.warnings == ()
    if written.exact:
        np.testing.assert_array_equal(found.signal, SIGNAL)
    else:
        np.testing.assert_allclose(found.signal, SIGNAL, rtol=1e-4)
    assert found.start_time == (None if written.start is None else pytest.approx(written.start, abs=1e-5))
    times = [marker.time for marker in found.markers]
    assert times == ([] if written.marker is None else [pytest.approx(written.marker, abs=1e-6)])
    everything = open_recording(path, sampling_rate=written.rate)
    np.testing.assert_array_equal(everything.signal, found.signal)
    assert everything.refusal == ""
    assert len(everything.channels) >= 1


def test_every_layout_is_written_here() -> None:
    assert {layout.name for layout in REGISTERED} == {written.name for written in LAYOUTS}


@pytest.mark.parametrize(
    "written", [w for w in LAYOUTS if w.needs or w.name == "matlab"], ids=lambda w: w.write.__name__
)
def test_a_binary_file_that_was_cut_is_refused_or_said_to_be(written: Written, tmp_path: Path) -> None:
    if written.needs and importlib.util.find_spec(written.needs) is None:
        pytest.skip(f"{written.needs} is not installed")
    path = written.write(tmp_path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    try:
        found = read_recording(path)
    except RecordingError as error:
        refusal = error
    else:
        assert any("truncated" in note for note in found.notes)
        np.testing.assert_allclose(found.signal, SIGNAL[: found.n_samples], rtol=1e-4)
        return
    assert str(refusal).startswith(str(path))
