"""A small simulated folder and its preparation, made once for all tests of the data."""

from pathlib import Path

import pytest

from ressin.data.pmemo import read_pmemo
from ressin.data.prepare import prepare
from ressin.data.settings import PrepareSettings
from ressin.data.simulate import simulate_pmemo
from ressin.data.store import Prepared, load
from tests.data.folders import SMALL


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PMEmo-2018 folder without audio; not to be changed."""
    folder = tmp_path_factory.mktemp("data") / "simulated"
    simulate_pmemo(folder, seed=5, settings=SMALL, audio="none", n_processes=1)
    return folder


@pytest.fixture(scope="session")
def prepared(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The same, prepared; not to be changed."""
    folder = tmp_path_factory.mktemp("data") / "prepared"
    prepare(read_pmemo(simulated), folder, settings=PrepareSettings(partition=16), n_threads=1)
    return load(folder)
