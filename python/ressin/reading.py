"""How a recording is to be read: what the caller of `ressin.read_recording` or of a command asks for."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

from ressin.errors import InvalidInputError, shown
from ressin.settings import check_positive

MAX_BYTES = 4 * 2**30  # a day at 1 kHz as CSV text is about 2 GB


@dataclass(frozen=True)
class Reading:
    """The options of `ressin.read_recording`, checked.

    Raises
    ------
    InvalidInputError
        If one is of the wrong type or out of range.
    """

    sampling_rate: float | None = None
    column: str | int | None = None
    unit: str | None = None
    where: str | None = None
    force_rate: bool = False
    max_bytes: int = MAX_BYTES

    def __post_init__(self) -> None:
        if self.sampling_rate is not None:
            object.__setattr__(self, "sampling_rate", check_positive("sampling_rate", self.sampling_rate, "Hz"))
        if self.column is not None and not isinstance(self.column, str):
            _whole("column", self.column, "the name of a column, or its number from 1")
        for name in ("unit", "where"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, str):
                raise InvalidInputError(f"{name} is {shown(value)}; it must be text, or None")
        _whole("max_bytes", self.max_bytes, "the largest number of bytes that is read")
        if not isinstance(self.force_rate, bool):
            raise InvalidInputError(f"force_rate is {shown(self.force_rate)}; it must be True or False")

    @property
    def column_text(self) -> str | None:
        """The column's name, or its number from 1, as text."""
        return None if self.column is None else str(self.column)

    def arguments(self) -> dict[str, Any]:
        """Return the options by name."""
        return dict(vars(self))


def _whole(name: str, value: object, meaning: str) -> None:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = 0
    if isinstance(value, bool) or number < 1:
        raise InvalidInputError(f"{name} is {shown(value)}; it must be {meaning}")
