"""Claims: 24 h at 4 Hz below 200 MB; a batch grows by its arrays alone; 24 h at 64 Hz solves."""

from __future__ import annotations

from bench import memory


def test_a_day_at_4_hz_stays_below_200_mb() -> None:
    assert memory.measure(345_600, 1, 4.0).megabytes < 200


def test_a_batch_grows_by_its_input_and_output_alone() -> None:
    few, many = (memory.measure(2250, count, 50.0) for count in (512, 4096))
    growth, arrays = many.bytes - few.bytes, many.arrays - few.arrays
    assert growth <= 1.1 * arrays, f"{growth / 1e6:.0f} MB for arrays of {arrays / 1e6:.0f} MB"


def test_a_day_at_64_hz_solves() -> None:
    day = memory.measure(5_529_600, 1, 64.0)
    assert day.iterations > 0  # the process asserts that it converged with a gap of at most 1e-8
