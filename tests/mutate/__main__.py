"""Run the mutants and print a table: ``python -m tests.mutate [NAME ...]``.

By hand, not in the gate: it takes most of an hour.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.mutate.harness import Mutant, Outcome, Workshop
from tests.mutate.mutants import MUTANTS


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if every mutant that was run was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutate", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of the names of the mutants to run; all by default")
    parser.add_argument("--verbose", action="store_true", help="show the tests' output of what was not caught")
    arguments = parser.parse_args(argv)
    chosen = [m for m in MUTANTS if not arguments.names or any(part in m.name for part in arguments.names)]
    if not chosen:
        parser.error(f"no mutant has {' or '.join(arguments.names)} in its name")
    with tempfile.TemporaryDirectory(prefix="ressin-mutate-") as folder:
        outcomes = run(Workshop(Path(folder)), chosen, verbose=arguments.verbose)
    caught = sum(outcome.verdict == "caught" for outcome in outcomes)
    print(f"\n{caught} of {len(outcomes)} caught")
    return 0 if caught == len(outcomes) else 1


def run(workshop: Workshop, chosen: Sequence[Mutant], *, verbose: bool) -> list[Outcome]:
    """Check that the tests pass on the sound code, then try the mutants, those of the compiled code first."""
    workshop.configure()
    workshop.compile()
    workshop.check_that_the_copy_is_tested()
    tests = tuple(dict.fromkeys(test for mutant in chosen for test in mutant.tests))
    if workshop.test(tests) != 0:
        print(workshop.last_output)
        raise SystemExit("the tests do not pass on the sound code")
    print("| mutant | file | verdict | s |\n|---|---|---|---:|", flush=True)
    outcomes: list[Outcome] = []
    for mutant in sorted(chosen, key=lambda m: not m.compiled):
        if not mutant.compiled and outcomes and outcomes[-1].mutant.compiled:
            workshop.compile()  # the sound module again
        outcome = workshop.judge(mutant)
        outcomes.append(outcome)
        print(f"| {mutant.name} | {mutant.file} | {outcome.verdict} | {outcome.seconds:.0f} |", flush=True)
        if verbose and outcome.verdict != "caught":
            print(workshop.last_output)
    return outcomes


if __name__ == "__main__":
    sys.exit(main())
