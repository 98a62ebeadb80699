"""Peak memory of a decomposition, measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

_CHILD = """
import json, resource, sys

def peak():
    try:  # a new process inherits its parent's ru_maxrss on Linux, but not this
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

interpreter = peak()
import numpy as np
import ressin

n, count, rate = json.loads(sys.argv[1])
rng = np.random.default_rng(0)
t = np.arange(n) / rate
signals = np.sin(2 * np.pi * t / 300)[None, :] + 0.05 * rng.standard_normal((count, n))
for onset in rng.uniform(0, n / rate, max(1, int(n / rate / 10))):
    since = t[int(onset * rate) : int((onset + 60) * rate)] - onset
    signals[:, int(onset * rate) : int((onset + 60) * rate)] += np.exp(-since / 2.0) - np.exp(-since / 0.7)
results = ressin.decompose_batch(signals, rate, n_threads=1)
assert all(result.converged and result.relative_gap <= 1e-8 for result in results)
print(json.dumps([interpreter, peak(), max(result.iterations for result in results)]))
"""


@dataclass(frozen=True)
class Peak:
    """Peak resident memory in bytes above that of the bare interpreter, the arrays of the signals included."""

    n: int
    count: int
    bytes: int
    iterations: int

    @property
    def arrays(self) -> int:
        """Bytes of the input and of the five arrays a result holds."""
        return 6 * 8 * self.n * self.count

    @property
    def megabytes(self) -> float:
        return self.bytes / 1e6


def measure(n: int, count: int, sampling_rate: float) -> Peak:
    """Decompose `count` signals of n samples in a new process and return its peak."""
    asked = json.dumps([n, count, sampling_rate])
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, asked], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    if child.returncode != 0:
        raise RuntimeError(f"the measured process failed:\n{child.stderr}")
    interpreter, peak, iterations = json.loads(child.stdout)
    return Peak(n, count, peak - interpreter, iterations)
