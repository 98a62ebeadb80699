"""`ressin decompose`: recordings from files, their parts to files."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from ressin.cli.decompose.work import Options, count_processes, work, work_apart
from ressin.cli.options import DEFAULTS, SETTINGS, OfCvxeda, add_settings, check_programme, programme_line
from ressin.cli.reading import add_help, add_reading, reading_of, try_next
from ressin.cli.terminal import Console, failure_table
from ressin.errors import RessinError

if TYPE_CHECKING:
    from ressin.cli.decompose.outputs import Target


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "decompose",
        help="decompose recordings from files",
        description="Decompose recordings of any layout that this help lists: files, folders, zip archives. "
        "Each gets a table of its parts, the evidence that they are optimal as JSON, and on demand a picture and its "
        "SCR events. Of folders and archives, what is skin conductance is taken and what is not is named.",
        add_help=False,
    )
    add_help(parser)
    parser.add_argument(
        "files", metavar="FILE", nargs="*", help="recordings, folders, zip archives; - for standard input"
    )
    parser.add_argument(
        "-o", "--output", metavar="OUT", default="ressin-output",
        help="folder for the results, or for one FILE the table's name (.csv, .tsv, .parquet); default: %(default)s",
    )  # fmt: skip
    add_reading(parser)
    parser.add_argument(
        "--format",
        choices=("csv", "csv.gz", "tsv", "parquet", "bids"),
        default="csv",
        help="of the tables; bids: _physio.tsv.gz with its .json; default: %(default)s",
    )
    parser.add_argument("--plot", action="store_true", help="draw a picture of each")
    parser.add_argument("--plot-format", choices=("png", "svg", "pdf", "html"), help="default: png; implies --plot")
    parser.add_argument("--scrs", action="store_true", help="write a table of each recording's SCR events")
    parser.add_argument(
        "--min-amplitude", metavar="US", type=float,
        help="least height of an SCR, in the unit of the signal; default: 0.01 uS, none where the unit is another",
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
    _add_many(parser)
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing but failures")
    add_settings(parser)
    parser.set_defaults(run=run, missing="solve", complain=parser.error)


def _add_many(parser: argparse.ArgumentParser) -> None:
    """Add the options of runs over many files."""
    group = parser.add_argument_group("many files")
    group.add_argument("--files-from", metavar="LIST", help="a text with one file a line, beside those named")
    group.add_argument(
        "--shard",
        metavar="I/N",
        help="work on every Nth file from the Ith; N alone, or slurm: I from SLURM_ARRAY_TASK_ID",
    )
    group.add_argument(
        "--resume", action=argparse.BooleanOptionalAction,
        help="skip files whose results of the same run stand there; default: with folders, archives, lists and shards",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Decompose all files; a file that fails is listed at the end and does not stop the others."""
    settings: dict[str, Any] = {name: getattr(arguments, name) for name in SETTINGS}
    settings["n_threads"] = arguments.jobs
    picture_format = arguments.plot_format or ("png" if arguments.plot else None)
    try:
        _check(arguments, settings, picture_format)
        options = Options(
            settings=settings,
            reading=reading_of(arguments),
            scrs=arguments.scrs,
            picture=picture_format is not None,
            min_amplitude=arguments.min_amplitude,
            n_boot=arguments.n_boot,
            boot_seed=arguments.boot_seed,
        )
        targets, n_done = _targets(arguments, options, picture_format or "png")
    except RessinError as error:
        print(f"ressin decompose: {error}", file=sys.stderr)
        return 2
    return _work(targets, n_done, arguments, options)


def _targets(arguments: argparse.Namespace, options: Options, picture_format: str) -> tuple[list[Target], int]:
    """Return the files of this job that are not done, and how many are."""
    from ressin.cli.decompose.done import is_done, run_key
    from ressin.cli.decompose.outputs import plan, remove_leftovers
    from ressin.cli.inputs import listed, parse_shard, share

    files = [*arguments.files, *(listed(arguments.files_from) if arguments.files_from else [])]
    shard = parse_shard(arguments.shard)
    if not files:
        arguments.complain("no file is given: name files or folders, or --files-from LIST")
    targets = plan(files, arguments.output, arguments.format, picture_format)
    remove_leftovers(targets)
    resumes = arguments.resume
    if resumes is None:
        resumes = bool(shard or arguments.files_from or any(target.is_found for target in targets))
    if shard is not None:
        targets = share(targets, *shard)
    left = [t for t in targets if not (resumes and is_done(t, run_key(t, options)))]
    return left, len(targets) - len(left)


def _work(targets: list[Target], n_done: int, arguments: argparse.Namespace, options: Options) -> int:
    failures: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    n_processes = count_processes(targets, options)
    with Console(len(targets), quiet=arguments.quiet) as console:
        console.say(programme_line(arguments.programme))
        if n_done:
            console.say(
                f"{n_done} file(s) are done by a run before this one and skipped; --no-resume works on them again"
            )
        outcomes = (
            work(targets, options, console.stage) if n_processes == 1 else work_apart(targets, options, n_processes)
        )
        for outcome in outcomes:
            if outcome.reason:
                (others if outcome.is_other else failures).append((str(outcome.target.source), outcome.reason))
            else:
                console.say(outcome.said)
            console.step()
        if others:
            console.say(failure_table(others, len(targets), "not taken"))
    if failures:
        order = {str(target.source): i for i, target in enumerate(targets)}
        failures.sort(key=lambda failure: order[failure[0]])
        advised = [(name, f"{reason}\ntry: {try_next(name, reason)}") for name, reason in failures]
        print(failure_table(advised, len(targets)), file=sys.stderr)
    nothing = bool(others) and len(others) == len(targets) and not n_done
    if nothing:
        where = "" if arguments.shard is None else f" in share {arguments.shard}"
        print(f"ressin decompose: no file of skin conductance was found{where}", file=sys.stderr)
    empty = nothing and arguments.shard is None  # the share of another job may hold all
    return 1 if failures or empty or console.lost else 0


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
    if arguments.min_amplitude is not None and not arguments.min_amplitude > 0:
        raise InvalidInputError(f"--min-amplitude is {arguments.min_amplitude:g}; it must be positive")
    if picture_format is not None:
        import ressin.plots.files  # noqa: F401  # says what to install where matplotlib is missing
