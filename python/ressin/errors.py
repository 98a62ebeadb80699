"""The errors that ressin raises, each also the built-in exception that a caller would expect; and its warnings."""

from __future__ import annotations


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


class OutputError(RessinError, OSError):
    """A result that could not be written; the file that was there is untouched."""


class MissingExtraError(RessinError, ImportError):
    """An optional dependency is not installed: the message names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: install it with  pip install 'ressin[{extra}]'")
        self._parts = package, extra, purpose

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str, str]]:
        return type(self), self._parts


class QualityWarning(UserWarning):
    """A decomposition is exact, but its parts cannot be what they are named after: the message says why."""
