"""A general linear model of event-related skin conductance: a response amplitude per condition with its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import butter, fftconvolve, lfilter
from scipy.stats import t as student

from ressin.decomposition.result import Decomposition
from ressin.errors import InvalidInputError
from ressin.events.canonical import canonical_driver, canonical_response, window_driver
from ressin.events.events import Events, EventSource, read_events
from ressin.recording import Recording

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
On = Literal["signal", "driver"]
Basis = Literal["canonical", "fir"]

_RATE = 10.0  # Hz to which signals are averaged down, as PsPM does
_HIGHPASS = 0.05  # Hz, first order, one direction: Bach et al. 2013
_SMOOTHING = 2.0  # s: deviation of the Gaussian behind which the canonical driver is fitted
_BEFORE = 2.0  # s before an event from which on it is a stretch of its own for the errors


@dataclass(frozen=True, eq=False)
class ResponseEstimates:
    """Estimated response of each condition. Its arrays are read-only.

    Attributes
    ----------
    conditions
        Names, in the order of their first event.
    n_events
        (n_conditions,) events of each.
    amplitude
        (n_conditions,) height of the response to one event: in the signal's unit on the signal, and on the driver its
        area, in the signal's unit.
    covariance
        (n_conditions, n_conditions) of the amplitudes' errors.
    degrees_of_freedom
        Of the t distribution of the errors.
    time, observed, fitted
        (m,) seconds after the recording's first sample; the filtered data that were fitted, and the fit.
    on
        "signal" or "driver".
    """

    conditions: tuple[str, ...]
    n_events: NDArray[np.int64]
    amplitude: Array
    covariance: Array
    degrees_of_freedom: float
    time: Array
    observed: Array
    fitted: Array
    on: On

    def __post_init__(self) -> None:
        for array in (self.n_events, self.amplitude, self.covariance, self.time, self.observed, self.fitted):
            array.setflags(write=False)

    @property
    def standard_error(self) -> Array:
        """(n_conditions,) standard error of each amplitude."""
        return np.sqrt(np.diag(self.covariance))

    def to_frame(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return a row a condition: Condition, n_events, Amplitude, Standard_Error, Low, High, t, p.

        Parameters
        ----------
        level
            Of the interval from Low to High, 0 to 1.
        """
        import pandas as pd

        rows = [self._row(np.eye(len(self.conditions))[i], level) for i in range(len(self.conditions))]
        table = pd.DataFrame(rows)
        table.insert(0, "Condition", list(self.conditions))
        table.insert(1, "n_events", self.n_events)
        return table

    def contrast(self, first: str, second: str, *, level: float = 0.95) -> dict[str, float]:
        """Compare two conditions.

        Parameters
        ----------
        first, second
            Names of conditions.
        level
            Of the interval, 0 to 1.

        Returns
        -------
        dict
            Amplitude (first less second), Standard_Error, Low, High, t and p (two-sided, of no difference).

        Raises
        ------
        InvalidInputError
            A condition that is not there.
        """
        weights = np.zeros(len(self.conditions))
        for name, sign in ((first, 1.0), (second, -1.0)):
            if name not in self.conditions:
                raise InvalidInputError(
                    f"there is no condition {name!r}; there are {', '.join(map(repr, self.conditions))}"
                )
            weights[self.conditions.index(name)] += sign
        return self._row(weights, level)

    def plot(self) -> Figure:
        """Draw the data, the fit and the amplitudes with their intervals; needs the `plot` extra."""
        from ressin.plots.events import plot_estimates

        return plot_estimates(self)

    def _row(self, weights: Array, level: float) -> dict[str, float]:
        if not 0.0 < level < 1.0:
            raise InvalidInputError(f"level is {level!r}; it must lie between 0 and 1")
        value, error = float(weights @ self.amplitude), float(np.sqrt(weights @ self.covariance @ weights))
        half = float(student.ppf(0.5 + 0.5 * level, self.degrees_of_freedom)) * error
        ratio = value / error if error > 0 else np.nan
        return {
            "Amplitude": value,
            "Standard_Error": error,
            "Low": value - half,
            "High": value + half,
            "t": ratio,
            "p": float(2.0 * student.sf(abs(ratio), self.degrees_of_freedom)),
        }


def response_estimate(
    source: Decomposition | Recording,
    events: EventSource,
    *,
    on: On = "signal",
    basis: Basis | None = None,
    derivative: bool = True,
    unit: Literal["seconds", "samples"] = "seconds",
    start_time: float | None = None,
    conditions: Sequence[str] | None = None,
) -> ResponseEstimates:
    """Estimate the response of each condition by a general linear model of the whole recording.

    Parameters
    ----------
    source
        A decomposed recording, or one that is not (for ``on="signal"``).
    events, unit, start_time, conditions
        As for `ressin.events.events.read_events`.
    on
        ``"signal"``: the canonical skin conductance response is fitted to the signal behind a high-pass of 0.05 Hz;
        ``"driver"``: the driver's activity after an event, of area one, to the decomposition's driver.
    basis
        Shapes of which a condition's response is made. ``"canonical"``: the canonical one, on the driver a Gaussian
        around 2 s; ``"fir"``: on the driver, constants over each third of the 6 s after an event (a finite impulse
        response), whose area is that of the driver whenever in that time it is active. None: ``"canonical"`` on the
        signal and ``"fir"`` on the driver.
    derivative
        Whether each condition has the canonical response's time derivative as a second regressor, so that its latency
        may differ from the canonical one.

    Returns
    -------
    ResponseEstimates
        Amplitudes with their errors.

    Raises
    ------
    InvalidInputError
        Wrong events; fewer than three stretches between events; conditions that cannot be told apart because their
        events coincide; missing samples in most of the recording.

    Notes
    -----
    As PsPM's GLM (Bach et al. 2009, 2013): data and regressors are averaged down to 10 Hz, and for the signal put
    through the same one-way first-order Butterworth high-pass. With the derivative, the amplitude of a condition on the
    signal is the height of its reconstructed response: canonical response and derivative, weighted as estimated, over
    the first ten seconds.

    On the driver the amplitude is the area. A driver is a few narrow impulses, and least squares would take one for a
    canonical Gaussian of more than its area, by up to the root of two; behind a Gaussian of 2 s, through which driver
    and regressors are put, less than a tenth is left of that, and with ``"fir"`` nothing. A response that decays more
    slowly than `tau0` has a part of its driver after those 6 s, which is not counted.

    The errors do not take residuals for independent: spontaneous responses and a response that differs from trial to
    trial last for seconds. They are from the sandwich covariance in which each stretch from one event to the next is a
    cluster (Liang and Zeger 1986), with the factor n / (n - p) for n stretches and p regressors and a t distribution of
    n - p degrees of freedom. The error of a reconstructed amplitude is by the delta method.

    References
    ----------
    Bach, Flandin, Friston and Dolan, "Time-series analysis for rapid event-related skin conductance responses",
    J. Neurosci. Methods 2009, doi:10.1016/j.jneumeth.2009.08.005. Bach, Friston and Dolan, "An improved algorithm for
    model-based analysis of evoked skin conductance responses", Biol. Psychology 2013,
    doi:10.1016/j.biopsycho.2013.09.010.
    """
    if on not in get_args(On):
        raise InvalidInputError(f"on is {on!r}; it must be one of {', '.join(map(repr, get_args(On)))}")
    if on == "driver" and not isinstance(source, Decomposition):
        raise InvalidInputError("on='driver' needs a decomposition; a recording has none")
    basis = _basis(on, basis)
    read = read_events(
        events, sampling_rate=source.sampling_rate, start_time=start_time, unit=unit, conditions=conditions
    )
    data = np.asarray(source.driver if on == "driver" else source.signal)  # type: ignore[union-attr]
    rate, values, observed = _averaged(data, np.asarray(source.signal), source.sampling_rate)
    names, inside = _conditions(read, values.size / rate)
    shapes = _shapes(on, basis, derivative, rate)
    design = np.column_stack([_regressor(inside[name], shape, values.size, rate) for name in names for shape in shapes])
    if on == "signal":
        values, design = _highpassed(values, rate), _highpassed(design, rate)
    elif basis == "canonical":
        values, design = _smoothed(values, rate), _smoothed(design, rate)
    design = np.column_stack([design, np.ones(values.size)])
    beta, covariance, n_stretches = _fit(design, values, observed, np.sort(np.concatenate(list(inside.values()))), rate)
    if on == "signal":
        amplitude, gradient = _heights(beta, shapes, len(names), rate)
    else:
        amplitude, gradient = _areas(beta, shapes, len(names), rate)
    return ResponseEstimates(
        conditions=names,
        n_events=np.array([inside[name].size for name in names]),
        amplitude=amplitude,
        covariance=gradient @ covariance @ gradient.T,
        degrees_of_freedom=float(n_stretches - design.shape[1]),
        time=np.arange(values.size) / rate,
        observed=np.where(observed, values, np.nan),
        fitted=design @ beta,
        on=on,
    )


def _basis(on: On, basis: Basis | None) -> Basis:
    if basis is None:
        return "canonical" if on == "signal" else "fir"
    if basis not in get_args(Basis):
        raise InvalidInputError(f"basis is {basis!r}; it must be one of {', '.join(map(repr, get_args(Basis)))}")
    if basis == "fir" and on == "signal":
        raise InvalidInputError("basis='fir' is for on='driver': a response lasts too long on the signal")
    return basis


def _shapes(on: On, basis: Basis, derivative: bool, rate: float) -> tuple[Array, ...]:
    if basis == "fir":
        return window_driver(rate)
    both = canonical_driver(rate) if on == "driver" else canonical_response(rate)
    return both if derivative else both[:1]


def _averaged(data: Array, signal: Array, sampling_rate: float) -> tuple[float, Array, NDArray[np.bool_]]:
    """Return the rate, the means of blocks of about a tenth of a second, and where they are known.

    What is missing is interpolated, so that the filter meets no step, and then left out of the fit.
    """
    size = max(1, round(sampling_rate / _RATE))
    n = data.size // size
    seen = np.isfinite(signal) & np.isfinite(data)
    counts = seen[: n * size].reshape(n, size).sum(axis=1)
    sums = np.where(seen, data, 0.0)[: n * size].reshape(n, size).sum(axis=1)
    known = counts > 0
    if np.count_nonzero(known) < 0.5 * n or n < 2:
        raise InvalidInputError("most of the recording is missing: there is nothing to fit")
    means = np.divide(sums, counts, out=np.zeros(n), where=known)
    at = np.arange(n)
    return sampling_rate / size, np.interp(at, at[known], means[known]), np.asarray(known)


def _conditions(events: Events, duration: float) -> tuple[tuple[str, ...], dict[str, Array]]:
    """Return the conditions in the order of their first event, and the onsets of each that lie inside."""
    inside = (events.onsets >= 0) & (events.onsets < duration)
    names = [name for name, within in zip(events.conditions, inside, strict=True) if within]
    if not names:
        raise InvalidInputError(f"no event lies in the recording of {duration:g} s")
    order = tuple(dict.fromkeys(names))
    onsets = events.onsets[inside]
    return order, {name: onsets[[one == name for one in names]] for name in order}


def _regressor(onsets: Array, shape: Array, n: int, rate: float) -> Array:
    """Convolve impulses at the onsets with a shape; an impulse between two samples is shared by them."""
    impulses = np.zeros(n + 1)
    at = onsets * rate
    whole = np.floor(at).astype(np.int64)
    np.add.at(impulses, whole, 1.0 - (at - whole))
    np.add.at(impulses, whole + 1, at - whole)
    return np.asarray(fftconvolve(impulses[:n], shape)[:n])


def _highpassed(values: Array, rate: float) -> Array:
    b, a = butter(1, _HIGHPASS, "highpass", fs=rate)
    return np.asarray(lfilter(b, a, values - values[0], axis=0))


def _smoothed(values: Array, rate: float) -> Array:
    return np.asarray(gaussian_filter1d(values, _SMOOTHING * rate, axis=0, mode="nearest"))


def _fit(
    design: Array, values: Array, observed: NDArray[np.bool_], onsets: Array, rate: float
) -> tuple[Array, Array, int]:
    """Return the coefficients, their cluster-robust covariance, and the number of clusters."""
    x, y = design[observed], values[observed]
    inverse = np.linalg.pinv(x.T @ x, rcond=1e-12, hermitian=True)
    if np.linalg.matrix_rank(x / np.maximum(np.linalg.norm(x, axis=0), 1e-300), tol=1e-6) < x.shape[1]:
        raise InvalidInputError(
            "the conditions cannot be told apart: their events coincide, or follow each other as regularly as the "
            "regressors, or the recording is too short for them"
        )
    beta = inverse @ (x.T @ y)
    residual = y - x @ beta
    starts = np.unique(np.floor((onsets - _BEFORE) * rate).astype(np.int64))
    cluster = np.searchsorted(starts, np.flatnonzero(observed), side="right")
    present, cluster = np.unique(cluster, return_inverse=True)
    n, p = present.size, x.shape[1]
    if n <= p + 1:
        raise InvalidInputError(
            f"{n} stretches between events are too few to tell the errors of {p} regressors; {p + 2} are needed"
        )
    scores = np.zeros((n, p))
    np.add.at(scores, cluster, x * residual[:, None])
    return beta, inverse @ (scores.T @ scores) @ inverse * (n / (n - p)), n


def _heights(beta: Array, shapes: tuple[Array, ...], n_conditions: int, rate: float) -> tuple[Array, Array]:
    """Return each condition's amplitude, and its gradient in all coefficients."""
    k = len(shapes)
    gradient = np.zeros((n_conditions, beta.size))
    ten_seconds = round(10.0 * rate)
    for i in range(n_conditions):
        first = i * k
        if k == 1 or beta[first] == 0.0:
            gradient[i, first] = 1.0
            continue
        response, slope = (shape[:ten_seconds] for shape in shapes)
        curve = beta[first] * response + beta[first + 1] * slope
        top = int(np.argmax(curve * np.sign(beta[first])))  # the extreme on the response's own side
        gradient[i, first], gradient[i, first + 1] = response[top] / response.max(), slope[top] / response.max()
    return gradient @ beta, gradient


def _areas(beta: Array, shapes: tuple[Array, ...], n_conditions: int, rate: float) -> tuple[Array, Array]:
    """Return the area of each condition's driver, and its gradient in all coefficients."""
    gradient = np.zeros((n_conditions, beta.size))
    areas = [float(shape.sum()) / rate for shape in shapes]
    for i in range(n_conditions):
        gradient[i, i * len(shapes) : (i + 1) * len(shapes)] = areas
    return gradient @ beta, gradient
