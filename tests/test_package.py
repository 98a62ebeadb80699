"""The package as a whole: one version, a light import, and a stub that matches the compiled module."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import ressin
from ressin import _core

ROOT = Path(__file__).parents[1]
HEAVY = ("matplotlib", "pandas", "pyarrow", "scipy", "sklearn", "torch", "tqdm")


def test_python_and_core_have_the_version_of_pyproject() -> None:
    declared = re.findall(r'^version = "([^"]+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert declared == [_core.__version__]
    assert ressin.__version__ == _core.__version__


def test_installed_metadata_has_the_same_version() -> None:
    try:
        installed = metadata.version("ressin")
    except metadata.PackageNotFoundError:
        pytest.skip("ressin runs from its sources and is not installed")
    assert installed == ressin.__version__


def test_constraints_are_made_by_the_command_that_contributing_names() -> None:
    made, *pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").split("\n#    ")[1].splitlines()
    assert f"\n{made}\n" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(pins) > 100
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+( ; .*)?", pin) for pin in pins)  # no host, no path, no local build


def test_import_loads_nothing_heavy() -> None:
    program = f"import sys, ressin; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("module", "package", "use", "extra"),
    [
        ("torch", "torch", "import ressin.nn", "train"),
        ("matplotlib", "matplotlib", "import ressin.plots.decomposition", "plot"),
        ("sklearn", "scikit-learn", "import ressin; ressin.CvxEDA", "data"),
        ("pyarrow", "pyarrow", "import ressin.data", "data"),
        ("tqdm", "tqdm", "import ressin; ressin.decompose_batch([[1.0, 2.0, 3.0, 5.0]], 4, progress=True)", "data"),
    ],
)
def test_a_missing_extra_is_named(module: str, package: str, use: str, extra: str) -> None:
    program = f"import sys; sys.modules[{module!r}] = None\n{use}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "MissingExtraError" in done.stderr
    assert f"needs {package}" in done.stderr
    assert f"pip install 'ressin[{extra}]'" in done.stderr


def test_every_public_name_is_there() -> None:
    assert set(ressin.__all__) <= set(dir(ressin))
    for name in set(ressin.__all__) - {"CvxEDA"}:
        assert getattr(ressin, name) is not None


def test_the_transformer_is_there_or_names_the_extra_that_brings_it() -> None:
    if importlib.util.find_spec("sklearn") is None:
        with pytest.raises(ressin.MissingExtraError, match="data"):
            _ = ressin.CvxEDA
    else:
        assert issubclass(ressin.CvxEDA, importlib.import_module("sklearn.base").TransformerMixin)


def test_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = ressin.no_such_name


def test_stub_names_what_the_core_has() -> None:
    stub = ast.parse((ROOT / "python" / "ressin" / "_core.pyi").read_text(encoding="utf-8"))
    declared: set[str] = set()
    for node in stub.body:
        if isinstance(node, ast.ClassDef) and "TypedDict" in map(ast.unparse, node.bases):
            continue  # the type of a dictionary that a function returns
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            declared.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            if ast.unparse(node.annotation) == "TypeAlias":
                continue  # a name for a type, which the module need not have
            declared.add(node.target.id)
    present = {name for name in dir(_core) if not name.startswith("__")} | {"__version__"}
    assert declared == present


def test_docstring_sections_stand_on_lines_of_their_own() -> None:
    for path in sorted((ROOT / "python" / "ressin").rglob("*.py")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            assert not re.search(r"[A-Za-z] -{4,}(\s|$)", line), f"{path.name}:{number}: {line.strip()}"
