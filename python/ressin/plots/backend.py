"""matplotlib, imported whatever backend the environment asks for: no picture here depends on one."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def import_matplotlib() -> None:
    """Import matplotlib, if it is installed, without letting `MPLBACKEND` stop it.

    A notebook sets `MPLBACKEND` for every process that it starts, and matplotlib refuses to be imported where that
    backend is not installed. Pictures are drawn and written here without a backend; so the variable is set aside for
    the import, and a backend that matplotlib knows is chosen afterwards as it would have been.
    """
    if "matplotlib" in sys.modules:
        return
    asked = os.environ.pop("MPLBACKEND", None)
    try:
        import matplotlib as mpl
    except ImportError:  # what needs it says what to install
        return
    finally:
        if asked is not None:
            os.environ["MPLBACKEND"] = asked
    if asked:
        with suppress(ValueError):
            mpl.rcParams["backend"] = asked


__all__ = ["import_matplotlib"]
