"""Instructions of a decomposition, counted by callgrind: ``python -m bench.instructions [WORK ...]`` (needs valgrind).

A work is run a few times and many times in processes of their own; the difference over the number of runs between is
what one takes, without the interpreter's start. Unlike times it does not drift with what else the machine does.
Valgrind runs the AVX2 kernels, not those of AVX-512.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from tests.signals import simulate

# Rate (Hz), seconds of a signal, how many, and how often they are decomposed at least and at most.
WORKS = {
    "batch of 64, 45 s at 50 Hz, a signal": (50.0, 45.0, 64, 1, 4),
    "one signal, 45 s at 50 Hz": (50.0, 45.0, 1, 10, 110),
    "one signal, 300 s at 1,000 Hz": (1000.0, 300.0, 1, 1, 3),
    "one signal, 1 h at 4 Hz": (4.0, 3600.0, 1, 1, 9),
}

_CHILD = """
import sys
import numpy as np
import ressin
signals, rate, solver, times = np.load(sys.argv[1]), float(sys.argv[2]), sys.argv[3], int(sys.argv[4])
for _ in range(times):
    ressin.decompose_batch(signals, rate, n_threads=1, solver=solver)
"""


def count(folder: Path, rate: float, solver: str, times: int) -> int:
    """Return the instructions of a process that decomposes the folder's signals `times` times."""
    out = folder / "callgrind.out"
    valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
    child = [sys.executable, "-c", _CHILD, str(folder / "signals.npy"), str(rate), solver, str(times)]
    ran = subprocess.run([*valgrind, *child], capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise RuntimeError(f"valgrind failed:\n{ran.stderr}")
    found = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"{out} holds no total")
    return int(found[1])


def main() -> None:
    if shutil.which("valgrind") is None:
        sys.exit("bench.instructions needs valgrind, which is not installed")
    chosen = sys.argv[1:] or list(WORKS)
    print("| work | default | interior point | ratio |\n| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for work in chosen:
            rate, duration, size, few, many = WORKS[work]
            np.save(folder / "signals.npy", [simulate(rate, duration, seed) for seed in range(size)])
            each = []
            for solver in ("auto", "interior_point"):
                more = count(folder, rate, solver, many) - count(folder, rate, solver, few)
                each.append(more / (many - few) / size)
            print(f"| {work} | {each[0] / 1e6:.3g} M | {each[1] / 1e6:.3g} M | {each[1] / each[0]:.1f}x |", flush=True)


if __name__ == "__main__":
    main()
