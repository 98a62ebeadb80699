"""Print the oldest versions that pyproject.toml claims, as constraints for pip: ``oldest.py EXTRA...``.

``oldest.py --extras`` prints the extras of `all` that a lane can install: those that do not need torch, whose oldest
wheels for Linux come with several gigabytes of CUDA.
"""

import sys
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def requirements(extras: set[str]) -> list[Requirement]:
    """Return the package's own requirements and those of some extras, the extras within them opened."""
    found = [Requirement(line) for line in PROJECT["dependencies"]]
    waiting, opened = set(extras), set[str]()
    while waiting:
        opened.add(extra := waiting.pop())
        for one in map(Requirement, PROJECT["optional-dependencies"][extra]):
            if one.name == PROJECT["name"]:
                waiting |= one.extras - opened
            else:
                found.append(one)
    return found


def constraints(extras: set[str]) -> list[str]:
    """Return ``name==version``, the highest of a package's lower bounds where several ask for it."""
    lowest: dict[str, Version] = {}
    for one in requirements(extras):
        bounds = [Version(part.version) for part in one.specifier if part.operator in (">=", "==", "~=")]
        if not bounds:
            raise SystemExit(f"pyproject.toml: {one} has no lower bound")
        lowest[one.name] = max([*bounds, *([lowest[one.name]] if one.name in lowest else [])])
    return [f"{name}=={version}" for name, version in sorted(lowest.items())]


def without_torch() -> list[str]:
    """Return the extras that `all` names, less those that need torch."""
    (everything,) = map(Requirement, PROJECT["optional-dependencies"]["all"])
    return sorted(e for e in everything.extras if "torch" not in {one.name for one in requirements({e})})


print(",".join(without_torch()) if sys.argv[1:] == ["--extras"] else "\n".join(constraints(set(sys.argv[1:]))))
