"""No guarded work may become 25 % slower, relative to the yardstick; a bad ratio is measured a second time."""

from __future__ import annotations

from typing import Any

import pytest

from bench import regression

CASES = regression.cases()


@pytest.mark.parametrize("name", CASES)
def test_speed_has_not_regressed(benchmark: Any, name: str) -> None:
    n, work = CASES[name]
    allowed = regression.WORSE * regression.baseline()[name]
    ratio = regression.measure(n, work)
    if ratio > allowed:
        ratio = min(ratio, regression.measure(n, work, rounds=3 * regression.ROUNDS))
    benchmark.extra_info["yardsticks"] = ratio
    benchmark.pedantic(work, rounds=3)
    assert ratio <= allowed, f"{name}: {ratio:.3f} yardsticks, {regression.baseline()[name]:.3f} when it was committed"
