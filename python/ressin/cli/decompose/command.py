"""`ressin decompose`: recordings from files, their parts to files."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from ressin.cli.decompose.work import Options, count_processes, work, work_apart
from ressin.cli.options import DEFAULTS, SETTINGS, OfCvxeda, add_settings, check_programme, programme_line
from ressin.cli.terminal import Console, failure_table
from ressin.errors import RessinError


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "decompose",
        help="decompose recordings from files",
        description="Decompose recordings: CSV, TSV, TXT, Empatica E4 EDA.csv, Parquet or .npy, each also as .gz. "
        "Each gets a table of its parts, the evidence that they are optimal as JSON, and on demand a picture and its "
        "SCR events.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="recordings")
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="ressin-output",
        help="folder for the results, or for one FILE the table's name (.csv, .tsv, .parquet); default: %(default)s",
    )  # fmt: skip
    parser.add_argument("--rate", metavar="HZ", type=float, help="sampling rate, where the file does not tell it")
    parser.add_argument("--column", metavar="NAME", help="column of the signal: its name, or its number from 1")
    parser.add_argument(
        "--format",
        choices=("csv", "csv.gz", "tsv", "parquet"),
        default="csv",
        help="of the tables; default: %(default)s",
    )
    parser.add_argument("--plot", action="store_true", help="draw a picture of each")
    parser.add_argument("--plot-format", choices=("png", "svg", "pdf", "html"), help="default: png; implies --plot")
    parser.add_argument("--scrs", action="store_true", help="write a table of each recording's SCR events")
    parser.add_argument(
        "--min-amplitude", metavar="US", type=float, default=0.01,
        help="least height of an SCR, in the unit of the signal; default: %(default)g",
    )  # fmt: skip
    parser.add_argument(
        "--n-boot", metavar="N", type=int, default=0, action=OfCvxeda,
        help="replicates of a bootstrap that gives the parts 90%% bands, at least 20 (cvxeda); default: no bands",
    )  # fmt: skip
    parser.add_argument(
        "--boot-seed", metavar="N", type=int, default=0, action=OfCvxeda, help="of the replicates; default: %(default)s"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, default=DEFAULTS.n_threads, help="threads or processes; default: one a core"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but failures")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Decompose all files; a file that fails is listed at the end and does not stop the others."""
    from ressin.cli.decompose.outputs import plan

    settings: dict[str, Any] = {name: getattr(arguments, name) for name in SETTINGS}
    settings["n_threads"] = arguments.jobs
    picture_format = arguments.plot_format or ("png" if arguments.plot else None)
    try:
        _check(arguments, settings, picture_format)
        targets = plan(arguments.files, arguments.output, arguments.format, picture_format or "png")
    except RessinError as error:
        print(f"ressin decompose: {error}", file=sys.stderr)
        return 2
    options = Options(
        settings=settings,
        rate=arguments.rate,
        column=arguments.column,
        scrs=arguments.scrs,
        picture=picture_format is not None,
        min_amplitude=arguments.min_amplitude,
        n_boot=arguments.n_boot,
        boot_seed=arguments.boot_seed,
    )
    failures: list[tuple[str, str]] = []
    n_processes = count_processes(targets, options)
    with Console(len(targets), quiet=arguments.quiet) as console:
        console.say(programme_line(arguments.programme))
        outcomes = (
            work(targets, options, console.stage) if n_processes == 1 else work_apart(targets, options, n_processes)
        )
        for outcome in outcomes:
            if outcome.reason:
                failures.append((str(outcome.target.source), outcome.reason))
            else:
                console.say(outcome.said)
            console.step()
    if failures:
        order = {str(target.source): i for i, target in enumerate(targets)}
        failures.sort(key=lambda failure: order[failure[0]])
        print(failure_table(failures, len(targets)), file=sys.stderr)
    return 1 if failures or console.lost else 0


def _check(arguments: argparse.Namespace, settings: dict[str, Any], picture_format: str | None) -> None:
    """Refuse what would fail for every file, before any is read."""
    from ressin.decomposition.bands import check_draws
    from ressin.errors import InvalidInputError
    from ressin.settings import Settings, check_sampling_rate

    check_programme(arguments)
    Settings(**settings)
    if arguments.n_boot != 0:
        check_draws(arguments.n_boot, arguments.boot_seed)
    if arguments.rate is not None:
        check_sampling_rate(arguments.rate)
    if not arguments.min_amplitude > 0:
        raise InvalidInputError(f"--min-amplitude is {arguments.min_amplitude:g}; it must be positive")
    if picture_format is not None:
        import ressin.plots.files  # noqa: F401  # says what to install where matplotlib is missing
