"""A small prepared folder with music features, made once for all tests of the report."""

import importlib.util
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

EXTRAS = {"torch": "train", "torchvision": "train", "safetensors": "train", "sklearn": "train", "pyarrow": "data"}


def _missing() -> str:
    found = (name for name in (*EXTRAS, "matplotlib") if importlib.util.find_spec(name) is None)
    return next(
        (f"{name} is not installed: these tests need the extra {EXTRAS.get(name, 'plot')!r}" for name in found), ""
    )


class SkippedModule(pytest.Module):
    """A file of tests that is reported as skipped without being imported."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        pytest.skip(_missing(), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    return SkippedModule.from_parent(parent, path=module_path) if _missing() else None


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
