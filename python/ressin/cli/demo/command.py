"""`ressin demo`: a simulated recording against its truth, a real one, and a simulated study from files to a report."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ressin.cli.demo.real_recording import real_step
from ressin.cli.demo.recording import decomposition_step
from ressin.cli.demo.study import study_step
from ressin.cli.options import add_choice
from ressin.cli.terminal import Demo
from ressin.errors import OutputError


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "demo",
        help="see all of it work: a recording against its truth, and a small study from files to report.html",
        description="Simulate a recording (responses at known times on a drifting level, with noise), decompose it, "
        "compare what was found with the truth, and write table, evidence and picture; decompose minutes of a real "
        "one, too. Then simulate a small study (listeners, songs, ratings), prepare it, train and evaluate the "
        "network on new people and new songs, and write report.html: some minutes. "
        "A run that was stopped goes on where it stopped.",
    )
    parser.add_argument(
        "-o", "--output", metavar="DIR", default="ressin-demo", help="folder for the files; default: %(default)s"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of the simulation; default: %(default)s")
    add_choice(parser)
    parser.add_argument("--short", action="store_true", help="only the two recordings: seconds, and no extra is needed")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run all steps; the exit status is 0 if all checks hold."""
    folder = Path(arguments.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
    demo = Demo(folder, arguments.seed, arguments.programme)
    outcomes = [step(demo) for step in (STEPS[:2] if arguments.short else STEPS)]
    return 0 if all(outcomes) else 1


STEPS: tuple[Callable[[Demo], bool], ...] = (decomposition_step, real_step, study_step)
