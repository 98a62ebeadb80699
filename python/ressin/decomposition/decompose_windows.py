"""A programme per sliding window of one recording, all windows in one batch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ressin._progress import Progress, show_progress
from ressin.decomposition.inputs import MIN_SAMPLES, check_missing, check_signal
from ressin.decomposition.robust_rows import RobustRows, solve_robust_rows
from ressin.decomposition.solve import SolvedRows, solve_rows
from ressin.decomposition.windows import Windows, raise_unsolved
from ressin.errors import InvalidInputError
from ressin.settings import (
    Baseline,
    Errors,
    Missing,
    Programme,
    Revision,
    Settings,
    Solver,
    check_errors,
    check_knots,
    check_positive,
    check_sampling_rate,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_CLOSE = 30  # windows that share all but one part in so many are solved one from the other


def decompose_windows(
    signal: ArrayLike,
    sampling_rate: float,
    window: float,
    step: float,
    *,
    programme: Programme = "cvxeda",
    tau0: float = 2.0,
    tau1: float = 0.7,
    delta_knot: float = 10.0,
    alpha: float = 8e-4,
    gamma: float = 1e-2,
    revision: Revision = "2025",
    baseline: Baseline = "linear",
    standardize: bool = True,
    solver: Solver = "auto",
    tol: float = 1e-8,
    max_iterations: int = 200,
    missing: Missing = "raise",
    sample_weight: ArrayLike | None = None,
    warm_start: bool = True,
    osqp_eps: float = 1e-6,
    errors: Errors = "raise",
    progress: Progress = False,
    n_threads: int = 0,
    on_failure: Errors | None = None,
) -> Windows:
    """Decompose a recording window by window, each as a programme of its own, all of them in one batch.

    Window k is what ``decompose(signal[start : start + n])`` gives, bit for bit, with ``start = round(k * step *
    sampling_rate)`` and ``n = round(window * sampling_rate)``; only windows that lie wholly within the recording are
    taken. Windows run side by side in the lanes of every core, on views of the recording. Where step is at most a
    thirtieth of window, the active set starts from the solution of the window before, in runs of 32 windows: such a
    window is what `decompose` gives to `tol`, and the same bit for bit for any threads and however long the recording
    goes on.

    Parameters
    ----------
    signal
        (n_samples,) skin conductance, as in `decompose`.
    sampling_rate
        Hz, > 0.
    window
        Length of a window, seconds; at least 4 samples, at most the recording.
    step
        From the start of one window to the next, seconds; at least one sample.
    programme, tau0, tau1, delta_knot, alpha, gamma, revision, baseline, standardize, solver, tol, max_iterations,
    missing, warm_start, osqp_eps, n_threads
        As in `decompose`, for every window; with `standardize` each is z-scored on its own. The robust programme finds
        its settings in each window by itself.
    sample_weight
        (n_samples,) weight of each sample's squared residual, finite and >= 0; 0 means missing.
    errors
        What to do where a window has less than 4 samples that are not missing, or was not solved to `tol`: "raise" an
        error that names it, or "return" all windows with their status. Parts of a window without enough samples are
        NaN, its status is "empty".
    progress
        True for a tqdm bar (needs tqdm), or a function called with (done, total) a few times a second.
    on_failure
        Deprecated: the older name of `errors`.

    Returns
    -------
    Windows
        The parts of all windows as arrays (n_windows, n), the evidence for each, one `Decomposition` when asked for
        it, and the whole recording as the average over the windows.

    Raises
    ------
    InvalidInputError
        A signal, a setting, or with errors="raise" a window, that cannot be used.
    ConvergenceError
        With errors="raise": a window that was not solved to `tol`.
    KeyboardInterrupt
        Ctrl-C stops the batch within a fraction of a second.

    Notes
    -----
    Memory is 32 bytes for each sample of each window: 27 MB for an hour at 4 Hz in windows of 60 s every second; three
    and a half times that for the robust programme, with its outliers, shifts and costs. A window does not see the
    responses before it, so its first seconds and its level differ from those of the whole recording; `Windows.average`
    shows by how much windows disagree. Where only one answer is wanted, `decompose` of the whole recording is exact
    and faster.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> recording = ressin.simulate_eda(300, 4, rng=np.random.default_rng(0))
    >>> windows = ressin.decompose_windows(recording.signal, 4, window=60, step=10)
    >>> windows.phasic.shape, windows.starts[:3].tolist(), bool(windows.converged.all())
    ((25, 240), [0, 40, 80], True)
    >>> windows[3].is_optimal(1e-8)
    True
    """
    settings = Settings(
        programme=programme,
        tau0=tau0,
        tau1=tau1,
        delta_knot=delta_knot,
        alpha=alpha,
        gamma=gamma,
        revision=revision,
        baseline=baseline,
        standardize=standardize,
        solver=solver,
        tol=tol,
        max_iterations=max_iterations,
        missing=missing,
        warm_start=warm_start,
        osqp_eps=osqp_eps,
        n_threads=n_threads,
    )
    errors = check_errors(errors, on_failure)
    rate = check_sampling_rate(sampling_rate)
    check_knots(None, settings, rate)
    array = check_signal(signal)
    weights, nan = check_missing(array, sample_weight, missing)
    starts, length = window_grid(array.size, rate, window, step)
    usable = np.ones(starts.size, dtype=bool)
    weight_starts = None
    if weights is not None:
        usable = _count(weights > 0, starts, length) >= MIN_SAMPLES
        if errors == "raise" and not usable.all():
            _raise_empty(int(np.argmin(usable)), starts, length, rate)
        weight_starts = starts if sample_weight is not None else _weight_starts(nan, starts, length)
    with show_progress(progress, int(usable.sum()), "window") as callback:
        solve: Callable[..., SolvedRows | RobustRows] = partial(solve_rows, are_close=_are_close(starts, length))
        if settings.programme == "robust":
            solve = solve_robust_rows
        rows = solve(
            array if nan is None else np.where(nan, 0.0, array),
            starts[usable],
            length,
            rate,
            [settings],
            weights=weights,
            weight_starts=None if weight_starts is None else weight_starts[usable],
            progress=callback,
        )
    result = Windows.of(rows, usable, array.copy(), weights, weight_starts, starts, rate, settings)
    if errors == "raise":
        raise_unsolved(result)
    return result


def _are_close(starts: NDArray[np.int64], length: int) -> bool:
    return starts.size > 1 and _CLOSE * int(starts[1] - starts[0]) <= length


def window_grid(n: int, sampling_rate: float, window: float, step: float) -> tuple[NDArray[np.int64], int]:
    """Return the first sample of each window that lies within n samples, (n_windows,), and the windows' length.

    Parameters
    ----------
    n
        Samples of the recording.
    sampling_rate
        Hz.
    window, step
        Seconds.

    Raises
    ------
    InvalidInputError
        A window below 4 samples or longer than the recording, or a step below one sample.
    """
    length = round(check_positive("window", window, "seconds") * sampling_rate)
    if length < MIN_SAMPLES:
        raise InvalidInputError(
            f"window is {window:g} s, {length} samples at {sampling_rate:g} Hz; it must have at least {MIN_SAMPLES}"
        )
    if length > n:
        raise InvalidInputError(
            f"window is {window:g} s, {length} samples at {sampling_rate:g} Hz, longer than the recording of {n} "
            f"samples ({n / sampling_rate:g} s)"
        )
    if check_positive("step", step, "seconds") * sampling_rate < 1:
        raise InvalidInputError(
            f"step is {step:g} s, below the sampling interval of {1 / sampling_rate:g} s; it must be one sample or more"
        )
    count = int((n - length + 0.5) // (step * sampling_rate)) + 1
    starts = np.rint(np.arange(count) * (step * sampling_rate)).astype(np.int64)
    return starts[starts <= n - length], length


def _count(marked: NDArray[np.bool_], starts: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Count the marked samples of each window, (n_windows,)."""
    before = np.concatenate([[0], np.cumsum(marked, dtype=np.int64)])  # (n + 1,)
    return np.asarray(before[starts + length] - before[starts])


def _weight_starts(nan: NDArray[np.bool_] | None, starts: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Give windows without a missing sample no weights at all: they are solved as if on their own."""
    gaps = np.zeros(starts.size) if nan is None else _count(nan, starts, length)
    return np.where(gaps > 0, starts, -1)


def _raise_empty(k: int, starts: NDArray[np.int64], length: int, rate: float) -> None:
    raise InvalidInputError(
        f"window {k}, samples {starts[k]} to {starts[k] + length - 1} ({starts[k] / rate:g} s to "
        f"{(starts[k] + length) / rate:g} s), has less than {MIN_SAMPLES} samples that are not missing; "
        "errors='return' leaves such windows NaN"
    )
