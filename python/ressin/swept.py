"""One recording under many settings: what `sweep` returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ressin.errors import ConvergenceError
from ressin.jobs import ADVICE
from ressin.rows import row_as_decomposition
from ressin.settings import Settings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ressin import _core
    from ressin.decomposition import Decomposition

SWEPT = ("tau0", "tau1", "delta_knot", "alpha", "gamma", "revision", "baseline")


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep:
    """One recording decomposed under many settings.

    ``len(sweep)`` is the number of settings; ``sweep[i]`` is the `Decomposition` under ``sweep.settings[i]``, made when
    first asked for.

    Attributes
    ----------
    signal
        (n,) the recording, float64; NaN where samples are missing.
    sampling_rate
        Hz.
    settings
        One for each combination, in the order of the parameters of `sweep`, the last varying fastest.
    varied
        Names of the parameters that take more than one value.
    phasic, tonic, driver
        (n_settings, n) in the signal's unit (the driver per second).
    """

    signal: NDArray[np.float64]
    sampling_rate: float
    settings: tuple[Settings, ...]
    varied: tuple[str, ...]
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    driver: NDArray[np.float64]
    _rows: _core.Rows = field(repr=False)
    _weights: NDArray[np.float64] | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.settings)

    def __getitem__(self, setting: int) -> Decomposition:
        """Return the decomposition under one setting; negative numbers count from the end."""
        return self._decompositions[setting]

    def __iter__(self) -> Iterator[Decomposition]:
        return iter(self._decompositions)

    @cached_property
    def _decompositions(self) -> tuple[Decomposition, ...]:
        return tuple(
            row_as_decomposition(self._rows, i, self.signal, self._weights, self.sampling_rate, settings)
            for i, settings in enumerate(self.settings)
        )

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Whether the programme of each setting was solved to its tolerance, (n_settings,)."""
        return np.asarray(self._rows.status == 0)

    def to_frame(self, *, min_amplitude: float = 0.01) -> pd.DataFrame:
        """Return a row for each setting, in the order of `settings`.

        Columns: tau0, tau1, delta_knot, alpha, gamma, revision, baseline; status, iterations, objective, duality_gap,
        relative_gap; residual_share, phasic_tonic_correlation and fast_decay_share, as in `Quality`; ``n_scrs``, the
        number of SCRs, and ``scr_amplitude``, their mean amplitude in the signal's unit (NaN where there is none).

        Parameters
        ----------
        min_amplitude
            Least height of an SCR that is counted, in the signal's unit, > 0; see `ressin.events.find_scrs`.
        """
        import pandas as pd

        rows = []
        for result in self:
            amplitudes = result.scrs(min_amplitude=min_amplitude)["SCR_Amplitude"].to_numpy()
            quality = result.quality
            rows.append(
                {name: getattr(result.settings, name) for name in SWEPT}
                | {
                    "status": result.status,
                    "iterations": result.iterations,
                    "objective": result.objective,
                    "duality_gap": result.duality_gap,
                    "relative_gap": result.relative_gap,
                    "residual_share": quality.residual_share,
                    "phasic_tonic_correlation": quality.phasic_tonic_correlation,
                    "fast_decay_share": quality.fast_decay_share,
                    "n_scrs": amplitudes.size,
                    "scr_amplitude": float(amplitudes.mean()) if amplitudes.size else np.nan,
                }
            )
        return pd.DataFrame(rows)

    def plot(self) -> Figure:
        """Draw what each varied parameter does to the parts' measures; needs the `plot` extra."""
        from ressin.plots_many import plot_sweep

        return plot_sweep(self)


def raise_unsolved(result: Sweep) -> None:
    """Raise ConvergenceError for the first setting whose programme was not solved, with it as the error's result."""
    if result.converged.all():
        return
    worst = result[int(np.argmin(result.converged))]
    used = ", ".join(f"{name}={getattr(worst.settings, name)!r}" for name in result.varied)
    raise ConvergenceError(
        f"{worst.settings.solver} did not solve {int((~result.converged).sum())} of {len(result)} settings to the "
        f"tolerance; the first is ({used}) with status {worst.status!r} and a relative duality gap of "
        f"{worst.relative_gap:.1e} (tol is {worst.settings.tol:g}): {ADVICE[worst.status]}; "
        "on_failure='return' gives all settings with their status",
        worst,
    )
