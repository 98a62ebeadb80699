"""Helpers shared by the tests of streams."""

from __future__ import annotations

import numpy as np

from ressin import Stream, StreamParts, StreamResult
from tests.signals import Signal

RATE = 4.0
PARTS = ("index", "time", "signal", "phasic", "tonic", "driver", "residual", "outliers", "shifts")


def run(stream: Stream, signal: Signal, step: int = 4) -> tuple[StreamParts, StreamResult]:
    """Push a signal in pieces; return all that became final before the end, and the last result."""
    results = [stream.push(signal[i : i + step]) for i in range(0, signal.size, step)]
    return StreamParts.join([result.final for result in results]), results[-1]


def joined(*parts: StreamParts) -> StreamParts:
    return StreamParts.join(parts)


def assert_same(a: StreamParts, b: StreamParts) -> None:
    for name in PARTS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
