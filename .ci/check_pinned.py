"""Check that each package installed beside this script's Python is the one that a constraints file names."""

import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FREE = {"ressin", "pip"}  # the package itself, and what every virtual environment begins with

lines = [line.split("#")[0].strip() for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
pins = {
    canonicalize_name(pin.name): pin.specifier
    for pin in map(Requirement, filter(None, lines))
    if pin.marker is None or pin.marker.evaluate()
}
installed = {canonicalize_name(one.metadata["Name"]): one.version for one in metadata.distributions()}
strays = [
    f"{name} {version}: {f'pinned {pins[name]}' if name in pins else 'not pinned'}"
    for name, version in sorted(installed.items())
    if name not in FREE and (name not in pins or version not in pins[name])
]
if strays:
    sys.exit(
        f"{sys.argv[1]} does not name what is installed (CONTRIBUTING.md says how it is made):\n" + "\n".join(strays)
    )
print(f"{len(installed)} packages, each as {sys.argv[1]} has it")
