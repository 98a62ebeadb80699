"""Results whose arrays cannot be written to."""

from __future__ import annotations

from typing import Any

import numpy as np


class ReadOnly:
    """A frozen dataclass whose arrays are read-only too, also after copying and unpickling."""

    def __post_init__(self) -> None:
        _lock(vars(self))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        _lock(vars(self))


def _lock(fields: dict[str, Any]) -> None:
    """Put read-only views in the place of the arrays that can be written to."""
    for name, value in fields.items():
        if isinstance(value, np.ndarray) and value.flags.writeable:
            fields[name] = value.view()
            fields[name].flags.writeable = False
