"""Memory for batches, reused: allocating it takes longer than drawing the pictures into it."""

from __future__ import annotations

import math
import sys
import threading

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ressin.image import empty_images

UNUSED = 3  # references to a buffer that is free: the pool's, the loop variable's, and getrefcount's argument


class BatchBuffers:
    """Float32 tensors over a few buffers; a buffer is reused as soon as nothing refers to it.

    A tensor made by ``torch.from_numpy`` keeps its array alive, and so does every view of it and whatever autograd
    saved; so an array that only the pool refers to is free. Where all are in use a new one is made, kept if there is
    room.

    Parameters
    ----------
    n_kept
        Most buffers that are kept.
    """

    def __init__(self, n_kept: int = 3) -> None:
        self.n_kept = n_kept
        self._kept: list[NDArray[np.float32]] = []
        self._lock = threading.Lock()

    def take(self, shape: tuple[int, ...]) -> Tensor:
        """Return an uninitialised tensor of this shape that starts on a cache line."""
        count = math.prod(shape)
        with self._lock:
            for buffer in self._kept:
                if buffer.size >= count and sys.getrefcount(buffer) == UNUSED:
                    return torch.from_numpy(buffer)[:count].view(shape)
            self._kept = [buffer for buffer in self._kept if buffer.size >= count]  # room for what is asked for now
            fresh = empty_images((count,))
            if len(self._kept) < self.n_kept:
                self._kept.append(fresh)
            return torch.from_numpy(fresh).view(shape)

    def __getstate__(self) -> int:
        return self.n_kept

    def __setstate__(self, n_kept: int) -> None:
        self.__init__(n_kept)  # type: ignore[misc]  # a copy in another process starts with buffers of its own
