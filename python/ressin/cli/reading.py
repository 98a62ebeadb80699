"""Options of commands that read recordings, and the line to try next where one is refused."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import PurePath
from typing import Any

from ressin.errors import InvalidInputError
from ressin.reading import MAX_BYTES, Reading

_MIB = 2**20
_OPTION = (
    r"--(where|column|unit|force-rate|rate|max-mib|missing)\b"
    r"(?: (\"[^\"]+\"|'[^']+'|kOhm|Ohm|counts|solve|[mun]?V\b))?"
)
_LISTED = r"(?:(?:columns|channels) could be the signal|the columns are|the channels are):? ?('[^']*'|\"[^\"]*\"|\d+)"


class _Help(argparse.Action):
    """Prints the help with the list of layouts, which is loaded only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print and exit."""
        from ressin.io.layouts.registry import LAYOUTS

        width = max(len(layout.name) for layout in LAYOUTS)
        lines = [f"  {layout.name:{width}}  {layout.extensions}  ({layout.device})" for layout in LAYOUTS]
        print(parser.format_help() + "\nlayouts that are read (the content decides):\n" + "\n".join(lines))
        parser.exit()


def add_help(parser: argparse.ArgumentParser) -> None:
    """Add -h and --help to a parser that was made without."""
    parser.add_argument("-h", "--help", action=_Help, nargs=0, help="show this help message and exit")


def add_reading(parser: argparse.ArgumentParser, grows: bool = False) -> None:
    """Add the options; of a file that grows, the size is not limited."""
    group = parser.add_argument_group("how the files are read")
    group.add_argument(
        "--rate", metavar="HZ", type=float,
        help="sampling rate, where the file does not tell it; one that contradicts the file is refused",
    )  # fmt: skip
    group.add_argument("--force-rate", action="store_true", help="let --rate win over the file")
    group.add_argument("--column", metavar="NAME", help="column of the signal: its name, or its number from 1")
    group.add_argument(
        "--unit",
        metavar="UNIT",
        help="of the samples, where the file does not state it or wrong: uS, nS, kOhm, V, counts",
    )
    group.add_argument(
        "--where", metavar="COLUMN=VALUE", help="of a table of several recordings, the rows with this value"
    )
    if grows:
        parser.set_defaults(max_mib=MAX_BYTES / _MIB)
        return
    group.add_argument(
        "--max-mib", metavar="N", type=float, default=MAX_BYTES / _MIB,
        help="largest file, packed or unpacked, that is read; default: %(default)g MiB",
    )  # fmt: skip


def reading_of(arguments: argparse.Namespace) -> Reading:
    """Return the options.

    Raises
    ------
    InvalidInputError
        --force-rate without --rate, or a limit that is none.
    """
    if arguments.force_rate and arguments.rate is None:
        raise InvalidInputError("--force-rate needs the rate to force: --rate HZ")
    if not 0 < arguments.max_mib < 2**40:
        raise InvalidInputError(f"--max-mib is {arguments.max_mib:g}; it must be a positive number of MiB")
    return Reading(
        arguments.rate, arguments.column, arguments.unit, arguments.where, arguments.force_rate,
        int(arguments.max_mib * _MIB),
    )  # fmt: skip


def try_next(path: str | PurePath, reason: str) -> str:
    """Return the command to try after a refusal, by the remedy that its message names.

    Parameters
    ----------
    path
        The file.
    reason
        The message.
    """
    install = re.search(r"pip install '[^']+'", reason)
    if install:
        return install.group(0)
    command = f"ressin decompose {shlex.quote(str(path))}"
    beside = re.search(r"skin conductance is in (EDA\.csv)", reason)
    if beside:
        return f"ressin decompose {shlex.quote(str(PurePath(path).with_name(beside.group(1))))}"
    place = re.search(_OPTION, reason)
    if place is None:
        return f"ressin inspect {shlex.quote(str(path))}"
    option, value = place.group(1), place.group(2) or ""
    if option == "column":
        named = re.search(_LISTED, reason)
        value = value or (named.group(1) if named else "NAME")
    elif option == "force-rate":
        return command  # without the rate that the file contradicts
    elif option == "unit":
        value = value or "UNIT"
    elif option == "rate":
        value = "HZ"
    elif option == "max-mib":
        value = "N"
    return f"{command} --{option} {value}".rstrip()
