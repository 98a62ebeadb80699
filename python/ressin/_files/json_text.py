"""JSON that is not trusted."""

from __future__ import annotations

import json
from typing import Any


def parse_json(text: str | bytes) -> Any:
    """Parse JSON; whatever is wrong with it is one kind of error.

    Raises
    ------
    ValueError
        When it is not JSON, not text, holds an integer of thousands of digits, or is nested so deeply that Python's
        parser gives up.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


__all__ = ["parse_json"]
