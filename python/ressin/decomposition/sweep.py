"""One recording under many settings, all of them in one batch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin._progress import Progress, show_progress
from ressin.decomposition.inputs import check_missing, check_signal
from ressin.decomposition.readonly import ReadOnly
from ressin.decomposition.robust_rows import RobustRows, solve_robust_rows
from ressin.decomposition.solve import ADVICE, SolvedRows, row_as_decomposition, solve_rows
from ressin.errors import ConvergenceError, InvalidInputError
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
    check_sampling_rate,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from ressin.decomposition.result import Decomposition


SWEPT = ("tau0", "tau1", "delta_knot", "alpha", "gamma", "revision", "baseline")
_ROBUST_SWEPT = ("tau0", "tau1", "delta_knot")  # the rest it finds in the recording, or does not have


@dataclass(frozen=True, kw_only=True, eq=False)
class Sweep(ReadOnly):
    """One recording decomposed under many settings. Its arrays are read-only: copy what you change.

    ``len(sweep)`` is the number of settings; ``sweep[i]`` is the `Decomposition` under ``sweep.settings[i]``. Those
    of all settings are made when one of them is first asked for, and kept.

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
    _rows: SolvedRows | RobustRows = field(repr=False)
    _weights: NDArray[np.float64] | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.settings)

    def __getitem__(self, setting: int) -> Decomposition:
        """Return the decomposition under one setting; negative numbers count from the end.

        The first call makes those of all settings, and later ones return the same objects.

        Raises
        ------
        IndexError
            There is no such setting.
        """
        return self._decompositions[setting]

    def __iter__(self) -> Iterator[Decomposition]:
        return iter(self._decompositions)

    @cached_property
    def _decompositions(self) -> tuple[Decomposition, ...]:
        return tuple(self._decomposition(i) for i in range(len(self)))

    def _decomposition(self, i: int) -> Decomposition:
        given = self.signal, self._weights, self.sampling_rate, self.settings[i]
        if isinstance(self._rows, RobustRows):
            return self._rows.as_decomposition(i, *given)
        return row_as_decomposition(self._rows, i, *given)

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Whether the programme of each setting was solved to its tolerance, (n_settings,)."""
        return np.asarray(self._rows.status == 0)

    def to_frame(self, *, min_amplitude: float = 0.01) -> pd.DataFrame:
        """Return a row for each setting, in the order of `settings`.

        Columns: tau0, tau1, delta_knot, alpha, gamma, revision, baseline; status, iterations, objective, duality_gap,
        relative_gap; residual_share, phasic_tonic_correlation and fast_decay_share, as in `Quality`; ``n_scrs``, the
        number of SCRs, and ``scr_amplitude``, their mean amplitude in the signal's unit (NaN where there is none). Of
        the robust programme tau0, tau1 and delta_knot, and beside the evidence smallest_response, noise and rounds.

        Parameters
        ----------
        min_amplitude
            Least height of an SCR that is counted, in the signal's unit, > 0; see `ressin.find_scrs`.
        """
        import pandas as pd

        robust = isinstance(self._rows, RobustRows)
        swept, found = (_ROBUST_SWEPT, ("smallest_response", "noise", "rounds")) if robust else (SWEPT, ())
        rows = []
        for result in self:
            amplitudes = result.scrs(min_amplitude=min_amplitude)["SCR_Amplitude"].to_numpy()
            quality = result.quality
            rows.append(
                {name: getattr(result.settings, name) for name in swept}
                | {
                    "status": result.status,
                    "iterations": result.iterations,
                    "objective": result.objective,
                    "duality_gap": result.duality_gap,
                    "relative_gap": result.relative_gap,
                    **{name: getattr(result, name) for name in found},
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
        from ressin.plots.many import plot_sweep

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
        "errors='return' gives all settings with their status",
        worst,
    )


def sweep(
    signal: ArrayLike,
    sampling_rate: float,
    *,
    programme: Programme = "cvxeda",
    tau0: float | Sequence[float] | NDArray[np.float64] = 2.0,
    tau1: float | Sequence[float] | NDArray[np.float64] = 0.7,
    delta_knot: float | Sequence[float] | NDArray[np.float64] = 10.0,
    alpha: float | Sequence[float] | NDArray[np.float64] = 8e-4,
    gamma: float | Sequence[float] | NDArray[np.float64] = 1e-2,
    revision: Revision | Sequence[Revision] = "2025",
    baseline: Baseline | Sequence[Baseline] = "linear",
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
) -> Sweep:
    """Decompose one recording under every combination of the values given, all of them in one batch.

    Settings that differ in alpha and gamma alone run side by side in the lanes of a core; combinations of the others
    are groups of their own, spread over the cores.

    Parameters
    ----------
    signal
        (n,) skin conductance, as in `decompose`.
    sampling_rate
        Hz, > 0.
    programme
        "cvxeda", or "robust", of which tau0, tau1 and delta_knot can be varied: it finds the rest in the recording,
        under each combination anew.
    tau0, tau1, delta_knot, alpha, gamma, revision, baseline
        A value, or a sequence of values, of each; see `Settings` for what they mean.
    standardize, solver, tol, max_iterations, missing, sample_weight, warm_start, osqp_eps, n_threads
        As in `decompose`, the same for all.
    errors
        "raise" an error where a combination was not solved to `tol`, or "return" all with their status.
    progress
        True for a tqdm bar (needs tqdm), or a function called with (done, total) a few times a second.
    on_failure
        Deprecated: the older name of `errors`.

    Returns
    -------
    Sweep
        The `Decomposition` under each combination, and a table with a row for each.

    Raises
    ------
    InvalidInputError
        A signal or a value that cannot be used, or an empty sequence.
    ConvergenceError
        With errors="raise": a combination that was not solved to `tol`.
    KeyboardInterrupt
        Ctrl-C stops the batch within a fraction of a second.

    Notes
    -----
    Each result is what `decompose` gives under that setting, bit for bit. Objectives under different alpha or gamma
    are of different programmes and cannot be compared; `residual_share` can.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> recording = ressin.simulate_eda(120, 16, rng=np.random.default_rng(0))
    >>> sweep = ressin.sweep(recording.signal, 16, alpha=[1e-4, 1e-3, 1e-2, 1e-1], gamma=[1e-2, 1e-1])
    >>> len(sweep), sweep.varied
    (8, ('alpha', 'gamma'))
    >>> table = sweep.to_frame()
    >>> table[table.gamma == 1e-2].n_scrs.tolist()
    [18, 12, 12, 10]
    """
    values: dict[str, list[Any]] = {
        "tau0": _values("tau0", tau0),
        "tau1": _values("tau1", tau1),
        "delta_knot": _values("delta_knot", delta_knot),
        "alpha": _values("alpha", alpha),
        "gamma": _values("gamma", gamma),
        "revision": _values("revision", revision),
        "baseline": _values("baseline", baseline),
    }
    errors = check_errors(errors, on_failure)
    settings = tuple(
        Settings(
            **dict(zip(SWEPT, combination, strict=True)),
            programme=programme,
            standardize=standardize,
            solver=solver,
            tol=tol,
            max_iterations=max_iterations,
            missing=missing,
            warm_start=warm_start,
            osqp_eps=osqp_eps,
            n_threads=n_threads,
        )
        for combination in itertools.product(*values.values())
    )
    rate = check_sampling_rate(sampling_rate)
    for one in settings:
        check_knots(None, one, rate)
    array = check_signal(signal)
    weights, nan = check_missing(array, sample_weight, missing)
    with show_progress(progress, len(settings), "setting") as callback:
        solve = solve_robust_rows if programme == "robust" else solve_rows
        rows = solve(
            array if nan is None else np.where(nan, 0.0, array),
            np.zeros(len(settings), dtype=np.int64),
            array.size,
            rate,
            settings,
            weights=weights,
            progress=callback,
        )
    result = Sweep(
        signal=array.copy(),
        sampling_rate=rate,
        settings=settings,
        varied=tuple(name for name, given in values.items() if len(given) > 1),
        phasic=rows.phasic,
        tonic=rows.tonic,
        driver=rows.driver,
        _rows=rows,
        _weights=weights,
    )
    if errors == "raise":
        raise_unsolved(result)
    return result


def _values(name: str, given: Any) -> list[Any]:
    """Return one value or many as a list of Python's own numbers and strings."""
    if isinstance(given, (str, bytes)) or np.ndim(given) == 0:
        return [given]
    if np.ndim(given) != 1:
        raise InvalidInputError(f"{name} has {np.ndim(given)} dimensions; it must be a value or a list of values")
    values = [value.item() if isinstance(value, np.generic) else value for value in given]
    if not values:
        raise InvalidInputError(f"{name} is empty; it must be a value or a list of at least one")
    return values
