"""A copy of the code with one fault at a time, and the tests that ought to notice."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPIED = (
    "cpp",
    "cmake",
    "python",
    "tests",
    "bench",
    "docs",
    "CMakeLists.txt",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)
# Read by every Python that the tests start: an editable install of the real code must not stand in for the copy.
SITECUSTOMIZE = """import sys
editable = ("_editable", "__editable")
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith(editable)]
"""
TESTS_FAILED = (
    1  # pytest's exit status; larger ones say that the tests could not be run, negative ones that they crashed
)
NOT_COMPILED = 1000


@dataclass(frozen=True)
class Mutant:
    """One fault: in `file`, the one place that reads `old` reads `new`; `tests` ought to fail."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def compiled(self) -> bool:
        """Whether the compiled module must be built again."""
        return self.file.startswith("cpp/")

    def apply(self, root: Path) -> str:
        """Put the fault into the code under `root` and return the file's text as it was."""
        path = root / self.file
        text = path.read_text("utf-8")
        if text.count(self.old) != 1:
            raise ValueError(
                f"{self.name}: {self.file} has {text.count(self.old)} places that read {self.old!r}; need one"
            )
        path.write_text(text.replace(self.old, self.new), "utf-8")
        return text


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: "caught", "survived", or why nothing can be said."""

    mutant: Mutant
    verdict: str
    seconds: float


class Workshop:
    """A copy of the code to put faults into, with a build folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "ressin"
        self.build = folder / "build"
        self.last_output = ""
        for name in COPIED:
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd")
            if source.is_dir():
                shutil.copytree(source, self.root / name, ignore=ignored)
            else:
                self.root.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, self.root / name)
        (self.root / "python" / "sitecustomize.py").write_text(SITECUSTOMIZE, "utf-8")
        paths = (str(self.root / "python"), str(self.root), os.environ.get("PYTHONPATH", ""))
        self.environment = dict(
            os.environ, PYTHONPATH=os.pathsep.join(filter(None, paths)), PYTHONDONTWRITEBYTECODE="1"
        )

    def check_that_the_copy_is_tested(self) -> None:
        """Stop where `import ressin` finds another one than the copy."""
        command = [sys.executable, "-c", "import ressin; print(ressin.__file__)"]
        found = subprocess.run(command, env=self.environment, cwd=self.root, capture_output=True, text=True, check=True)
        if not Path(found.stdout.strip()).is_relative_to(self.root):
            raise SystemExit(f"the tests would import {found.stdout.strip()}, not the copy under {self.root}")

    def configure(self) -> None:
        """Prepare the build; needs cmake, ninja, pybind11, cmeel-eigen and osqp (the extra `dev`)."""
        if importlib.util.find_spec("pybind11") is None:
            raise SystemExit("pybind11 is not installed: pip install -c constraints.txt '.[test,dev]'")
        import pybind11

        prefix = f"{sysconfig.get_path('purelib')};{Path(pybind11.get_cmake_dir()).parents[4]}"
        for path in sys.path:  # an environment on top of another
            if Path(path, "osqp").is_dir() or Path(path, "cmeel.prefix").is_dir():
                prefix += f";{path}"
        self._run(
            [
                *("cmake", "-S", str(self.root), "-B", str(self.build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"),
                *(f"-DCMAKE_PREFIX_PATH={prefix}", f"-Dpybind11_DIR={pybind11.get_cmake_dir()}"),
                f"-DPython_EXECUTABLE={sys.executable}",
            ]
        )

    def compile(self) -> None:
        """Build the module and put it beside the Python code."""
        self._run(["cmake", "--build", str(self.build), "--target", "_core"])
        for old in (self.root / "python" / "ressin").glob("_core.*.so"):
            old.unlink()
        (module,) = [path for path in self.build.glob("_core*") if path.suffix in (".so", ".pyd")]
        shutil.copy2(module, self.root / "python" / "ressin" / module.name)

    def test(self, tests: tuple[str, ...]) -> int:
        """Run the tests on the copy, up to the first failure; return pytest's exit status."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        done = subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)
        self.last_output = done.stdout + done.stderr
        return done.returncode

    def judge(self, mutant: Mutant) -> Outcome:
        """Put one fault in, run its tests, take it out again."""
        began = time.perf_counter()
        original = mutant.apply(self.root)
        try:
            if mutant.compiled:
                self.compile()
            status = self.test(mutant.tests)
        except subprocess.CalledProcessError as error:
            status = NOT_COMPILED
            self.last_output = f"{error.stdout}{error.stderr}"
        finally:
            (self.root / mutant.file).write_text(original, "utf-8")
        verdict = {0: "survived", TESTS_FAILED: "caught", NOT_COMPILED: "does not compile"}.get(
            status, "caught" if status < 0 else f"pytest ended with {status}"
        )
        return Outcome(mutant, verdict, time.perf_counter() - began)

    def _run(self, command: list[str]) -> None:
        subprocess.run(command, check=True, capture_output=True, text=True)
