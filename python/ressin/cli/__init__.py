"""The command `ressin`."""

from ressin.cli.main import main

__all__ = ["main"]
