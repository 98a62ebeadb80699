"""Fixtures and Hypothesis profiles shared by all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.extras import DATA, REPORT, TRAIN, skipped_without
from tests.signals import NO_RECORDINGS, eda_folder

if TYPE_CHECKING:
    from ressin.data.store.store import Prepared

# RESSIN_HYPOTHESIS=thorough runs 20,000 random programmes; the default is a sample of them, the same at every run.
_QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
# A shell that starts the tests in the background has them ignore SIGINT; the tests of Ctrl-C need Python's own handler.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ci", max_examples=150, deadline=None, derandomize=True, suppress_health_check=_QUIET)
settings.register_profile("thorough", max_examples=20_000, deadline=None, print_blob=True, suppress_health_check=_QUIET)
settings.load_profile(os.environ.get("RESSIN_HYPOTHESIS", "ci"))


# Beside tests/data/: files whose tests need the extra `data` whole.
NEED_DATA = ("cli/test_data.py", "simulation/test_pmemo.py")
NEED_TRAIN = ("cli/test_evaluate.py", "cli/test_train.py")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    inside = module_path.relative_to(Path(__file__).parent).as_posix()
    if inside.startswith("recording_report/") or inside == "cli/test_report.py":
        return skipped_without(REPORT, module_path, parent)
    if inside in NEED_TRAIN:
        return skipped_without(TRAIN, module_path, parent)
    return skipped_without(DATA, module_path, parent) if inside.startswith("data/") or inside in NEED_DATA else None


@pytest.fixture(scope="session")
def recordings_folder() -> Path:
    """Return the folder of real recordings; the test is skipped, visibly, where there is none."""
    folder = eda_folder()
    if folder is None:
        pytest.skip(NO_RECORDINGS)
    return folder


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small simulated PMEmo-2018 folder without audio; tests must not change it."""
    from ressin.simulation.pmemo import simulate_pmemo
    from tests.data.folders import SMALL

    folder = tmp_path_factory.mktemp("data") / "simulated"
    simulate_pmemo(folder, seed=5, settings=SMALL, audio="none", n_processes=1)
    return folder


@pytest.fixture(scope="session")
def prepared(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The same, prepared; tests must not change it."""
    from ressin.data.preparation.prepare import prepare
    from ressin.data.preparation.settings import PrepareSettings
    from ressin.data.sources.pmemo import read_pmemo
    from ressin.data.store.store import load

    folder = tmp_path_factory.mktemp("data") / "prepared"
    prepare(read_pmemo(simulated), folder, settings=PrepareSettings(partition=16), n_threads=1)
    return load(folder)
