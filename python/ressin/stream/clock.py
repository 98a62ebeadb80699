"""The clock of a stream's samples, and the check of what is pushed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ressin._columns import as_array
from ressin.errors import InvalidInputError, first_line, shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_COARSEST = 0.25  # sampling intervals between two neighbouring numbers of the clock
_NO_TIMES: NDArray[np.float64] = np.empty(0)
_LARGEST = 1e100  # of a sample: the programme sums products of two


@dataclass
class Clock:
    """Times of samples at a fixed rate, set anew by every time that is given.

    Attributes
    ----------
    sampling_rate
        Hz.
    max_jitter
        Seconds by which a given time may be off from what the samples before lead to expect.
    origin, count
        The next sample's time is expected at origin + count / sampling_rate, seconds.
    is_given
        Whether origin is a time that was given.
    """

    sampling_rate: float
    max_jitter: float
    origin: float = 0.0
    count: int = 0
    is_given: bool = False

    def read(self, time: float | None, n: int, longest: int) -> tuple[int, NDArray[np.float64], NDArray[np.float64]]:
        """Return how many samples are missing before the next n, their times, and those of the n.

        Where more than `longest` are missing, however many, their times are not made.

        Raises
        ------
        InvalidInputError
            A time that is no finite number, too large to tell samples apart, or earlier than that of samples pushed
            before.
        """
        expected = self.origin + self.count / self.sampling_rate
        n_gap = 0
        if time is not None:
            time = _check_time(time, self.sampling_rate)
            late = time - expected if self.is_given else 0.0
            tolerance = max(self.max_jitter, 1.5 / self.sampling_rate)
            if late < -tolerance:
                raise InvalidInputError(
                    f"time is {time:.6f} s, {-late:.3g} s before the {expected:.6f} s at which the next sample is due: "
                    f"the clock runs backwards, or samples are pushed twice; up to {tolerance:.3g} s pass as jitter"
                )
            n_gap = round(late * self.sampling_rate) if late > tolerance else 0
        gap = self._times(n_gap) if 0 < n_gap <= longest else _NO_TIMES
        if time is not None:
            self.origin, self.count, self.is_given = time, 0, True
        else:
            self.count += n_gap
        times = self._times(n)
        self.count += n
        return n_gap, gap, times

    def forget(self) -> None:
        """Take the next time that is given as it is: a new recording begins."""
        self.is_given = False

    def _times(self, n: int) -> NDArray[np.float64]:
        times = np.arange(self.count, self.count + n, dtype=np.float64)
        times /= self.sampling_rate
        times += self.origin
        return times


def _check_time(time: object, sampling_rate: float) -> float:
    try:
        is_number = isinstance(time, (int, float, np.number)) and not isinstance(time, bool)
        seconds = float(time) if is_number else math.nan  # type: ignore[arg-type]
    except (OverflowError, TypeError):  # an integer of hundreds of digits, a complex number
        seconds = math.inf
    if not math.isfinite(seconds):
        raise InvalidInputError(f"time is {shown(time)}; it must be a finite number of seconds")
    if not math.ulp(seconds) * sampling_rate <= _COARSEST:
        raise InvalidInputError(
            f"time is {seconds:g} s; in double precision, times of that size are {math.ulp(seconds):.1g} s apart, and "
            f"at {sampling_rate:g} Hz samples are {1.0 / sampling_rate:g} s apart: give seconds, counted from nearer by"
        )
    return seconds


def check_samples(samples: ArrayLike, n_before: int) -> NDArray[np.float64]:
    """Return pushed samples as a new float64 array; NaN passes.

    Raises
    ------
    InvalidInputError
        Not one-dimensional, not real numbers, or one that is infinite or too large to be squared; the message counts
        from the stream's start.
    """
    try:
        array = as_array(samples)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:  # as of a tensor on a GPU
        raise InvalidInputError(
            f"samples cannot be read as a one-dimensional array of numbers: {first_line(error)}"
        ) from None
    if array.ndim != 1:
        raise InvalidInputError(
            f"samples has shape {array.shape}; it must be one-dimensional (n,), also where n is 1: push([x])"
        )
    if array.size == 0:
        return np.empty(0)
    if array.dtype.kind not in "iuf":
        raise InvalidInputError(f"samples has dtype {array.dtype}; it must hold real numbers, NaN where one is missing")
    result = array.astype(np.float64)
    size = np.abs(result)
    if not np.fmax.reduce(size) < _LARGEST and (bad := size >= _LARGEST).any():
        at = int(bad.argmax())
        raise InvalidInputError(
            f"samples[{at}], sample {n_before + at} of the stream, is {result[at]}; it must be below "
            f"{_LARGEST:g} in size, or NaN where it is missing"
        )
    return result
