"""What a layout of files is: how it is recognised, how it is read, and its line in the documentation's table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ressin.io.source import Content
from ressin.io.table import Table


@dataclass(frozen=True)
class Match:
    """How well a file fits a layout.

    Attributes
    ----------
    score
        From 0, not at all, to 1, certain.
    reason
        What in the file says so.
    """

    score: float
    reason: str


@dataclass(frozen=True)
class Layout:
    """One layout of files.

    Attributes
    ----------
    name
        Short, in lower case: ``"empatica-e4"``.
    extensions
        Usual suffixes; the content decides.
    device
        Devices and programmes that write it.
    rate, unit, markers
        Where each is from, for the documentation's table.
    library
        Package that reads it, "" where ressin does alone.
    grows
        Whether it is text that is written row by row, and can be watched while it is.
    sniff
        Tells how well a file fits; None where not at all.
    read
        Makes tables of a file that fits, one for each clock.
    """

    name: str
    extensions: str
    device: str
    rate: str
    unit: str
    markers: str
    sniff: Callable[[Content], Match | None]
    read: Callable[[Content], Sequence[Table]]
    library: str = ""
    grows: bool = True
