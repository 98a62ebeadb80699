"""Many programmes of one length over stretches of one array: one call of the compiled core, two-dimensional arrays out.

Windows, the settings of a sweep and the replicates of a bootstrap all go this way. A programme becomes a
`Decomposition`, with its dozen Python objects, only when somebody asks for that one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ressin import _core
from ressin.decomposition import Decomposition, Status
from ressin.settings import Settings, core_settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

STATUSES: tuple[Status, ...] = ("optimal", "inaccurate", "max_iterations", "failed")  # by the core's number
_MOST_BYTES = 64 << 20


def solve_rows(
    signal: NDArray[np.float64],
    starts: NDArray[np.int64],
    length: int,
    sampling_rate: float,
    settings: Sequence[Settings],
    *,
    weights: NDArray[np.float64] | None = None,
    weight_starts: NDArray[np.int64] | None = None,
    knots: tuple[int, int, int] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> _core.Rows:
    """Solve the programmes of ``signal[starts[i] : starts[i] + length]``, several side by side in the lanes of a core.

    Parameters
    ----------
    signal
        (n,) finite; where its weight is 0 it is not read.
    starts
        (m,) first sample of each programme, m >= 1.
    length
        Samples of every programme.
    sampling_rate
        Hz.
    settings
        One for all, or m. They may differ in tau0, tau1, delta_knot, alpha, gamma, revision and baseline; all else is
        the first one's.
    weights, weight_starts
        Array of sample weights >= 0, and where in it the weights of each programme start, (m,); -1 for ones. Without
        `weight_starts` they stand beside the signal.
    knots
        First, spacing and number, for all; None for the reference's rule.
    progress
        Called with (done, total).
    """
    if weights is None:
        weights, weight_starts = np.empty(0), np.full(starts.size, -1, dtype=np.int64)
    elif weight_starts is None:
        weight_starts = starts
    core = [core_settings(s, knots) for s in settings]
    return _core.decompose_rows(signal, weights, starts, weight_starts, length, 1.0 / sampling_rate, core, progress)


def rows_of_bytes(n: int) -> int:
    """Return how many rows of n samples to solve at a time, so that their parts take about 64 MB; a multiple of 16."""
    return max(16, _MOST_BYTES // (4 * 8 * n) // 16 * 16)


def row_as_decomposition(
    rows: _core.Rows,
    row: int,
    signal: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    sampling_rate: float,
    settings: Settings,
    knots: tuple[int, int, int] | None = None,
) -> Decomposition:
    """Wrap one row, with the signal as given (NaN where it is missing) and its weights, both (length,)."""
    first, spacing, count = (int(k) for k in rows.knots[row])
    residual = rows.residual[row]
    return Decomposition(
        signal=signal.copy(),
        phasic=rows.phasic[row].copy(),
        tonic=rows.tonic[row].copy(),
        driver=rows.driver[row].copy(),
        residual=np.where(np.isnan(signal), np.nan, residual),
        sampling_rate=sampling_rate,
        spline=rows.spline[rows.spline_ends[row] : rows.spline_ends[row + 1]].copy(),
        drift=rows.drift[rows.drift_ends[row] : rows.drift_ends[row + 1]].copy(),
        knots=first + spacing * np.arange(count),
        settings=settings,
        mean=float(rows.mean[row]),
        scale=float(rows.scale[row]),
        weights=None if weights is None else weights.copy(),
        status=STATUSES[int(rows.status[row])],
        iterations=int(rows.iterations[row]),
        objective=float(rows.objective[row]),
        duality_gap=float(rows.duality_gap[row]),
        relative_gap=float(rows.relative_gap[row]),
        stationarity=float(rows.stationarity[row]),
        complementarity=float(rows.complementarity[row]),
        osqp_residuals=(float(rows.osqp_residuals[row, 0]), float(rows.osqp_residuals[row, 1]))
        if settings.solver == "osqp"
        else None,
        _start=(float(rows.start[row, 0]), float(rows.start[row, 1])),
        _knot_grid=knots,
    )
