"""Columns of pandas as arrays of NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def as_array(values: ArrayLike) -> NDArray[Any]:
    """Return an array; NaN where a nullable column of pandas (``Float64``, Arrow's) has no number.

    `numpy.asarray` alone makes objects of such a column with pandas before 2.2.
    """
    dtype = getattr(values, "dtype", None)
    if isinstance(dtype, np.dtype) or getattr(dtype, "kind", "") not in ("i", "u", "f"):
        return np.asarray(values)
    column: Any = values  # the dtype is pandas's own
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
