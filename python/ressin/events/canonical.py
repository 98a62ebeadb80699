"""The canonical skin conductance response to an event."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Bach, Flandin, Friston and Dolan 2010, fitted to 1278 responses of 60 people: a Gaussian-smoothed biexponential.
_PEAK, _WIDTH = 3.0745, 0.7013  # s: mean and deviation of the Gaussian
_FAST, _SLOW = 0.3176, 0.0708  # 1/s: rates of the two exponentials
_LENGTH = 90.0  # s after which the response is cut
_DRIVER_LATENCY, _DRIVER_WIDTH = 2.0, 0.8  # s: when the driver of an evoked response is active
_WINDOW, _PARTS = 6.0, 3  # s after an event in which its driver is active, for certain, and its parts


def canonical_response(sampling_rate: float) -> tuple[Array, Array]:
    """Return the canonical response to an event and its time derivative, sampled from the event on.

    Parameters
    ----------
    sampling_rate
        Samples per second (Hz), > 0.

    Returns
    -------
    response, derivative
        (n,) each; the response has the height 1, the derivative is per second.

    References
    ----------
    Bach, Flandin, Friston and Dolan, "Modelling event-related skin conductance responses", Int. J. Psychophysiology
    2010, doi:10.1016/j.ijpsycho.2010.01.011.
    """
    time = np.arange(round(_LENGTH * sampling_rate)) / sampling_rate
    gauss = np.exp(-0.5 * ((time - _PEAK) / _WIDTH) ** 2)
    decay = np.exp(-_FAST * time) + np.exp(-_SLOW * time)
    response = np.convolve(gauss, decay)[: time.size]
    response /= response.max()
    return response, np.gradient(response, 1.0 / sampling_rate)


def canonical_driver(sampling_rate: float) -> tuple[Array, Array]:
    """Return when the driver of an evoked response is active, a Gaussian of area 1, and its time derivative.

    Parameters
    ----------
    sampling_rate
        Samples per second (Hz), > 0.

    Returns
    -------
    density, derivative
        (n,) each, sampled from the event on, per second and per second squared. The Gaussian's mean of 2 s and
        deviation of 0.8 s cover latencies of 1 to 4 s; the derivative moves it.
    """
    time = np.arange(round((_DRIVER_LATENCY + 5 * _DRIVER_WIDTH) * sampling_rate)) / sampling_rate
    density = np.exp(-0.5 * ((time - _DRIVER_LATENCY) / _DRIVER_WIDTH) ** 2)
    density /= density.sum() / sampling_rate
    return density, np.gradient(density, 1.0 / sampling_rate)


def window_driver(sampling_rate: float) -> tuple[Array, ...]:
    """Return constants over each third of the 6 s after an event, each of area 1.

    Parameters
    ----------
    sampling_rate
        Samples per second (Hz), > 0.

    Returns
    -------
    tuple of ndarray
        (n,) each, sampled from the event on, per second.
    """
    edges = np.round(np.linspace(0.0, _WINDOW, _PARTS + 1) * sampling_rate).astype(np.int64)
    shapes = []
    for start, stop in pairwise(edges):
        shape = np.zeros(max(int(edges[-1]), 1))
        shape[start:stop] = sampling_rate / max(int(stop - start), 1)
        shapes.append(shape)
    return tuple(shapes)
