"""Names of files as text that can be written anywhere."""

from __future__ import annotations


def encodable(text: str) -> str:
    r"""Return a text that UTF-8 has letters for: bytes of a file's name that are no letters become ``\udc..``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


__all__ = ["encodable"]
