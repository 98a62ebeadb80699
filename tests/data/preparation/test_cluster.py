"""The same preparation on a Dask cluster of two workers, one of which is killed: the same bytes."""

import subprocess
import sys
from pathlib import Path

import pytest

from ressin._files.limits import digest_file
from ressin.data.preparation.executor import Executor
from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.store import schema
from ressin.errors import RessinError
from ressin.simulation.pmemo import simulate_pmemo
from ressin.simulation.population import SimulationSettings

pytest.importorskip("distributed", reason="needs the extra 'scale'")

# In a process of its own, because a cluster's workers are started by spawning and leave threads behind. When two parts
# are done, one of the two workers is killed (SIGKILL) during the next one.
SCRIPT = """
import os, signal, sys
from pathlib import Path

from ressin.data.preparation.executor import Executor
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import PrepareSettings

source, folder = sys.argv[1:]
killed = []

def progress(stage, done, total):
    if stage == "recordings" and done == 2 and not killed:
        workers = CLIENT[0].run(os.getpid)
        killed.append(sorted(workers.values())[0])
        os.kill(killed[0], signal.SIGKILL)

CLIENT = []
enter = Executor.__enter__

def remember(self):
    executor = enter(self)
    CLIENT.append(executor.client)
    assert len(executor.client.run(os.getpid)) == 2
    return executor

if __name__ == "__main__":
    Executor.__enter__ = remember
    settings = PrepareSettings(partition=8)
    report = prepare(read_pmemo(source), folder, settings=settings, scheduler="local:2", progress=progress)
    print("killed", len(killed), "prepared", report.meta["counts"]["prepared"])
"""


def test_a_killed_worker_does_not_change_a_byte(tmp_path: Path) -> None:
    size = SimulationSettings(n_subjects=10, n_songs=8, n_pairs=60, min_seconds=30.0, max_seconds=34.0)
    simulate_pmemo(tmp_path / "data", seed=2, settings=size, audio="none", n_processes=1)
    prepare(read_pmemo(tmp_path / "data"), tmp_path / "here", settings=PrepareSettings(partition=8), n_threads=2)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path / "data"), str(tmp_path / "there")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    assert result.stdout.splitlines()[-1] == "killed 1 prepared 120"
    for name in (*schema.TABLES, schema.META):
        assert digest_file(tmp_path / "there" / name) == digest_file(tmp_path / "here" / name), name


def test_a_scheduler_that_is_not_there_is_named() -> None:
    with pytest.raises(RessinError, match="'local:N' needs a number of workers"), Executor("local:none"):
        raise AssertionError("not reached")


def test_results_keep_their_order_and_the_first_error_comes_out() -> None:
    done: list[int] = []
    with Executor() as executor:
        results = executor.map(str, [-3, 2, -1], threads=2, count=lambda n, total: done.append(10 * n + total))
        assert results == ["-3", "2", "-1"]
        assert done == [13, 23, 33]
        with pytest.raises(ValueError, match="invalid literal"):
            executor.map(int, ["1", "x", "2"], threads=2)
