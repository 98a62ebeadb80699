"""A day of a stream: how long each push of one second takes, and what memory it holds; the real-time factor by rate.

    python -m bench.stream_day            24 h at 4 Hz, then some minutes at 4, 64 and 1,000 Hz

Each result is checked before it counts: every programme solved, the parts' sum the signal, every sample final once.
Times are processor time of the thread; wall-clock time is printed beside them, and on a busy machine it is longer.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from bench import threads

threads.limit_to_one()

import numpy as np  # noqa: E402
from tests.signals import Signal, simulate  # noqa: E402

import ressin  # noqa: E402


@dataclass(frozen=True)
class Day:
    """Seconds of each push, as processor time of the thread and as wall-clock time; resident bytes once an hour."""

    thread: Signal
    wall: Signal
    resident: list[int]


def resident() -> int:
    """Return the resident bytes of this process; 0 where the system does not tell."""
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0


def run(rate: float, seconds: int, hour: int = 3600) -> Day:
    """Push a signal second by second; an hour of it is made at a time, so that the signal's memory does not count."""
    stream = ressin.Stream(rate)
    step = round(rate)
    thread, wall = np.full(seconds, np.nan), np.full(seconds, np.nan)  # touched at once
    seen, held = 0, []
    minutes = simulate(rate, min(seconds, 600), seed=1)
    for second in range(seconds):
        first = second % 600 * step
        samples = minutes[first : first + step]
        start = time.perf_counter_ns(), time.thread_time_ns()
        result = stream.push(samples)
        end = time.perf_counter_ns(), time.thread_time_ns()
        wall[second], thread[second] = (end[0] - start[0]) / 1e9, (end[1] - start[1]) / 1e9
        assert result.converged
        assert result.final.index.size == 0 or result.final.index[0] == seen
        seen += len(result.final)
        parts = result.final.phasic + result.final.tonic + result.final.residual
        assert np.allclose(parts, result.final.signal, rtol=0, atol=1e-10)
        if (second + 1) % hour == 0:
            held.append(resident())
    assert seen + len(stream.finish().final) == seconds * step
    return Day(thread, wall, held)


def main() -> None:
    day = run(4.0, 24 * 3600)
    ms = day.thread * 1e3
    print("24 h at 4 Hz, a push of one second, 86,400 of them:")
    print(f"  median {np.median(ms):.3f} ms, 99.9 % below {np.quantile(ms, 0.999):.3f} ms, worst {ms.max():.2f} ms")
    print(f"  by the wall's clock: median {np.median(day.wall) * 1e3:.3f} ms, worst {day.wall.max() * 1e3:.2f} ms")
    if day.resident[0]:
        first, last = day.resident[0] / 1e6, day.resident[-1] / 1e6
        print(f"  memory after 1 h {first:.1f} MB, after 24 h {last:.1f} MB")
    print()
    print("| rate | push of one second, median | worst | real-time factor |")
    print("| ---: | ---: | ---: | ---: |")
    for rate, seconds in ((4.0, 1200), (64.0, 600), (1000.0, 240)):
        pushed = run(rate, seconds).thread
        print(
            f"| {rate:,.0f} Hz | {np.median(pushed) * 1e3:.3g} ms | {pushed.max() * 1e3:.3g} ms | "
            f"{seconds / pushed.sum():,.0f} |"
        )


if __name__ == "__main__":
    main()
