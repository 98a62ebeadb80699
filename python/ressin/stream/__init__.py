"""Streams: the decomposition of a signal while it is recorded."""

from ressin.stream.result import StreamParts, StreamResult
from ressin.stream.stream import Stream

__all__ = ["Stream", "StreamParts", "StreamResult"]
