"""Signals and weights from callers: checked, and converted to the arrays that the core takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from ressin import _core
from ressin._columns import as_array
from ressin.errors import InvalidInputError, first_line

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ressin.settings import Missing

MIN_SAMPLES = 4
_FLOAT64 = np.dtype(np.float64)
MAX_OSQP_WEIGHT = 1e12
NO_ARRAY = (TypeError, RuntimeError, OverflowError)  # of a tensor on a GPU, one that requires a gradient, or no array


def check_signal(signal: ArrayLike) -> NDArray[np.float64]:
    """Return the signal as a contiguous float64 array; no copy if it already is one.

    NaN and infinity pass, see `check_missing`; what a masked array masks becomes NaN.

    Parameters
    ----------
    signal
        (n,) numbers in any real dtype and byte order, n >= 4.

    Raises
    ------
    InvalidInputError
        Not one-dimensional, empty, too short, or not real numbers.
    """
    if _is_usual(signal):
        return signal
    try:
        array = as_array(signal)
    except (ValueError, *NO_ARRAY) as error:
        raise InvalidInputError(
            f"the signal cannot be read as a one-dimensional array of numbers: {first_line(error)}"
        ) from None
    if array.ndim == 0:
        raise InvalidInputError(
            f"the signal is of type {type(signal).__name__}; it must be a one-dimensional array or sequence of numbers"
        )
    if array.ndim != 1:
        raise InvalidInputError(
            f"the signal has shape {array.shape}; it must be one-dimensional (decompose_batch takes many signals)"
        )
    if array.size == 0:
        raise InvalidInputError("the signal is empty")
    if array.dtype.kind not in "iuf":
        hint = {
            "c": "take its real part if that is what you mean",
            "O": "convert it to numbers first, for instance with pandas.to_numeric, and None to NaN",
            "U": "convert it to numbers first",
            "S": "convert it to numbers first",
        }.get(array.dtype.kind, "convert it first")
        raise InvalidInputError(f"the signal has dtype {array.dtype}; it must hold real numbers: {hint}")
    if array.size < MIN_SAMPLES:
        raise InvalidInputError(f"the signal has {array.size} samples; it must have at least {MIN_SAMPLES}")
    array = np.ascontiguousarray(array, dtype=np.float64)
    if isinstance(signal, np.ma.MaskedArray):
        array = np.where(np.ma.getmaskarray(signal), np.nan, array)
    return array


def are_usual(signals: list[Any]) -> list[bool]:
    """Say of each whether `check_signal` and `check_missing` would return it as it is, having nothing to refuse."""
    return _core.are_usual(signals, MIN_SAMPLES)


def _is_usual(signal: ArrayLike) -> TypeGuard[NDArray[np.float64]]:
    """Whether there is nothing to convert and nothing to refuse, as for each of thousands of signals in a batch."""
    if type(signal) is not np.ndarray:
        return False
    return signal.dtype == _FLOAT64 and signal.ndim == 1 and signal.size >= MIN_SAMPLES and signal.flags.c_contiguous


def check_missing(
    signal: NDArray[np.float64], sample_weight: ArrayLike | None, missing: Missing
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_] | None]:
    """Return the sample weights (None for ones) and where the signal is missing (None for nowhere).

    Parameters
    ----------
    signal
        (n,) from `check_signal`.
    sample_weight
        (n,) finite and >= 0, or None for ones.
    missing
        "raise" or "solve".

    Raises
    ------
    InvalidInputError
        Infinity in the signal, NaN while `missing` is "raise", nothing left to fit, or weights of the wrong length or
        value.
    """
    weights = None if sample_weight is None else _check_weights(sample_weight, signal.size)
    if weights is None and _core.is_finite(signal):
        return None, None
    _refuse_infinite(signal)
    nan = np.isnan(signal)
    if nan.any():
        first = int(nan.argmax())
        if nan.all():
            raise InvalidInputError(f"all {signal.size} samples of the signal are NaN")
        if missing == "raise" and (weights is None or (weights[nan] > 0).any()):
            raise InvalidInputError(
                f"the signal is NaN at {int(nan.sum())} of {signal.size} samples, first at index {first}; "
                "missing='solve' (--missing solve) solves through them"
            )
        weights = np.ones(signal.size) if weights is None else weights.copy()
        weights[nan] = 0.0
    if weights is not None and np.count_nonzero(weights) < MIN_SAMPLES:
        raise InvalidInputError(
            f"only {np.count_nonzero(weights)} samples have a weight above zero; at least {MIN_SAMPLES} are needed"
        )
    return weights, nan if nan.any() else None


def check_osqp_weights(weights: NDArray[np.float64] | None, solver: str) -> None:
    """Raise InvalidInputError for weights of which OSQP cannot factorise the matrices, or takes anything for solved."""
    if solver == "osqp" and weights is not None and weights.max(initial=0.0) > MAX_OSQP_WEIGHT:
        raise InvalidInputError(
            f"sample_weight reaches {weights.max():g}; with solver='osqp' it may be at most {MAX_OSQP_WEIGHT:g}: "
            "divide the weights, alpha and gamma by one number, which leaves the solution as it is"
        )


def _refuse_infinite(signal: NDArray[np.float64]) -> None:
    infinite = np.isinf(signal)
    if infinite.any():
        first = int(infinite.argmax())
        raise InvalidInputError(
            f"the signal is infinite at {int(infinite.sum())} of {signal.size} samples, first at index {first} "
            f"({signal[first]}); replace such samples by NaN and use missing='solve'"
        )


def _check_weights(sample_weight: ArrayLike, n: int) -> NDArray[np.float64]:
    try:
        weights = as_array(sample_weight)
    except (ValueError, *NO_ARRAY) as error:
        raise InvalidInputError(f"sample_weight cannot be read as an array of numbers: {first_line(error)}") from None
    if weights.shape != (n,):
        raise InvalidInputError(f"sample_weight has shape {weights.shape}; it must have the signal's, ({n},)")
    if weights.dtype.kind not in "iufb":
        raise InvalidInputError(f"sample_weight has dtype {weights.dtype}; it must hold real numbers")
    weights = np.array(weights, dtype=np.float64, order="C")
    bad = ~(np.isfinite(weights) & (weights >= 0))
    if bad.any():
        first = int(bad.argmax())
        raise InvalidInputError(f"sample_weight[{first}] is {weights[first]}; weights must be finite and >= 0")
    return weights
