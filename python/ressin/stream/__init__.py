"""Streams: the decomposition of a signal that has not ended."""

from ressin.stream.result import StreamParts, StreamResult
from ressin.stream.stream import Stream

__all__ = ["Stream", "StreamParts", "StreamResult"]
