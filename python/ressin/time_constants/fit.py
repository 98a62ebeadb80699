"""A person's own time constants, learned from how well they predict samples that the decomposition has not seen."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np

from ressin.decomposition.inputs import check_missing, check_signal
from ressin.errors import ConvergenceError, InvalidInputError
from ressin.settings import Baseline, Revision, Settings, check_knots, check_positive, check_sampling_rate
from ressin.time_constants.likelihood import HeldOut, hold_out
from ressin.time_constants.maximum import ALIKE, Maximum, bounds, intervals, maximise, values

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Array = NDArray[np.float64]

WHAT = ("tau1", "tau0/tau1", "alpha")
NO_RESPONSE = 1e6  # an alpha at which no driver pays, of z-scored signals
Key = TypeVar("Key", bound=Hashable)
DEFAULT = (Settings().tau0, Settings().tau1)
STARTS = (
    (*DEFAULT, 5e-4), (*DEFAULT, 5e-3), (3.0, 0.4, 1e-3), (1.5, 1.0, 1e-3), (4.0, 0.8, 1e-3), (4.0, 1.2, 1e-4),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TimeConstants:
    """Time constants of one person, as fitted.

    Attributes
    ----------
    tau0, tau1
        Slow and fast time constant in seconds; the default ones where no others are more likely.
    alpha
        Weight of the driver, for z-scored signals, as `ressin.decompose` takes it.
    tau0_interval, tau1_interval
        95 % interval in seconds; what ran into a bound is taken as known. (0, inf), or up to inf, where the recordings
        do not determine it, as without any response. NaN where they are shorter than 40 s, or tau1 is at its bound.
    rms, default_rms
        Root mean square error of the held-out samples, in standard deviations of the signal: here, and with the
        default time constants and the best alpha for them.
    n_signals, seconds
        Number of recordings and their duration together.
    converged
        Whether the optimizer ended at a maximum inside the bounds, with finite intervals.
    message
        How it ended, in words.
    """

    tau0: float
    tau1: float
    alpha: float
    tau0_interval: tuple[float, float]
    tau1_interval: tuple[float, float]
    rms: float
    default_rms: float
    n_signals: int
    seconds: float
    converged: bool
    message: str

    def summary(self) -> dict[str, Any]:
        """Return everything as plain numbers and words."""
        return asdict(self)


@overload
def fit_time_constants(
    signals: Mapping[Key, Any],
    sampling_rate: float,
    *,
    alpha: float | None = ...,
    gamma: float = ...,
    delta_knot: float = ...,
    revision: Revision = ...,
    baseline: Baseline = ...,
    block: float = ...,
    folds: int = ...,
    max_iterations: int = ...,
    n_threads: int = ...,
) -> dict[Key, TimeConstants]: ...
@overload
def fit_time_constants(
    signals: ArrayLike | Sequence[ArrayLike],
    sampling_rate: float,
    *,
    alpha: float | None = ...,
    gamma: float = ...,
    delta_knot: float = ...,
    revision: Revision = ...,
    baseline: Baseline = ...,
    block: float = ...,
    folds: int = ...,
    max_iterations: int = ...,
    n_threads: int = ...,
) -> TimeConstants: ...
def fit_time_constants(
    signals: ArrayLike | Sequence[ArrayLike] | Mapping[Any, Any],
    sampling_rate: float,
    *,
    alpha: float | None = None,
    gamma: float = 1e-2,
    delta_knot: float = 10.0,
    revision: Revision = "2025",
    baseline: Baseline = "linear",
    block: float = 0.25,
    folds: int = 4,
    max_iterations: int = 200,
    n_threads: int = 0,
) -> Any:
    """Learn tau0 and tau1, and alpha where it is not given, from one person's recordings.

    Every sample is held out once, in short blocks: the recording is decomposed without it (weight 0), and what phasic
    and tonic part say in its place is compared with it. The time constants are those under which the held-out samples
    are most likely, with Gaussian noise of unknown size.

    Parameters
    ----------
    signals
        (n,) one recording, or a sequence of recordings of one person, of any lengths, NaN where samples are missing; or
        a mapping of persons to these. Each recording is z-scored.
    sampling_rate
        Hz, of all recordings. Below about 10 Hz the fast time constant spans few samples and is known badly.
    alpha
        Weight of the driver, > 0, or None to learn it too, which finds the time constants better.
    gamma, delta_knot, revision, baseline
        See `ressin.Settings`.
    block
        Seconds of a block, > 0; at least one sample.
    folds
        In how many parts the blocks are held out, >= 2.
    max_iterations
        Of the optimizer, L-BFGS-B.
    n_threads
        See `ressin.Settings`.

    Returns
    -------
    TimeConstants or dict
        For a mapping, one for each person.

    Raises
    ------
    InvalidInputError
        A recording or a setting that cannot be used; a recording shorter than 2 `folds` blocks.
    ConvergenceError
        A decomposition failed.

    Notes
    -----
    With e the errors of N held-out samples, the negative logarithm of the likelihood is N/2 log(sum e^2 / N), up to a
    constant; its gradient comes from the adjoint of each decomposition. It has several maxima, in real recordings many:
    the best of six climbs from different starts is taken, and the interval describes that one alone. It is the
    sandwich estimate over segments of 10 s or more: of the likelihood's curvature and of how its gradient varies from
    segment to segment. ``python -m bench.time_constants`` measures how often it holds the truth: of 16 simulated people
    a level of noise, three minutes at 25 Hz, for tau0 and tau1 in 88 and 94 % at 20 dB, 81 and 75 % at 30 dB, and 69
    and 75 % at 40 dB, where the errors are below 1 % and the grid of samples, not noise, is what limits them.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> rng = np.random.default_rng(1)
    >>> recording = ressin.simulate_eda(120, 25, tau0=3.0, tau1=0.5, n_scr=15, noise=0.005, rng=rng)
    >>> found = ressin.fit_time_constants(recording.signal, 25)
    >>> bool(abs(found.tau0 - 3.0) < 0.3), bool(abs(found.tau1 - 0.5) < 0.05)
    (True, True)
    """
    rate = check_sampling_rate(sampling_rate)
    settings = Settings(
        alpha=1e-3 if alpha is None else alpha,
        gamma=gamma,
        delta_knot=delta_knot,
        revision=revision,
        baseline=baseline,
        standardize=False,
        tol=1e-6,  # the ends of the bounds are hard to solve, and differences of likelihoods are larger
        n_threads=n_threads,
    )
    check_knots(None, settings, rate)
    _check_options(block, folds, max_iterations)

    def fit(own: Any) -> TimeConstants:
        recordings = _recordings(own)
        return _fit(recordings, hold_out(recordings, rate, settings, block, folds), alpha, max_iterations)

    if not isinstance(signals, Mapping):
        return fit(signals)
    found = {}
    for person, own in signals.items():
        try:
            found[person] = fit(own)
        except (InvalidInputError, ConvergenceError) as error:
            raise type(error)(f"{person!r}: {error}") from error
    return found


def _fit(recordings: list[Array], likelihood: HeldOut, alpha: float | None, max_iterations: int) -> TimeConstants:
    """Learn one person's time constants, and alpha where it is not given."""
    rate = likelihood.sampling_rate
    n_free = 3 if alpha is None else 2
    starts = list(dict.fromkeys((tau0, tau1, a if alpha is None else alpha) for tau0, tau1, a in STARTS))
    of_default = [start for start in starts if start[:2] == DEFAULT]
    default = maximise(likelihood, of_default, (0, 1, 2)[2:n_free], max_iterations)
    best = maximise(likelihood, starts, (0, 1, 2)[:n_free], max_iterations)
    if default.loss <= best.loss + ALIKE:  # nothing speaks for others
        best = default
    tau0, tau1, found_alpha = values(best.place)
    (of_tau0, of_tau1), reasons = _intervals(likelihood, best, n_free)
    return TimeConstants(
        tau0=tau0,
        tau1=tau1,
        alpha=found_alpha,
        tau0_interval=of_tau0,
        tau1_interval=of_tau1,
        rms=best.rms,
        default_rms=default.rms,
        n_signals=len(recordings),
        seconds=sum(x.size for x in recordings) / rate,
        converged=best.ended and not reasons,
        message="; ".join(reasons) or best.message,
    )


def _intervals(
    likelihood: HeldOut, best: Maximum, n_free: int
) -> tuple[tuple[tuple[float, float], tuple[float, float]], list[str]]:
    """Give the intervals of tau0 and tau1, and say what the recordings do not determine."""
    if likelihood.loss(*DEFAULT, NO_RESPONSE)[0] - best.loss <= ALIKE:
        everything = (0.0, math.inf)
        names = ["tau0", "tau1", "alpha"][:n_free]
        return (everything, everything), [_undetermined(names, "they are predicted as well without any response")]
    limits = bounds(likelihood.sampling_rate)
    inside = [k for k in range(n_free) if limits[k][0] + 1e-3 < best.place[k] < limits[k][1] - 1e-3]
    at_bound = [WHAT[k] for k in range(n_free) if k not in inside]
    found = intervals(likelihood, best.place, inside)
    endless = [name for name, of in zip(("tau0", "tau1"), found, strict=True) if of[1] == math.inf]
    reasons = [(at_bound, "at a bound"), (endless, "any value is likely")]
    return found, [_undetermined(names, reason) for names, reason in reasons if names]


def _undetermined(names: list[str], reason: str) -> str:
    return f"the recordings do not determine {' and '.join(names)}: {reason}"


def _recordings(signals: Any) -> list[Array]:
    """Return one person's recordings, z-scored; one recording may come alone."""
    if isinstance(signals, (str, bytes)):
        raise InvalidInputError("signals is text; give a recording, a sequence of recordings or a mapping of persons")
    try:
        items = list(signals)
    except TypeError:
        raise InvalidInputError(
            f"signals is {signals!r}; give a recording, a sequence of recordings or a mapping of persons"
        ) from None
    if not items:
        raise InvalidInputError("signals is empty; at least one recording is needed")
    if np.ndim(items[0]) == 0:
        return [_zscored(check_signal(signals))]
    checked = []
    for i, item in enumerate(items):
        try:
            checked.append(_zscored(check_signal(item)))
        except InvalidInputError as error:
            raise InvalidInputError(f"recording {i}: {error}") from error
    return checked


def _zscored(signal: Array) -> Array:
    """Return the recording with mean 0 and deviation 1, NaN where it is missing.

    Raises
    ------
    InvalidInputError
        It is constant, or all missing.
    """
    check_missing(signal, None, "solve")
    mean, deviation = float(np.nanmean(signal)), float(np.nanstd(signal))
    if deviation <= 1e-12 * max(1.0, abs(mean)):
        raise InvalidInputError(f"the signal of {signal.size} samples is constant: it says nothing of time constants")
    return (signal - mean) / deviation


def _check_options(block: float, folds: int, max_iterations: int) -> None:
    check_positive("block", block, "seconds")
    counts: tuple[tuple[str, object, int], ...] = (("folds", folds, 2), ("max_iterations", max_iterations, 1))
    for name, value, least in counts:
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise InvalidInputError(f"{name} is {value!r}; it must be an integer >= {least}")
