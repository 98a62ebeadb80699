"""Small data folders for the tests: made once, then copied and damaged."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ressin.data.sources.catalog import Catalog, Reject
from ressin.data.store.store import Prepared
from ressin.simulation.population import SimulationSettings
from ressin.simulation.work import write_trace

SMALL = SimulationSettings(n_subjects=6, n_songs=6, n_pairs=30, min_seconds=18.0, max_seconds=22.0)


def copy(folder: Path, target: Path) -> Path:
    """Copy a data folder, to damage the copy."""
    shutil.copytree(folder, target)
    return target


def wave(seconds: float, rate: float = 50.0, level: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
    """Times and a smooth signal with two responses."""
    t = np.arange(round(seconds * rate)) / rate
    bumps = sum(np.exp(-(((t - centre) / 1.5) ** 2)) for centre in (0.4 * seconds, 0.8 * seconds))
    return np.round(t, 6), np.round(level + 0.01 * t + 0.5 * bumps, 4)


def write_wave(path: Path, seconds: float, rate: float = 50.0) -> None:
    """Write a smooth signal as a PMEmo-2018 file."""
    write_trace(path, *wave(seconds, rate))


def found(rejects: tuple[Reject, ...] | Prepared, file: str) -> list[tuple[str, str, str]]:
    """The entries of the report about a file, each (kind, action, reason)."""
    if isinstance(rejects, Prepared):
        rows = rejects.rejects[rejects.rejects["file"] == file]
        return list(zip(rows["kind"], rows["action"], rows["reason"], strict=True))
    return [(reject.kind, reject.action, reject.reason) for reject in rejects if reject.file == file]


def ids(catalog: Catalog) -> list[str]:
    """Names of the recordings of a catalog."""
    return [entry.recording_id for entry in catalog.entries]


def kill_when(command: list[str], ready: Callable[[], bool], limit: float = 60.0) -> int:
    """Start a Python process and kill it (SIGKILL) as soon as something is seen; returns its exit status."""
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + limit
    while process.poll() is None and time.monotonic() < end and not ready():
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    _, errors = process.communicate()
    if process.returncode > 0:
        raise AssertionError(f"the process failed by itself: {errors.decode()[-2000:]}")
    return process.returncode
