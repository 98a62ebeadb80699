"""Recordings from files, and decompositions to files."""

from ressin.io.read import open_recording, read_recording
from ressin.io.write import write_decomposition, write_evidence

__all__ = ["open_recording", "read_recording", "write_decomposition", "write_evidence"]
