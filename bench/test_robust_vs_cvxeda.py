"""Claims: the robust programme's whole procedure against one solve of cvxeda 1.1.0; one thread each."""

from __future__ import annotations

from typing import Any

import pytest

from bench.claims import run_in_benchmark
from bench.robust import claims


@pytest.mark.parametrize("name", list(claims()))
def test_claim(benchmark: Any, name: str) -> None:
    run_in_benchmark(benchmark, claims()[name]())
