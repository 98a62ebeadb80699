"""`ressin windows`: recordings decomposed window by window."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ressin.cli.decompose.work import reason_of
from ressin.cli.options import DEFAULTS, SETTINGS, add_settings, check_programme, programme_line
from ressin.cli.reading import add_reading, reading_of
from ressin.cli.terminal import Console, failure_table
from ressin.errors import OutputError, RessinError

if TYPE_CHECKING:
    from ressin.cli.decompose.outputs import Target


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "windows",
        help="decompose recordings window by window",
        description="Decompose each sliding window of a recording as a programme of its own. Each recording gets a CSV "
        "of its samples, averaged over the windows that hold them, with the deviation between windows, and a CSV with "
        "the status and the evidence of every window. Windows without enough samples are marked as empty.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="recordings, as `ressin decompose` reads them")
    parser.add_argument("--window", metavar="S", type=float, required=True, help="length of a window")
    parser.add_argument("--step", metavar="S", type=float, required=True, help="from one window's start to the next")
    parser.add_argument("-o", "--output", metavar="DIR", default="ressin-output", help="folder; default: %(default)s")
    add_reading(parser)
    parser.add_argument("--plot", action="store_true", help="draw a picture (PNG) of each recording")
    parser.add_argument("--jobs", metavar="N", type=int, default=DEFAULTS.n_threads, help="threads; default: all cores")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but failures")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Decompose all files; one that fails, or has a window that is not solved, is listed at the end."""
    from ressin.settings import Settings

    settings: dict[str, Any] = {name: getattr(arguments, name) for name in SETTINGS}
    settings["n_threads"] = arguments.jobs
    try:
        check_programme(arguments)
        Settings(**settings)
        if arguments.plot:
            import ressin.plots.files  # noqa: F401  # says what to install where matplotlib is missing
        targets = _targets(arguments.files, arguments.output)
    except RessinError as error:
        print(f"ressin windows: {error}", file=sys.stderr)
        return 2
    failures: list[tuple[str, str]] = []
    with Console(len(targets), quiet=arguments.quiet) as console:
        console.say(programme_line(arguments.programme))
        for target in targets:
            try:
                said = _decompose(target, arguments, settings)
            except Exception as error:  # noqa: BLE001  # whatever one file does, the others are worked on
                failures.append((str(target.source), reason_of(error, target)))
            else:
                console.say(said)
            console.step()
    if failures:
        print(failure_table(failures, len(targets)), file=sys.stderr)
    return 1 if failures or console.lost else 0


def _targets(files: Sequence[str], output: str) -> list[Target]:
    """Name the files of each recording, all of them in one folder."""
    from ressin.cli.decompose.outputs import check_inputs_survive, plan, remove_leftovers

    if Path(output).suffix.lower() in (".csv", ".tsv", ".txt", ".parquet", ".gz"):
        raise OutputError(f"-o {output} names a table; windows are written to a folder, two tables for each recording")
    targets = [
        replace(
            target,
            table=Path(output) / f"{target.name}_windows.csv",
            evidence=Path(output) / f"{target.name}_windows_evidence.csv",
            picture=Path(output) / f"{target.name}_windows.png",
        )
        for target in plan(files, output, "csv", "png")
    ]
    check_inputs_survive(targets)
    remove_leftovers(targets)
    return targets


def _decompose(target: Target, arguments: argparse.Namespace, settings: dict[str, Any]) -> str:
    """Read, decompose and write one recording; return what to say about it."""
    import numpy as np

    from ressin.decomposition.decompose_windows import decompose_windows
    from ressin.errors import ConvergenceError
    from ressin.io.read import read_recording
    from ressin.io.write import write_windows

    recording = read_recording(target.source, **reading_of(arguments).arguments())
    windows = decompose_windows(
        recording.signal, recording.sampling_rate, arguments.window, arguments.step, errors="return", **settings
    )
    write_windows(windows, target.table, target.evidence, unit=recording.unit)
    written = [target.table, target.evidence]
    if arguments.plot:
        from ressin.plots.files import save_figure
        from ressin.plots.many import plot_windows

        save_figure(plot_windows(windows, title=target.name, unit=recording.unit), target.picture, title=target.name)
        written.append(target.picture)
    empty = int(np.count_nonzero(windows.status == "empty"))
    unsolved = len(windows) - empty - int(np.count_nonzero(windows.converged))
    if unsolved:
        raise ConvergenceError(f"{unsolved} of {len(windows)} windows were not solved; {target.evidence} says which")
    return "\n".join(
        (
            f"{target.source}: {len(windows)} windows of {arguments.window:g} s every {arguments.step:g} s",
            f"  taken     {'; '.join(recording.notes) or 'as given'}",
            f"  optimal   {len(windows) - empty} windows" + (f"; {empty} empty" if empty else ""),
            f"  written   {', '.join(map(str, written))}",
        )
    )
