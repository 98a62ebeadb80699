"""A programme per sliding window of one recording, all windows in one batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin.decomposition.readonly import ReadOnly
from ressin.decomposition.robust_rows import RobustRows
from ressin.decomposition.solve import ADVICE, STATUSES, SolvedRows, row_as_decomposition
from ressin.errors import ConvergenceError, InvalidInputError
from ressin.settings import (
    Settings,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ressin.decomposition.result import Decomposition


_COLUMNS = {"EDA_Tonic": "tonic", "EDA_Phasic": "phasic", "EDA_SMNA": "driver", "EDA_Residual": "residual"}
_ROBUST_COLUMNS = {"EDA_Outliers": "outliers", "EDA_Shifts": "shifts"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows(ReadOnly):
    """A recording's windows, each decomposed as a programme of its own. Its arrays are read-only.

    ``len(windows)`` is their number; ``windows[k]`` is window k as a `Decomposition`, made when asked for.

    Attributes
    ----------
    signal
        (n_samples,) the recording, float64; NaN where samples are missing.
    sampling_rate
        Hz.
    starts
        (n_windows,) first sample of each window.
    phasic, tonic, driver, residual
        (n_windows, n) in the signal's unit (the driver per second); rows of NaN where a window is "empty".
    status
        (n_windows,) as in `Decomposition`, or "empty" where less than 4 samples are not missing.
    iterations
        (n_windows,) Newton steps; 0 where empty.
    mean, scale
        (n_windows,) each programme was solved on (window - mean) / scale.
    objective, duality_gap, relative_gap, stationarity, complementarity
        (n_windows,) the evidence, as in `Decomposition`; NaN where empty.
    outliers, shifts
        (n_windows, n) of the robust programme, in the signal's unit, NaN where empty; zeros for cvxEDA's.
    smallest_response, noise
        (n_windows,) what the robust programme found in each window, in the signal's unit; NaN where empty, and for
        cvxEDA's.
    settings
        The same for every window.
    """

    signal: NDArray[np.float64]
    sampling_rate: float
    starts: NDArray[np.int64]
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    driver: NDArray[np.float64]
    residual: NDArray[np.float64]
    status: NDArray[np.str_]
    iterations: NDArray[np.int64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    objective: NDArray[np.float64]
    duality_gap: NDArray[np.float64]
    relative_gap: NDArray[np.float64]
    stationarity: NDArray[np.float64]
    complementarity: NDArray[np.float64]
    outliers: NDArray[np.float64]
    shifts: NDArray[np.float64]
    smallest_response: NDArray[np.float64]
    noise: NDArray[np.float64]
    settings: Settings
    _rows: SolvedRows | RobustRows = field(repr=False)
    _row_of: NDArray[np.int64] = field(repr=False)  # (n_windows,) -1 where empty
    _weights: NDArray[np.float64] | None = field(repr=False)
    _weight_starts: NDArray[np.int64] | None = field(repr=False)

    @classmethod
    def of(
        cls,
        rows: SolvedRows | RobustRows,
        usable: NDArray[np.bool_],
        signal: NDArray[np.float64],
        weights: NDArray[np.float64] | None,
        weight_starts: NDArray[np.int64] | None,
        starts: NDArray[np.int64],
        sampling_rate: float,
        settings: Settings,
    ) -> Windows:
        """Put the rows of the usable windows, in order, among those of all."""

        def spread(values: NDArray[Any], fill: Any = np.nan) -> NDArray[Any]:
            if usable.all():
                return values
            everywhere = np.full((usable.size, *values.shape[1:]), fill, dtype=values.dtype)
            everywhere[usable] = values
            return everywhere

        residual = spread(rows.residual)
        nan = np.isnan(signal)
        if nan.any():
            residual = residual.copy()
            residual[np.lib.stride_tricks.sliding_window_view(nan, residual.shape[1])[starts]] = np.nan
        if isinstance(rows, RobustRows):
            found = rows.outliers, rows.shifts, rows.smallest_response, rows.noise
        else:
            zeros, unknown = np.broadcast_to(np.float64(0.0), rows.phasic.shape), np.full(rows.mean.size, np.nan)
            found = zeros, zeros, unknown, unknown
        outliers, shifts, smallest_response, noise = (spread(x) for x in found)
        return cls(
            signal=signal,
            sampling_rate=sampling_rate,
            starts=starts,
            phasic=spread(rows.phasic),
            tonic=spread(rows.tonic),
            driver=spread(rows.driver),
            residual=residual,
            status=spread(np.asarray(STATUSES)[rows.status], "empty"),
            iterations=spread(rows.iterations, 0),
            mean=spread(rows.mean),
            scale=spread(rows.scale),
            objective=spread(rows.objective),
            duality_gap=spread(rows.duality_gap),
            relative_gap=spread(rows.relative_gap),
            stationarity=spread(rows.stationarity),
            complementarity=spread(rows.complementarity),
            outliers=outliers,
            shifts=shifts,
            smallest_response=smallest_response,
            noise=noise,
            settings=settings,
            _rows=rows,
            _row_of=np.where(usable, np.cumsum(usable) - 1, -1),
            _weights=weights,
            _weight_starts=weight_starts,
        )

    def __len__(self) -> int:
        return int(self.starts.size)

    def __getitem__(self, window: int) -> Decomposition:
        """Return one window as a `Decomposition` of its own; negative numbers count from the end.

        Raises
        ------
        IndexError
            There is no such window.
        InvalidInputError
            The window is empty.
        """
        k = range(len(self))[window]
        row = int(self._row_of[k])
        if row < 0:
            raise InvalidInputError(f"window {k} is empty: less than 4 of its samples are not missing")
        weights = None
        if self._weights is not None and self._weight_starts is not None and self._weight_starts[k] >= 0:
            weights = self._weights[self._extent(k)]
        signal = self.signal[self._extent(k)]
        if isinstance(self._rows, RobustRows):
            return self._rows.as_decomposition(row, signal, weights, self.sampling_rate, self.settings)
        return row_as_decomposition(self._rows, row, signal, weights, self.sampling_rate, self.settings)

    def __iter__(self) -> Iterator[Decomposition]:
        return (self[k] for k in range(len(self)))

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Whether each window's status is "optimal", (n_windows,)."""
        return np.asarray(self.status == "optimal")

    @property
    def times(self) -> NDArray[np.float64]:
        """Start of each window, (n_windows,), seconds from the recording's first sample."""
        return self.starts / self.sampling_rate

    def evidence(self) -> pd.DataFrame:
        """Return a row for each window: start (s), status, iterations, mean, scale and the evidence.

        The robust programme's also have smallest_response and noise.
        """
        import pandas as pd

        names = ["status", "iterations", "mean", "scale", "objective", "duality_gap", "relative_gap", "stationarity"]
        names += ["complementarity", *(("smallest_response", "noise") if self._is_robust else ())]
        return pd.DataFrame(
            {"start": self.times} | {name: getattr(self, name) for name in names},
            index=pd.RangeIndex(len(self), name="window"),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return all samples of all windows in long form, n_windows * n rows.

        Columns: ``window`` (its number), ``sample`` (in the recording), ``time`` (seconds in the recording), and the
        parts under NeuroKit's names, as in `Decomposition.to_frame`, with outliers and shifts of the robust programme.
        """
        import pandas as pd

        m, n = self.phasic.shape
        samples = (self.starts[:, None] + np.arange(n)).ravel()
        return pd.DataFrame(
            {"window": np.repeat(np.arange(m), n), "sample": samples, "time": samples / self.sampling_rate}
            | {column: getattr(self, part).ravel() for column, part in self._columns.items()}
        )

    def average(self) -> pd.DataFrame:
        """Return the whole recording, each sample averaged over the windows that hold it.

        Columns: the parts as in `to_frame`; ``EDA_Phasic_SD`` and ``EDA_Tonic_SD``, the standard deviation of a
        part over these windows, which says how far they agree (0 where there is one); and ``n_windows``, how many
        there are. A sample in no window (behind the last one, between windows further apart than they are long, or in
        empty ones only) has NaN.
        """
        import pandas as pd

        held = self.status != "empty"
        parts = {part: getattr(self, part)[held] for part in self._columns.values()}  # (m, n) each
        samples = self.starts[held, None] + np.arange(self.phasic.shape[1])  # (m, n)

        def gather(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray(np.bincount(samples.ravel(), values.ravel(), self.signal.size), dtype=np.float64)

        count = np.bincount(samples.ravel(), minlength=self.signal.size)
        with np.errstate(invalid="ignore"):  # 0 / 0 where no window is
            means = {part: gather(values) / count for part, values in parts.items()}
            columns = {column: means[part] for column, part in self._columns.items()}
            for column, part in (("EDA_Phasic_SD", "phasic"), ("EDA_Tonic_SD", "tonic")):
                columns[column] = np.sqrt(gather((parts[part] - means[part][samples]) ** 2) / count)
        return pd.DataFrame(columns | {"n_windows": count})

    def plot(self) -> Figure:
        """Draw the average over the windows and how far they agree; needs the `plot` extra."""
        from ressin.plots.many import plot_windows

        return plot_windows(self)

    @property
    def _is_robust(self) -> bool:
        return self.settings.programme == "robust"

    @property
    def _columns(self) -> dict[str, str]:
        return _COLUMNS | _ROBUST_COLUMNS if self._is_robust else _COLUMNS

    def _extent(self, k: int) -> slice:
        return slice(int(self.starts[k]), int(self.starts[k]) + self.phasic.shape[1])


def raise_unsolved(windows: Windows) -> None:
    """Raise ConvergenceError for the first window that did not reach its tolerance, with that window as its result."""
    if windows.converged.all():
        return
    k = int(np.argmin(windows.converged))
    raise ConvergenceError(
        f"{windows.settings.solver} did not solve {int((~windows.converged).sum())} of {len(windows)} windows to the "
        f"tolerance; the first is window {k}, from {windows.times[k]:g} s on, with status {str(windows.status[k])!r} "
        f"and a relative duality gap of {windows.relative_gap[k]:.1e} (tol is {windows.settings.tol:g}): "
        f"{ADVICE[str(windows.status[k])]}; errors='return' gives all windows with their status",
        windows[k],
    )
