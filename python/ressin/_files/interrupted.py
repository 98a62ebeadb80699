"""Ctrl-C that was caught by what must not catch it: extension modules do, while they are being imported."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_pressed = threading.Event()


@contextmanager
def remembering_interrupts() -> Iterator[None]:
    """Remember Ctrl-C beside raising KeyboardInterrupt, for `check_interrupted`, until the block ends.

    Nothing is changed outside of the main thread, and where the process has a handler of its own.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def remember(number: int, frame: FrameType | None) -> None:
        _pressed.set()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _pressed.clear()


def check_interrupted() -> None:
    """Raise KeyboardInterrupt again where it was raised and did not end the block of `remembering_interrupts`."""
    if _pressed.is_set():
        raise KeyboardInterrupt
