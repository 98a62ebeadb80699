"""The one-way order of the code: every room imports only from rooms above it in the lists below."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / "python"
CPP = ROOT / "cpp"

# A room is a folder, or a file that stands alone in python/ressin. Rooms of one line do not import each other.
ORDER = (
    ("_core", "errors"),
    ("_columns", "_extras", "_files", "_progress", "_spans", "_units", "bateman", "recording", "settings"),
    ("reading",),
    ("image", "io", "pages", "plots"),
    ("decomposition", "io/layouts", "io/live", "stream"),
    ("compat", "estimator", "events", "intervals", "nn", "time_constants"),
    ("data/sources", "data/store", "recording_report"),
    ("data/preparation", "data/studies"),
    ("data/samples",),
    ("simulation",),
    ("learn/model",),
    ("learn/training",),
    ("learn/trained",),
    ("learn/evaluation",),
    ("report",),
    ("cli",),
    ("cli/decompose", "cli/demo", "cli/watch"),
)
LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
# The parser of the command line stands in cli/ beside what the commands share; it imports every command. The reader
# of recordings stands in io/ beside what the layouts share; it imports their registry.
ENTRANCES = {"__init__", "__main__", "cli/__init__", "cli/main", "io/read", "data/__init__", "learn/__init__"}

CPP_ORDER = ("programme", "kernel", "solvers", "batch", "image", "bindings")

MODULES = {
    path.relative_to(PYTHON / "ressin").with_suffix("").as_posix(): path for path in (PYTHON / "ressin").rglob("*.py")
}


def room_of(module: str) -> str:
    """Return a module's folder, or the module itself where it lies in python/ressin."""
    return module.rpartition("/")[0] or module


def imported_by(path: Path) -> set[str]:
    """Return the modules of ressin that a file imports, inside functions too, but not for type checking alone."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            if isinstance(child, ast.Import):
                found.update(alias.name for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}:{child.lineno} imports relatively"
                found.update(f"{child.module}.{alias.name}" for alias in child.names)
            visit(child)

    visit(ast.parse(path.read_text("utf-8")))
    return {module for name in found if (module := _module_of(name)) is not None}


def _module_of(name: str) -> str | None:
    """Return the module that an imported name is or lives in, as a path; None if it is not ressin's."""
    parts = name.split(".")
    if parts[0] != "ressin":
        return None
    for end in range(len(parts), 1, -1):
        module = "/".join(parts[1:end])
        if module in MODULES or module == "_core":
            return module
        if f"{module}/__init__" in MODULES:
            return f"{module}/__init__"
    return "__init__"


IMPORTS = {module: imported_by(path) for module, path in MODULES.items()}


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {room_of(module) for module in MODULES if module not in ENTRANCES and not module.endswith("__init__")}
    assert rooms <= set(LEVEL), f"not in ORDER: {sorted(rooms - set(LEVEL))}"
    assert set(LEVEL) - {"_core"} <= rooms, f"in ORDER, but gone: {sorted(set(LEVEL) - rooms)}"


@pytest.mark.parametrize("module", sorted(set(MODULES) - ENTRANCES))
def test_a_module_imports_only_from_rooms_above_its_own(module: str) -> None:
    if module.endswith("/__init__"):  # a package's list of public names
        assert all(room_of(other).startswith(room_of(module)) or other == "errors" for other in IMPORTS[module])
        return
    own = room_of(module)
    for other in IMPORTS[module]:
        room = room_of(other)
        assert room == own or LEVEL[room] < LEVEL[own], f"{module} ({own}) imports {other} ({room})"


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"__main__"}))
def test_inside_the_package_names_come_from_the_module_that_defines_them(module: str) -> None:
    if module.endswith("__init__"):
        return
    faces = {other for other in IMPORTS[module] if other.endswith("__init__")}
    assert not faces, f"{module} imports from {sorted(faces)}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    done: set[str] = set()

    def climb(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module in done or module not in IMPORTS:
            return
        for other in IMPORTS[module]:
            climb(other, (*path, module))
        done.add(module)

    for module in MODULES:
        climb(module, ())


def cpp_files() -> list[Path]:
    return sorted(path for path in CPP.rglob("*") if path.suffix in (".cpp", ".hpp", ".h"))


def test_the_core_has_never_heard_of_python() -> None:
    core = [path for path in cpp_files() if path.relative_to(CPP).parts[0] != "bindings"]
    assert len(core) >= 40
    told = [
        path
        for path in core
        if re.search(r"#\s*include\s*[<\"](pybind11/|Python\.h|bindings/)", path.read_text("utf-8"))
    ]
    assert not told, f"include Python's headers or the bindings': {told}"


@pytest.mark.parametrize("path", cpp_files(), ids=lambda path: path.relative_to(CPP).as_posix())
def test_a_cpp_file_includes_only_from_folders_before_its_own(path: Path) -> None:
    own = path.relative_to(CPP).parts[0]
    assert own in CPP_ORDER, f"{own} is not in CPP_ORDER"
    for folder in re.findall(r'#include "(\w+)/[^"]+"', path.read_text("utf-8")):
        assert CPP_ORDER.index(folder) <= CPP_ORDER.index(own), f"{path} includes from {folder}/"
