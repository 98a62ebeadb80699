"""The parser of the command line, and the handling of errors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ressin._files.interrupted import remembering_interrupts
from ressin.cli import collate, data, evaluate, inspect, learn, manifest, measures, pretrain, report, train
from ressin.cli.decompose import command as decompose
from ressin.cli.decompose import windows
from ressin.cli.demo import command as demo
from ressin.cli.terminal import flush_output, steady_output
from ressin.cli.watch import command as watch
from ressin.errors import RessinError

# Each adds parsers to the subparsers it is given; a parser's default `run` takes the arguments and returns the status.
COMMANDS = (
    inspect.add_parser,
    decompose.add_parser,
    collate.add_parser,
    windows.add_parser,
    measures.add_parsers,
    report.add_parser,
    watch.add_parser,
    demo.add_parser,
    data.add_parsers,
    manifest.add_parser,
    pretrain.add_parser,
    train.add_parser,
    learn.add_parsers,
    evaluate.add_parser,
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        Arguments after the program's name; None takes those of the process.

    Returns
    -------
    int
        Exit status: 0 if all went well, 1 if something failed, 2 for a wrong command line, 130 after Ctrl-C.
    """
    with steady_output():
        try:
            return max(_run(argv), flush_output())
        except SystemExit:  # of --help, or a wrong command line
            flush_output()
            raise


def _run(argv: Sequence[str] | None) -> int:
    """Carry out a command; what ends it is said in one line."""
    try:
        with remembering_interrupts():
            arguments = make_parser().parse_args(argv)
            return int(arguments.run(arguments))
    except RessinError as error:
        print(f"ressin: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nressin: stopped; what was written before is whole", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of the output has closed it, as `head` does
        return 1
    except OSError as error:  # a folder that cannot be made, a disk that is full
        print(f"ressin: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 1
    except MemoryError as error:
        print(f"ressin: not enough memory ({str(error) or 'nothing more is known'})", file=sys.stderr)
        return 1


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    from ressin._core import __version__

    parser = argparse.ArgumentParser(
        prog="ressin", description="Split skin conductance (EDA, GSR) into its phasic and tonic part, exactly and fast."
    )
    parser.add_argument("--version", action="version", version=f"ressin {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add_parsers in COMMANDS:
        add_parsers(subparsers)
    return parser
