"""Many robust programmes of one length over stretches of one array: windows, and the settings of a sweep.

As `solve_rows` does it for cvxEDA's programme: two-dimensional arrays, a row a programme, each
bit for bit what `ressin.decompose` gives for its stretch alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin.decomposition.readonly import ReadOnly
from ressin.decomposition.result import Decomposition
from ressin.decomposition.robust import solve_robust
from ressin.decomposition.solve import STATUSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.settings import Settings

_EVIDENCE = ("objective", "duality_gap", "relative_gap", "stationarity", "complementarity")


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustRows(ReadOnly):
    """Solved programmes, a row each.

    Attributes
    ----------
    phasic, tonic, driver, residual, outliers, shifts
        (m, n) in the signal's unit, the driver per second.
    status, iterations
        (m,) number of the status in `STATUSES`; Newton steps of the last programme.
    mean, scale, objective, duality_gap, relative_gap, stationarity, complementarity
        (m,) as in `Decomposition`.
    smallest_response, noise
        (m,) as in `Robust`.
    """

    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    driver: NDArray[np.float64]
    residual: NDArray[np.float64]
    outliers: NDArray[np.float64]
    shifts: NDArray[np.float64]
    status: NDArray[np.int8]
    iterations: NDArray[np.int64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    objective: NDArray[np.float64]
    duality_gap: NDArray[np.float64]
    relative_gap: NDArray[np.float64]
    stationarity: NDArray[np.float64]
    complementarity: NDArray[np.float64]
    smallest_response: NDArray[np.float64]
    noise: NDArray[np.float64]
    _fields: tuple[dict[str, Any], ...]

    def as_decomposition(
        self,
        row: int,
        signal: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        sampling_rate: float,
        settings: Settings,
    ) -> Decomposition:
        """Wrap one row, with the signal as given (NaN where it is missing) and its weights, both (n,)."""
        fields = dict(self._fields[row])
        fields["residual"] = np.where(np.isnan(signal), np.nan, self.residual[row])
        for part in ("phasic", "tonic", "driver"):
            fields[part] = getattr(self, part)[row].copy()
        return Decomposition(
            signal=signal.copy(),
            sampling_rate=sampling_rate,
            settings=settings,
            weights=None if weights is None else weights.copy(),
            _knot_grid=None,
            **fields,
        )


def solve_robust_rows(
    signal: NDArray[np.float64],
    starts: NDArray[np.int64],
    length: int,
    sampling_rate: float,
    settings: Sequence[Settings],
    *,
    weights: NDArray[np.float64] | None = None,
    weight_starts: NDArray[np.int64] | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> RobustRows:
    """Solve the robust programmes of ``signal[starts[i] : starts[i] + length]``; the parameters are `solve_rows`'s.

    Programmes of one setting run side by side in the lanes of every core; settings come one after another.
    """
    weight_starts = starts if weight_starts is None else weight_starts
    signals = [signal[at : at + length] for at in starts]
    held = [None if weights is None or at < 0 else weights[at : at + length] for at in weight_starts]
    fields: list[dict[str, Any]] = []
    alone = len(settings) > 1
    for i, one in enumerate(settings):
        these = slice(i, i + 1) if alone else slice(None)
        intervals = [1.0 / sampling_rate] * len(signals[these])
        part = _part_of(progress, len(fields), starts.size)
        fields += solve_robust(signals[these], held[these], intervals, one, part)
    return _stack(fields, length)


def _part_of(
    progress: Callable[[int, int], object] | None, before: int, total: int
) -> Callable[[int, int], object] | None:
    """Report (done, total) of all programmes, where `before` are done and some are being solved."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)


def _stack(fields: list[dict[str, Any]], length: int) -> RobustRows:
    def parts(name: str) -> NDArray[np.float64]:
        return np.array([x[name] for x in fields]).reshape(-1, length)

    def numbers(name: str) -> NDArray[np.float64]:
        return np.array([x[name] for x in fields], dtype=np.float64)

    def found(name: str) -> list[Any]:
        return [vars(x["robust"])[name] for x in fields]

    stacked = {name: parts(name) for name in ("phasic", "tonic", "driver", "residual")}
    stacked |= {name: np.array(found(name)).reshape(-1, length) for name in ("outliers", "shifts")}
    stacked |= {name: numbers(name) for name in ("mean", "scale", *_EVIDENCE)}
    stacked |= {name: np.array(found(name), dtype=np.float64) for name in ("smallest_response", "noise")}
    return RobustRows(
        **stacked,
        status=np.array([STATUSES.index(x["status"]) for x in fields], dtype=np.int8),
        iterations=np.array([x["iterations"] for x in fields], dtype=np.int64),
        _fields=tuple(_without_parts(x) for x in fields),
    )


def _without_parts(fields: dict[str, Any]) -> dict[str, Any]:
    """Return what does not stand in two-dimensional arrays."""
    return {name: value for name, value in fields.items() if name not in ("phasic", "tonic", "driver", "residual")}
