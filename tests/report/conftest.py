"""A small prepared folder with music features, made once for all tests of the report."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.extras import TRAIN, skipped_without


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return skipped_without({**TRAIN, "matplotlib": "plot"}, module_path, parent)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PMEmo-2018 folder whose songs have seven features in a table; tests must not change it."""
    from ressin.simulation.pmemo import simulate_pmemo
    from tests.data.folders import SMALL

    folder = tmp_path_factory.mktemp("report") / "simulated"
    simulate_pmemo(folder, seed=5, settings=SMALL, audio="none", n_processes=1)
    songs = pd.read_csv(folder / "A_static.csv")["musicId"]
    rng = np.random.default_rng(0)
    features = pd.DataFrame(rng.normal(size=(len(songs), 7)), columns=[f"feature{i}" for i in range(7)])
    features.insert(0, "musicId", songs)
    features.to_csv(folder / "static_features.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def prepared_folder(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, prepared; tests must not change it."""
    from ressin.data.preparation.prepare import prepare
    from ressin.data.sources.pmemo import read_pmemo

    folder = tmp_path_factory.mktemp("report") / "prepared"
    prepare(read_pmemo(simulated), folder, n_threads=1)
    return folder
