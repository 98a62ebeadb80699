"""`ressin watch`: a signal that is being recorded, its parts as they become final."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ressin.cli.options import OfCvxeda, add_programme, check_programme, programme_line
from ressin.cli.reading import add_reading, reading_of
from ressin.cli.watch.follower import Follower, columns_of, new_stream, saved_stream
from ressin.errors import InvalidInputError, OutputError, RecordingError, RessinError

if TYPE_CHECKING:
    from ressin.io.live.feeds import FileFeed, PipeFeed
    from ressin.io.live.lsl import LslFeed


def add_parser(subparsers: Any) -> None:
    """Add the command's parser."""
    parser = subparsers.add_parser(
        "watch",
        help="decompose a signal while it is recorded",
        description="Decompose a signal while it is recorded: lines on standard input, a file that grows, or a stream "
        "on the Lab Streaming Layer. The parts of every sample are written as they become final, --lag seconds later; "
        "at the end (of the input, after --idle seconds, or with Ctrl-C) those of the rest.",
    )
    parser.add_argument("source", metavar="SOURCE", nargs="?", default="-", help="a file; default: standard input")
    parser.add_argument(
        "--lsl", metavar="STREAM", help="instead, the LSL stream of this name, or property=value, such as type=EDA"
    )
    parser.add_argument("-o", "--output", metavar="OUT", help="CSV for the parts, a new file; default: standard output")
    parser.add_argument(
        "--time-column", metavar="NAME", help="column of the samples' times, where it is not found or the wrong one"
    )
    parser.add_argument("--lag", metavar="S", type=float, default=20.0, help="default: %(default)g s")
    parser.add_argument(
        "--warm-up", metavar="S", type=float, default=60.0, help="before anything is final; default: %(default)g s"
    )
    for name in ("--mean", "--deviation"):
        parser.add_argument(
            name, type=float, action=OfCvxeda, help="to standardise with (cvxeda); default: of the samples so far"
        )
    parser.add_argument("--idle", metavar="S", type=float, help="end when nothing has come for so long; default: never")
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="go on from this state where the file exists, and save it there at the end (.npz)",
    )
    parser.add_argument(
        "--plot", action=argparse.BooleanOptionalAction, help="draw in the terminal; default: where there is one"
    )
    add_reading(parser, grows=True)
    add_programme(parser, baseline="none", baselines=("none", "constant", "linear"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Watch until the source ends or the user stops."""
    try:
        _check(arguments)
        saved = saved_stream(arguments)
        feed = _open_feed(arguments)
    except RessinError as error:
        print(f"ressin watch: {error}", file=sys.stderr)
        return 2
    print(programme_line(arguments.programme), file=sys.stderr)
    try:
        with _output(arguments, goes_on=saved is not None) as out, _asked_to_stop() as asked:
            follower = Follower(arguments, saved, out)
            follower.follow(feed, asked)
    finally:
        feed.close()
    stream, n_failed = follower.stream, follower.n_failed
    if stream is None:
        print("ressin watch: no samples came", file=sys.stderr)
        return 1
    print(f"{stream.n_samples} samples, {stream.n_samples / stream.options.sampling_rate:.4g} s", file=sys.stderr)
    if n_failed:
        print(f"ressin watch: {n_failed} times a programme was not solved to the tolerance", file=sys.stderr)
    return 1 if n_failed else 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that contradict each other, before anything is opened."""
    check_programme(arguments)
    new_stream(arguments, 1.0 if arguments.rate is None else arguments.rate)
    if arguments.idle is not None and not arguments.idle > 0:
        raise InvalidInputError(f"--idle is {arguments.idle:g}; it must be a number of seconds > 0")
    if arguments.lsl is not None and arguments.source != "-":
        raise InvalidInputError(f"both {arguments.source} and --lsl {arguments.lsl} are given; watch one at a time")
    if arguments.lsl is not None and (arguments.time_column or arguments.where) is not None:
        raise InvalidInputError("--time-column and --where are for lines of text; an LSL stream has its own clock")
    if arguments.state is not None and arguments.source != "-":
        raise InvalidInputError("--state is for standard input and LSL; a file is read from its first line every time")
    goes_on = arguments.state is not None and Path(arguments.state).exists()
    if arguments.output is not None and Path(arguments.output).exists() and not goes_on:
        raise OutputError(
            f"{arguments.output} exists; name a new file (only with a --state to go on from it is continued)"
        )


def _open_feed(arguments: argparse.Namespace) -> FileFeed | PipeFeed | LslFeed:
    if arguments.lsl is not None:
        from ressin.io.live.lsl import LslFeed

        return LslFeed(arguments.lsl, arguments.column, arguments.rate, arguments.unit)
    from ressin.io.live.feeds import FileFeed, PipeFeed
    from ressin.io.live.growing import Growing

    how = reading_of(arguments), arguments.time_column
    if arguments.source != "-":
        return FileFeed(arguments.source, Growing(arguments.source, *how))
    if sys.stdin is None:
        raise RecordingError("standard input is closed: name a file, or --lsl a stream")
    return PipeFeed(sys.stdin.buffer, Growing("standard input", *how))


@contextmanager
def _output(arguments: argparse.Namespace, goes_on: bool) -> Iterator[TextIO]:
    """Open the table and write its header; a table that goes on is appended to."""
    name = "standard output" if arguments.output is None else arguments.output
    try:
        if arguments.output is None:
            print(",".join(columns_of(arguments.programme)), flush=True)
            yield sys.stdout
            return
        is_new = not Path(name).exists()
        with open(name, "a" if goes_on else "x", encoding="utf-8", newline="") as out:
            if is_new:
                out.write(",".join(columns_of(arguments.programme)) + "\n")
            yield out
    except OSError as error:
        if isinstance(error, (RessinError, BrokenPipeError)):  # main() handles a broken pipe
            raise
        raise OutputError(f"cannot write {name}: {error.strerror or error}") from error


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Give a list that Ctrl-C or a request to terminate fills, so that a programme being solved is not interrupted.

    The second Ctrl-C interrupts at once.
    """
    asked: list[int] = []

    def note(number: int, frame: object) -> None:
        if asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        asked.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
