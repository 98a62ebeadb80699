"""How far the parts can be trusted: bands by a block bootstrap of the residual."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ressin.decomposition.bootstrap_pilot import Pilot, find_pilot
from ressin.decomposition.result import Bands
from ressin.decomposition.solve import STATUSES, rows_of_bytes, solve_rows
from ressin.errors import ConvergenceError, InvalidInputError, shown
from ressin.settings import check_positive

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.decomposition.result import Decomposition
    from ressin.decomposition.solve import SolvedRows

MAX_BOOT = 100_000
_TOL = 1e-6  # relative duality gap that a replicate is solved to
_SOLVED = 1e-4  # and the one that is enough where the digits run out before: far below what the noise does


def bootstrap_bands(
    decomposition: Decomposition,
    n_boot: int = 200,
    *,
    level: float = 0.9,
    block: float = 2.0,
    seed: int = 0,
    n_threads: int = 0,
) -> Bands:
    """Estimate bands in which the true phasic and tonic part lie, by a block bootstrap of the residual.

    Parameters
    ----------
    decomposition
        What the bands are for.
    n_boot
        Replicates, >= 20; each is a programme of the recording's length, all of them one batch.
    level
        Share of samples in which a band is meant to hold the truth, in (0, 1); the bands are pointwise.
    block
        Seconds of residual drawn in one piece, > 0: longer than the noise stays correlated.
    seed
        Of the draws, an integer >= 0; the same seed gives the same bands.
    n_threads
        Threads; 0 takes every core. The bands do not depend on it.

    Returns
    -------
    Bands
        Lower and upper ends, with what they were made from.

    Raises
    ------
    InvalidInputError
        A number out of its range.
    ConvergenceError
        A replicate that could not be solved to a relative duality gap of 1e-4 at the least.
    KeyboardInterrupt
        Ctrl-C stops the replicates within a fraction of a second.

    Notes
    -----
    Resampling around the decomposition itself would not do: its driver has fitted some of the noise, and since p >= 0
    that noise became a level that the phasic part has too much and the tonic part too little. Resampling
    around a biased estimate hides that bias. So the replicates are made from a pilot
    (`ressin.decomposition.bootstrap_pilot`), the decomposition under a larger weight of the driver that the Bayesian
    information criterion chooses::

        y* = r_pilot + t_pilot + e*,   e* blocks of the pilot's residual, scaled by sqrt(n / (n - degrees of freedom))
        band of r = [r - Q_hi, r - Q_lo],   Q the quantiles of r* - r_pilot,   r* the phasic part of y* under the
        decomposition's own settings

    and likewise for t: the basic bootstrap interval, which takes the bias out. A band may therefore lie beside the
    decomposition's own part, above all where there is much noise for the alpha used: it holds the truth, not the
    estimate. The phasic band is cut off at zero where the model cannot be negative. In a gap
    they are the bands of what the model fills in: a response within the gap is not in them.

    Coverage, measured by ``python -m bench.coverage`` on simulated recordings that are not of the model's own making
    (60 of each of ten kinds: 4 to 100 Hz, 30 to 300 s, white and autocorrelated noise of 0.003 to 0.05 uS) at the
    default alpha: a level of 90 % holds 89 % of the samples over all kinds, for either part, and 83 to 93 % by kind,
    least with little noise and responses that overlap; levels of 50, 80 and 95 % hold 51, 80 and 94 %. With an alpha 12
    to 60 times the default 90 % becomes 74 to 99 %. This holds for what is simulated: no artefacts, the true time
    constants, noise of constant strength. In a recording of which the residual is a large share, say a third of
    the deviation, the bands can be wider than the signal: then the parts cannot be estimated at that alpha.

    References
    ----------
    W. Haerdle, J. S. Marron, "Bootstrap simultaneous error bars for nonparametric regression", Ann. Statist. 19 (1991)
    778-796, doi:10.1214/aos/1176348120 (resampling from an oversmoothed pilot). D. N. Politis, J. P. Romano, "A
    circular block-resampling procedure for stationary data", in Exploring the Limits of Bootstrap (1992) 263-270.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> recording = ressin.simulate_eda(45, 50, n_scr=5, noise=0.03, rng=np.random.default_rng(0))
    >>> bands = ressin.bootstrap_bands(ressin.decompose(recording.signal, 50), 200, seed=1)
    >>> inside = (bands.phasic_low <= recording.phasic) & (recording.phasic <= bands.phasic_high)
    >>> bool(inside.mean() > 0.8)
    True
    """
    check_draws(n_boot, seed)
    if not 0.0 < level < 1.0:
        raise InvalidInputError(f"level is {level!r}; it must lie between 0 and 1")
    check_positive("block", block, "seconds")
    own = decomposition.settings
    settings = replace(
        own,
        solver="auto" if own.solver == "osqp" else own.solver,
        tol=max(own.tol, _TOL),
        n_threads=n_threads,
    )
    pilot = find_pilot(decomposition, settings, block)
    draw = _drawer(pilot, max(1, round(block * decomposition.sampling_rate)), n_boot, seed)
    n = decomposition.signal.size
    weights = decomposition.weights
    shift = {
        part: np.empty((n_boot, n), dtype=np.float32) for part in ("phasic", "tonic")
    }  # r* - r_pilot, t* - t_pilot
    most = rows_of_bytes(n)
    for first in range(0, n_boot, most):
        some = np.arange(first, min(first + most, n_boot))
        rows = solve_rows(
            (pilot.level + draw(some)).ravel(),
            n * np.arange(some.size),
            n,
            decomposition.sampling_rate,
            [settings],
            weights=weights,
            weight_starts=np.zeros(some.size, dtype=np.int64),
            knots=decomposition._knot_grid,
            start=pilot.driver,
        )
        _check_solved(rows, some)
        these = slice(first, first + some.size)
        np.subtract(rows.phasic, pilot.phasic, out=shift["phasic"][these], casting="same_kind")
        np.subtract(rows.tonic, pilot.tonic, out=shift["tonic"][these], casting="same_kind")
    phasic_low, phasic_high = _basic(decomposition.phasic, shift["phasic"], level)
    if _is_nonnegative(decomposition):
        phasic_low, phasic_high = np.maximum(phasic_low, 0.0), np.maximum(phasic_high, 0.0)
    tonic_low, tonic_high = _basic(decomposition.tonic, shift["tonic"], level)
    return Bands(
        phasic_low=phasic_low,
        phasic_high=phasic_high,
        tonic_low=tonic_low,
        tonic_high=tonic_high,
        level=float(level),
        n_boot=int(n_boot),
        seed=int(seed),
        block=float(block),
        pilot_alpha=pilot.alpha,
        noise=float(pilot.residual.std()),
    )


def with_bands(decomposition: Decomposition, n_boot: int, *, seed: int, n_threads: int) -> Decomposition:
    """Return the decomposition with bands of the default level; see `bootstrap_bands`."""
    return replace(decomposition, bands=bootstrap_bands(decomposition, n_boot, seed=seed, n_threads=n_threads))


def _drawer(pilot: Pilot, block: int, n_boot: int, seed: int) -> Callable[[NDArray[np.int64]], NDArray[np.float64]]:
    """Return a function of replicates' numbers: their noise, (m, n), in blocks from the residual taken as a circle."""
    rng = np.random.default_rng(seed)
    size = pilot.residual.size
    starts = rng.integers(0, size, (n_boot, math.ceil(size / block)))  # all at once: chunks do not change them
    circle = np.resize(pilot.residual, size + block - 1)
    blocks = np.lib.stride_tricks.sliding_window_view(circle, block)  # (size, block)

    def draw(replicates: NDArray[np.int64]) -> NDArray[np.float64]:
        drawn = blocks[starts[replicates]].reshape(replicates.size, -1)[:, :size] / pilot.root_weights
        if size == pilot.level.size:
            return np.asarray(drawn)
        noise = np.zeros((replicates.size, pilot.level.size))
        noise[:, pilot.observed] = drawn
        return noise

    return draw


def _basic(
    estimate: NDArray[np.float64], shift: NDArray[np.float32], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the basic bootstrap interval of each sample: the estimate less the quantiles of its shift."""
    tail = (1.0 - level) / 2.0
    ordered = np.sort(np.ascontiguousarray(shift.T), axis=1)
    low, high = _quantile(ordered, tail), _quantile(ordered, 1.0 - tail)
    return estimate - high, estimate - low


def _quantile(ordered: NDArray[np.float32], share: float) -> NDArray[np.float64]:
    """Return the quantile of each row, whose numbers are in order, by linear interpolation (as NumPy's default)."""
    place = share * (ordered.shape[1] - 1)
    below = min(math.floor(place), ordered.shape[1] - 2)
    first, second = ordered[:, below].astype(np.float64), ordered[:, below + 1].astype(np.float64)
    return np.asarray(first + (place - below) * (second - first))


def _is_nonnegative(decomposition: Decomposition) -> bool:
    """Whether the phasic part is of the form h * p with h >= 0: no free start, no pole of the filter below zero."""
    settings = decomposition.settings
    return settings.revision == "2025" and 2.0 * min(settings.tau0, settings.tau1) * decomposition.sampling_rate >= 1.0


def _check_solved(rows: SolvedRows, replicates: NDArray[np.int64]) -> None:
    bad = np.flatnonzero(~(rows.relative_gap <= _SOLVED))
    if bad.size:
        raise ConvergenceError(
            f"{bad.size} of {replicates.size} replicates of the bootstrap were not solved; the first is replicate "
            f"{replicates[bad[0]]} with status {STATUSES[int(rows.status[bad[0]])]!r} and a relative duality gap of "
            f"{rows.relative_gap[bad[0]]:.1e}: look for extreme values in the signal, or allow more iterations with "
            "max_iterations"
        )


def check_draws(n_boot: object, seed: object) -> None:
    """Raise InvalidInputError for a number of replicates or a seed that cannot be used."""
    if isinstance(n_boot, bool) or not isinstance(n_boot, (int, np.integer)) or n_boot < 20:
        raise InvalidInputError(f"n_boot is {shown(n_boot)}; it must be an integer >= 20, or 0 for no bands at all")
    if n_boot > MAX_BOOT:
        raise InvalidInputError(f"n_boot is {shown(n_boot)}; it must be an integer of at most {MAX_BOOT:,}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InvalidInputError(f"the bootstrap's seed is {shown(seed)}; it must be an integer >= 0")
