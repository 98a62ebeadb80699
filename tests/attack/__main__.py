"""Attack the package and print what survived: ``python -m tests.attack [--minutes 60] [--seed N] [--only readers]``.

Fuzzed files for half of the time, faults for the other half. The files that did not survive are kept in a folder that
is named at the end; a seed gives the same case again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.attack.faults import KINDS, inject
from tests.attack.fuzz import Tally, fuzz, table

ROUND = 20  # cases of a kind of fault in one go


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if everything survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="in all (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="of the first case (default 0)")
    parser.add_argument("--only", choices=["readers", "faults"], help="half of it, for the whole time")
    arguments = parser.parse_args(argv)
    seconds = 60.0 * arguments.minutes / (1 if arguments.only else 2)
    tallies: dict[str, Tally] = {}
    if arguments.only != "faults":
        folder = Path(tempfile.mkdtemp(prefix="ressin-attack-"))
        tallies |= fuzz(folder, first=arguments.seed, seconds=seconds, say=print)
        print(f"what did not survive is in {folder}\n")
    if arguments.only != "readers":
        tallies |= faults(arguments.seed, seconds)
    print(table(tallies))
    return 1 if any(tally.lost for tally in tallies.values()) else 0


def faults(seed: int, seconds: float) -> dict[str, Tally]:
    """Go through the kinds of faults, again and again with other seeds, for some seconds; each at least once."""
    tallies = {kind: Tally() for kind in KINDS}
    end = time.monotonic() + seconds
    while True:
        for kind, tally in tallies.items():
            found = inject(kind, ROUND, seed, print)
            tally.cases += found.cases
            tally.lost += found.lost
        seed += 1
        if time.monotonic() > end:
            return tallies


if __name__ == "__main__":
    sys.exit(main())
