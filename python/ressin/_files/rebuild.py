"""Settings read back from a file that is not trusted: every name and type is checked."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from ressin.errors import InvalidInputError

T = TypeVar("T")


def rebuild(kind: type[T], values: Any, where: str) -> T:
    """Make a dataclass of plain values from the dictionary that ``dataclasses.asdict`` gave.

    Parameters
    ----------
    kind
        The dataclass; every field has a default, whose type is the type that is wanted.
    values
        What was read.
    where
        Name of the part, for the message.

    Raises
    ------
    InvalidInputError
        For an unknown or missing name, a value of another type, or one that the dataclass refuses.
    """
    known = {item.name: item.default for item in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if not isinstance(values, dict) or set(values) != set(known):
        odd = sorted(set(values) ^ set(known)) if isinstance(values, dict) else [repr(values)]
        raise InvalidInputError(f"settings of the {where} part do not fit this version: {', '.join(map(str, odd))}")
    for name, default in known.items():
        value = values[name]
        same = type(value) is type(default) or (type(default) is float and type(value) is int)
        if not same:
            raise InvalidInputError(f"{where}.{name} is {value!r}; a {type(default).__name__} is needed")
    return kind(**values)
