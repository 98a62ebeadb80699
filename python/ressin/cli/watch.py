"""`ressin watch`: a signal that is being recorded, its parts as they become final."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ressin.cli.decompose import add_programme
from ressin.errors import InvalidInputError, OutputError, RessinError

if TYPE_CHECKING:
    from ressin.stream import Stream, StreamParts
    from ressin.stream.feeds import FileFeed, PipeFeed
    from ressin.stream.lsl import LslFeed

_WAIT = 0.25  # s for samples, before looking whether to stop
_PROGRAMME = (
    "tau0",
    "tau1",
    "delta_knot",
    "alpha",
    "gamma",
    "revision",
    "baseline",
    "standardize",
    "tol",
    "max_iterations",
)
_COLUMNS = ("sample", "time", "signal", "phasic", "tonic", "driver", "residual")


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
    parser.add_argument("--rate", metavar="HZ", type=float, help="sampling rate, where the source does not tell it")
    parser.add_argument(
        "--column", metavar="NAME", help="column or channel of the signal: its name, or its number from 1"
    )
    parser.add_argument(
        "--time-column", metavar="NAME", help="column of the samples' times in seconds, to find gaps by"
    )
    parser.add_argument("--lag", metavar="S", type=float, default=20.0, help="default: %(default)g s")
    parser.add_argument(
        "--warm-up", metavar="S", type=float, default=60.0, help="before anything is final; default: %(default)g s"
    )
    parser.add_argument("--mean", type=float, help="to standardise with; default: of the samples so far")
    parser.add_argument("--deviation", type=float, help="to standardise with; default: of the samples so far")
    parser.add_argument("--idle", metavar="S", type=float, help="end when nothing has come for so long; default: never")
    parser.add_argument(
        "--state",
        metavar="FILE",
        help="go on from this state where the file exists, and save it there at the end (.npz)",
    )
    parser.add_argument(
        "--plot", action=argparse.BooleanOptionalAction, help="draw in the terminal; default: where there is one"
    )
    add_programme(parser, baseline="none", baselines=("none", "constant", "linear"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Watch until the source ends or is left."""
    try:
        _check(arguments)
        feed = _open_feed(arguments)
    except RessinError as error:
        print(f"ressin watch: {error}", file=sys.stderr)
        return 2
    try:
        with _output(arguments) as out, _asked_to_stop() as asked:
            stream, n_failed = _follow(feed, arguments, out, asked)
    finally:
        feed.close()
    if stream is None:
        print("ressin watch: no samples came", file=sys.stderr)
        return 1
    print(f"{stream.n_samples} samples, {stream.n_samples / stream.options.sampling_rate:.4g} s", file=sys.stderr)
    if n_failed:
        print(f"ressin watch: {n_failed} times a programme was not solved to the tolerance", file=sys.stderr)
    return 1 if n_failed else 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what cannot be, before anything is opened."""
    _new_stream(arguments, 1.0 if arguments.rate is None else arguments.rate)
    if arguments.idle is not None and not arguments.idle > 0:
        raise InvalidInputError(f"--idle is {arguments.idle:g}; it must be a number of seconds > 0")
    if arguments.lsl is not None and arguments.source != "-":
        raise InvalidInputError(f"both {arguments.source} and --lsl {arguments.lsl} are given; watch one at a time")
    if arguments.lsl is not None and arguments.time_column is not None:
        raise InvalidInputError("--time-column is for lines of text; an LSL stream has its own clock")
    if arguments.state is not None and arguments.source != "-":
        raise InvalidInputError("--state is for standard input and LSL; a file is read from its first line every time")
    if arguments.output is not None and Path(arguments.output).exists() and not _goes_on(arguments):
        raise OutputError(
            f"{arguments.output} exists; name a new file (only with a --state to go on from it is continued)"
        )


def _goes_on(arguments: argparse.Namespace) -> bool:
    return arguments.state is not None and Path(arguments.state).exists()


def _open_feed(arguments: argparse.Namespace) -> FileFeed | PipeFeed | LslFeed:
    if arguments.lsl is not None:
        from ressin.stream.lsl import LslFeed

        feed = LslFeed(arguments.lsl, arguments.column, arguments.rate)
        print(f"LSL stream {feed.name!r}, {feed.sampling_rate:g} Hz", file=sys.stderr)
        return feed
    from ressin.stream.feeds import FileFeed, PipeFeed
    from ressin.stream.lines import Lines

    name = "standard input" if arguments.source == "-" else arguments.source
    lines = Lines(name, arguments.column, arguments.time_column, arguments.rate)
    return PipeFeed(sys.stdin.buffer, lines) if arguments.source == "-" else FileFeed(arguments.source, lines)


def _new_stream(arguments: argparse.Namespace, rate: float) -> Stream:
    from ressin.stream import Stream

    programme = {name: getattr(arguments, name) for name in _PROGRAMME}
    return Stream(
        rate,
        lag=arguments.lag,
        warm_up=arguments.warm_up,
        mean=arguments.mean,
        deviation=arguments.deviation,
        on_failure="return",
        **programme,
    )


def _follow(
    feed: FileFeed | PipeFeed | LslFeed, arguments: argparse.Namespace, out: TextIO, asked: list[int]
) -> tuple[Stream | None, int]:
    """Push what comes until there is no more.

    Returns
    -------
    tuple
        The stream, None where nothing came, and how many results did not converge.
    """
    from ressin.cli.live import Live
    from ressin.stream import Stream

    live = Live(sys.stderr) if _draws(arguments) else None
    stream = Stream.load(arguments.state) if _goes_on(arguments) else None
    newest = time.monotonic()
    n_failed = 0

    def take(batch: Any) -> None:
        nonlocal stream, n_failed
        if not batch.signal.size:
            return
        if stream is None:
            if feed.sampling_rate is None:
                raise InvalidInputError("the source does not tell its sampling rate: give it with --rate")
            stream = _new_stream(arguments, feed.sampling_rate)
        rate = stream.options.sampling_rate
        for run_ in batch.runs(rate, max(stream.options.max_jitter, 1.5 / rate)):
            result = stream.push(run_.signal, None if run_.time is None else float(run_.time[0]))
            n_failed += not result.converged
            _write(out, result.final)
            if live is not None:
                live.show(result)

    while not asked:
        batch = feed.read(_WAIT)
        if batch is None:
            break
        take(batch)
        if batch.signal.size:
            newest = time.monotonic()
        elif arguments.idle is not None and time.monotonic() - newest > arguments.idle:
            break
    take(feed.rest())
    if stream is not None:
        if arguments.state is not None:
            stream.save(arguments.state)
        else:
            result = stream.finish()
            n_failed += not result.converged
            _write(out, result.final)
    return stream, n_failed


def _draws(arguments: argparse.Namespace) -> bool:
    if arguments.plot is not None:
        return bool(arguments.plot)
    return sys.stderr.isatty() and (arguments.output is not None or not sys.stdout.isatty())


@contextmanager
def _output(arguments: argparse.Namespace) -> Iterator[TextIO]:
    """Give the place for the table, with its header; a table that goes on keeps what it has."""
    if arguments.output is None:
        print(",".join(_COLUMNS), flush=True)
        yield sys.stdout
        return
    path = Path(arguments.output)
    is_new = not path.exists()
    try:
        with open(path, "a" if _goes_on(arguments) else "x", encoding="utf-8", newline="") as out:
            if is_new:
                out.write(",".join(_COLUMNS) + "\n")
            yield out
    except OSError as error:
        if isinstance(error, RessinError):
            raise
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error


def _write(out: TextIO, parts: StreamParts) -> None:
    """Write final samples at once, missing ones as empty fields."""
    columns = (parts.signal, parts.phasic, parts.tonic, parts.driver, parts.residual)
    for k in range(len(parts)):
        cells = ("" if column[k] != column[k] else f"{column[k]:.9g}" for column in columns)
        out.write(f"{parts.index[k]},{parts.time[k]:.6f},{','.join(cells)}\n")
    out.flush()


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """Give a list that Ctrl-C or a request to terminate fills, so that a programme being solved is not interrupted.

    The second Ctrl-C interrupts as ever.
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
