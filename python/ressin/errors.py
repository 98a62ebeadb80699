"""The errors that ressin raises, each also the built-in exception that a caller would expect; and its warnings."""

from __future__ import annotations

import os
import traceback

_LONGEST = 300  # characters of a foreign message that are repeated


class RessinError(Exception):
    """Base of every error that ressin raises on purpose."""


class InvalidInputError(RessinError, ValueError):
    """A signal or a setting that cannot be used: the message says what was given and what is needed."""


class ConvergenceError(RessinError, RuntimeError):
    """A programme was not solved to the requested tolerance.

    Attributes
    ----------
    result
        The unconverged `Decomposition`, with its status and evidence, for inspection.
    """

    def __init__(self, message: str, result: object = None) -> None:
        super().__init__(message)
        self.result = result


class RecordingError(RessinError, ValueError):
    """A file that cannot be read as a recording: the message names the file, the place and what would be right."""


class NotEdaError(RecordingError):
    """A file in which there is no skin conductance, or nothing says that there is."""


class OutputError(RessinError, OSError):
    """A result that could not be written; the file that was there is untouched."""


class MissingExtraError(RessinError, ImportError):
    """An optional dependency is not installed: the message names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: install it with  pip install 'ressin[{extra}]'")
        self._parts = package, extra, purpose

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        return type(self), self._parts


def describe(error: Exception) -> str:
    """Say what was raised, in one line: ressin's own message as it is, any other with its type and place.

    Parameters
    ----------
    error
        What work on one item of a batch raised. A batch lists it and goes on with the other items.
    """
    if isinstance(error, RessinError):
        return str(error)
    if isinstance(error, MemoryError):
        return f"not enough memory ({first_line(error) or 'nothing more is known'})"
    steps = traceback.extract_tb(error.__traceback__)
    place = f" in {os.path.basename(steps[-1].filename)}, line {steps[-1].lineno}" if steps else ""
    return f"an error that was not foreseen, {type(error).__name__}{place}: {first_line(error) or 'without a message'}"


def shown(value: object) -> str:
    """Return a value as a message shows it: its representation, at most 300 characters of it.

    An object whose representation is long, or cannot be made (an integer of thousands of digits), is cut or named by
    its type instead.
    """
    try:
        text = repr(value)
    except ValueError:
        return f"a {type(value).__name__} of very many digits"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}... ({len(text):,} characters)"


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, at most 300 characters of it."""
    text = next(iter(str(error).strip().splitlines()), "")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


class EvaluationWarning(UserWarning):
    """An evaluation is carried out as asked, but its numbers do not mean what they seem to: the message says why."""


class QualityWarning(UserWarning):
    """A decomposition is exact, but its parts cannot be what they are named after: the message says why."""
