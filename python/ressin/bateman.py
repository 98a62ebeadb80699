"""The Bateman function: skin conductance after one impulse of the sudomotor nerve."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bateman(time: ArrayLike, tau0: float = 2.0, tau1: float = 0.7) -> NDArray[np.float64]:
    """Evaluate the Bateman response at any times after its impulse.

    Parameters
    ----------
    time
        Seconds after the impulse, any shape; the response is zero before it.
    tau0, tau1
        Time constants in seconds, > 0, in either order.

    Returns
    -------
    ndarray
        The response without unit, float64, same shape as `time`; scale it by `peak_height` for a given height.

    Notes
    -----
    With the slow constant ``s = max(tau0, tau1)`` and the fast one ``f = min(tau0, tau1)``,
    ``h(t) = exp(-t/s) - exp(-t/f)`` for t >= 0. Where they are equal that vanishes, and its limit shape
    ``h(t) = (t/s) exp(-t/s)`` is taken, as the decomposition does.

    References
    ----------
    Greco, Valenza, Lanata, Scilingo, Citi, "cvxEDA", IEEE TBME 2016, doi:10.1109/TBME.2015.2474131, eq. 5.
    """
    slow, fast = max(tau0, tau1), min(tau0, tau1)
    t = np.maximum(np.asarray(time, dtype=np.float64), 0.0)
    if slow == fast:
        return np.asarray(t / slow * np.exp(-t / slow))
    # exp(-t/s) - exp(-t/f), written so that close time constants do not cancel.
    return np.asarray(-np.exp(-t / slow) * np.expm1(-t * (1.0 / fast - 1.0 / slow)))


def peak_time(tau0: float = 2.0, tau1: float = 0.7) -> float:
    """Seconds from the impulse to the maximum of the response: log(s/f) s f / (s - f), or s where s = f."""
    slow, fast = max(tau0, tau1), min(tau0, tau1)
    if slow == fast:
        return slow
    return math.log1p((slow - fast) / fast) * slow * fast / (slow - fast)


def peak_height(tau0: float = 2.0, tau1: float = 0.7) -> float:
    """Maximum of the response `bateman`, without unit: 0.369 for the default time constants."""
    return float(bateman(peak_time(tau0, tau1), tau0, tau1))


def area(tau0: float = 2.0, tau1: float = 0.7) -> float:
    """Integral of the response `bateman` over time, seconds: the difference of the time constants, or one of equals."""
    slow, fast = max(tau0, tau1), min(tau0, tau1)
    return slow - fast if slow > fast else slow
