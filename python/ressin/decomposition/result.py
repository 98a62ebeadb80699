"""A decomposed signal: its parts, and the evidence that they are optimal."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ressin import _core
from ressin.decomposition.quality import Quality, assess
from ressin.decomposition.readonly import ReadOnly
from ressin.decomposition.robust import Robust, certify_robust
from ressin.decomposition.validity import Validity, assess_validity
from ressin.errors import InvalidInputError
from ressin.settings import Programme, Settings, check_positive, check_sampling_rate, core_settings

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray

    from ressin import _core


Status = Literal["optimal", "inaccurate", "max_iterations", "insufficient_progress", "failed"]
UsedSolver = Literal["active_set", "interior_point", "osqp"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Decomposition(ReadOnly):
    """A signal's parts, and the evidence that they solve the programme. Its arrays are read-only: copy what you change.

    Attributes
    ----------
    signal
        (n,) the signal as given, float64; NaN where samples are missing.
    phasic, tonic, residual
        (n,) in the signal's unit; signal = phasic + tonic + outliers + residual. The robust programme's tonic part
        includes its shifts.
    driver
        (n,) sudomotor nerve activity p >= 0, in the signal's unit per second: its convolution with exp(-t/tau0) -
        exp(-t/tau1) is the phasic part. A density, so an impulse within one sample grows with the sampling rate; its
        integral does not.
    sampling_rate
        Hz.
    spline, drift
        Coefficients l of the tonic spline, one a knot, and d of the baseline, in the signal's unit.
    knots
        Sample index of each knot.
    settings
        Settings of the programme and the solver.
    mean, scale
        The programme was solved on (signal - mean) / scale.
    weights
        (n,) sample weights, or None for ones.
    status
        "optimal": the certificate proves the tolerance (for OSQP: its own residuals are within osqp_eps);
        "inaccurate": the digits ran out, or the iterations did, before the tolerance but with a relative gap of at
        most 1e-6; "max_iterations": the iterations ran out; "insufficient_progress": the steps stopped improving the
        solution, with iterations left; "failed": the numbers broke down. A result with anything that is not finite
        is never "optimal".
    solver
        What found the solution: "active_set", "interior_point" or "osqp".
    iterations
        Solves of the active set, Newton steps of the interior point, or OSQP's iterations.
    objective, duality_gap
        Objective of the programme at the solution (on the z-scored signal where `standardize`), and a bound on how
        far that is above the optimum: weak duality, and what rounding may add where parts far larger than the signal
        cancel.
    relative_gap
        The gap over the objective (or over 1e-6 of the zero solution's objective, where that is larger).
    stationarity
        Largest violation of the KKT conditions on the gradients (a driver's multiplier below zero; a spline
        coefficient's gradient that is not zero), relative to the size of these gradients at the zero solution.
    complementarity
        Sum of driver times multiplier, relative like relative_gap.
    osqp_residuals
        OSQP's primal and dual residual in its own scaling, or None.
    bands
        Bands for phasic and tonic part, where `n_boot` asked for them, or None; see
        `ressin.bootstrap_bands`.
    robust
        What the robust programme has found beside the parts, or None where the programme is cvxEDA's.
    index
        The index of a pandas Series that was decomposed, or None; `to_frame` has it.
    temperature
        (n,) temperature of the skin in degrees Celsius, by which `validity` goes too, or None; see `with_temperature`.
    """

    signal: NDArray[np.float64]
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    driver: NDArray[np.float64]
    residual: NDArray[np.float64]
    sampling_rate: float
    spline: NDArray[np.float64]
    drift: NDArray[np.float64]
    knots: NDArray[np.int64]
    settings: Settings
    mean: float
    scale: float
    weights: NDArray[np.float64] | None
    status: Status
    solver: UsedSolver
    iterations: int
    objective: float
    duality_gap: float
    relative_gap: float
    stationarity: float
    complementarity: float
    osqp_residuals: tuple[float, float] | None
    bands: Bands | None = None
    robust: Robust | None = None
    index: pd.Index | None = None
    temperature: NDArray[np.float64] | None = None
    _start: tuple[float, float] = field(repr=False)
    _knot_grid: tuple[int, int, int] | None = field(repr=False)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Make the fields that the core holds, all at once: a batch has thousands of results, few are looked at."""
            self._fetch()
            try:
                return vars(self)[name]
            except KeyError:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}") from None

    def __getstate__(self) -> dict[str, Any]:
        """Return all fields, for copies and for other processes."""
        self._fetch()
        return dict(vars(self))

    def _fetch(self) -> None:
        fields = vars(self)
        later = fields.get("_later")
        if later is not None:
            solved, index = later
            fields.update(solved.fields(index))
            fields.pop("_later", None)  # another thread may have been here

    @property
    def converged(self) -> bool:
        """Whether the status is "optimal"."""
        return self.status == "optimal"

    @property
    def programme(self) -> Programme:
        """Which programme was solved, "cvxeda" or "robust"."""
        return self.settings.programme

    @cached_property
    def outliers(self) -> NDArray[np.float64]:
        """(n,) outliers of the robust programme, in the signal's unit; zeros where the programme is cvxEDA's."""
        return self.robust.outliers if self.robust else _zeros(self.signal.size)

    @cached_property
    def shifts(self) -> NDArray[np.float64]:
        """(n,) shifts that the robust programme's tonic part includes, in the signal's unit; zeros for cvxEDA's."""
        return self.robust.shifts if self.robust else _zeros(self.signal.size)

    @property
    def contact(self) -> NDArray[np.float64]:
        """(n,) what of the shifts is contact lost for a moment; see `Robust`. Zeros for cvxEDA's programme."""
        return self.robust.contact if self.robust else _zeros(self.signal.size)

    @property
    def smallest_response(self) -> float | None:
        """Amplitude of the smallest response that the robust programme believes, in the signal's unit, or None."""
        return self.robust.smallest_response if self.robust else None

    @property
    def noise(self) -> float | None:
        """Deviation of the noise that the robust programme found, in the signal's unit, or None."""
        return self.robust.noise if self.robust else None

    @property
    def rounds(self) -> int | None:
        """Rounds in which the robust programme found its settings and weights, or None."""
        return self.robust.rounds if self.robust else None

    @property
    def time(self) -> NDArray[np.float64]:
        """Time of each sample, (n,), seconds from the first."""
        return np.arange(self.signal.size) / self.sampling_rate

    @cached_property
    def quality(self) -> Quality:
        """How well the model suits this signal, in numbers and sentences."""
        return assess(self)

    @cached_property
    def validity(self) -> Validity:
        """What of the signal can be trusted, by the default rules; see `ressin.decomposition.validity`."""
        return assess_validity(self)

    def with_temperature(self, temperature: ArrayLike | None) -> Decomposition:
        """Return the same result with the temperature of the skin, by which its validity and quality go too.

        Parameters
        ----------
        temperature
            (n,) degrees Celsius at the samples, NaN where it is not known, such as `ressin.Recording.temperature`;
            None for none.

        Raises
        ------
        InvalidInputError
            A temperature of another shape.
        """
        if temperature is None:
            return self if self.temperature is None else replace(self, temperature=None)
        degrees = np.array(temperature, dtype=np.float64)
        if degrees.shape != self.signal.shape:
            raise InvalidInputError(f"temperature has the shape {degrees.shape}; the signal has {self.signal.shape}")
        return replace(self, temperature=degrees)

    def is_optimal(self, tol: float = 1e-6) -> bool:
        """Recompute the KKT conditions from the data, without trusting the solver.

        Rebuilds phasic and tonic part from driver and coefficients, for the robust programme also from the shifts, and
        what of the rest are outliers; compares all with the ones here, checks that they and the residual sum to the
        signal and that the bounds hold, and bounds the distance to the optimum by weak duality.

        Parameters
        ----------
        tol
            Largest relative duality gap, violation of stationarity, and difference of a part or of the sum over the
            signal's scale; > 0.

        Raises
        ------
        InvalidInputError
            `tol` or the sampling rate is not a positive number.
        """
        check_positive("tol", tol)
        evidence, furthest = self._certify()
        largest = float(np.nanmax(np.abs(self.signal)))  # no signal deviates by more
        allowed = max(tol * min(self.scale, largest), float(np.finfo(np.float64).tiny))
        return bool(
            np.isfinite([self.mean, self.scale, *self._start]).all()
            and self.scale > 0
            and (self.driver >= 0).all()
            and furthest <= allowed
            and self._imbalance() <= allowed
            and evidence.relative_gap <= tol
            and evidence.stationarity <= tol
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the parts with NeuroKit's column names: EDA_Tonic, EDA_Phasic, EDA_SMNA (the driver), EDA_Residual.

        For the robust programme also EDA_Outliers, EDA_Shifts, and EDA_Tonic_Unshifted, the tonic part without the
        shifts. With bands also EDA_Tonic_Low, EDA_Tonic_High, EDA_Phasic_Low and EDA_Phasic_High. The index is that of
        the Series that was decomposed, else 0 .. n - 1.
        """
        import pandas as pd

        columns = {
            "EDA_Tonic": self.tonic,
            "EDA_Phasic": self.phasic,
            "EDA_SMNA": self.driver,
            "EDA_Residual": self.residual,
        }
        if self.robust is not None:
            columns |= {
                "EDA_Outliers": self.robust.outliers,
                "EDA_Shifts": self.robust.shifts,
                "EDA_Tonic_Unshifted": self.tonic - self.robust.shifts,
            }
        if self.bands is not None:
            columns |= {
                "EDA_Tonic_Low": self.bands.tonic_low,
                "EDA_Tonic_High": self.bands.tonic_high,
                "EDA_Phasic_Low": self.bands.phasic_low,
                "EDA_Phasic_High": self.bands.phasic_high,
            }
        return pd.DataFrame(columns, index=self.index)

    def summary(self) -> dict[str, Any]:
        """Return the evidence, the settings and the quality as plain numbers and words, fit for JSON."""
        quality = self.quality
        return (
            {
                "n_samples": int(self.signal.size),
                "sampling_rate": self.sampling_rate,
                "status": self.status,
                "iterations": self.iterations,
                "objective": self.objective,
                "duality_gap": self.duality_gap,
                "relative_gap": self.relative_gap,
                "stationarity": self.stationarity,
                "complementarity": self.complementarity,
                "mean": self.mean,
                "scale": self.scale,
                "n_missing": 0 if self.weights is None else int(np.count_nonzero(self.weights == 0)),
                "quality": {**asdict(quality), "messages": list(quality.messages)},
                "validity": {"valid": self.validity.share, **self.validity.shares},
                "settings": asdict(self.settings),
            }
            | ({} if self.bands is None else {"bands": self.bands.facts()})
            | ({} if self.robust is None else {"robust": self.robust.facts()})
        )

    def plot(self) -> Figure:
        """Draw the signal, its parts and the driver; needs the `plot` extra."""
        from ressin.plots.decomposition import plot_decomposition

        return plot_decomposition(self)

    def scrs(self, *, min_amplitude: float = 0.01) -> pd.DataFrame:
        """Return the skin conductance responses that the signal shows; see `ressin.decomposition.scrs.find_scrs`."""
        from ressin.decomposition.scrs import find_scrs

        return find_scrs(self, min_amplitude=min_amplitude)

    def _certify(self) -> tuple[_core.Evidence, float]:
        """Return the evidence anew, and how far, beyond rounding, the parts are from what driver and coefficients make.

        For the robust programme this includes the outliers, and how far the tonic level falls below its bound.
        """
        interval = 1.0 / check_sampling_rate(self.sampling_rate)
        if self.robust is not None:
            checked = certify_robust(self._observed(), self.weights, interval, self.settings, vars(self), self.robust)
            parts = [(checked.phasic, self.phasic), (checked.tonic, self.tonic), (checked.outliers, self.outliers)]
            parts.append((self.robust.centred + self.mean, self.spline))
            furthest = float(np.max([_apart(parts), -checked.lowest_level]))  # NaN if either is
            return checked.evidence, furthest - self._rounding()
        evidence, phasic, tonic = _core.certify(
            self._observed(),
            self.weights,
            interval,
            core_settings(self.settings, self._knot_grid),
            self.driver,
            self.residual,
            self.spline,
            self.drift,
            self._start,
        )
        return evidence, _apart([(phasic, self.phasic), (tonic, self.tonic)]) - self._rounding()

    def _imbalance(self) -> float:
        """Return the largest |signal - phasic - tonic - residual| beyond rounding, NaN where a residual is missing.

        A signal that differs from its mean by up to 64 roundings, or by less than any number with all its digits, is
        solved as its mean.
        """
        sums = self.phasic + self.tonic + self.residual
        if self.robust is not None:
            sums = sums + self.robust.outliers
        apart = np.abs(self.signal - sums)[~np.isnan(self.signal)]
        number = np.finfo(np.float64)
        return float(apart.max()) - max(64.0 * float(number.eps * np.nanmax(np.abs(self.signal))), float(number.tiny))

    def _rounding(self) -> float:
        """Return what rounding may do to a part: a few units in the last place of the largest sample."""
        return 4.0 * float(np.finfo(np.float64).eps * np.nanmax(np.abs(self.signal)))

    def _observed(self) -> NDArray[np.float64]:
        """Return the signal with zeros, which carry no weight, where it is missing."""
        return self.signal if self.weights is None else np.where(np.isnan(self.signal), 0.0, self.signal)


def _apart(pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> float:
    """Return the largest difference between two arrays of a pair."""
    return float(np.max([np.abs(a - b).max() for a, b in pairs]))


def _zeros(n: int) -> NDArray[np.float64]:
    """Return n zeros, read-only and without memory of their own."""
    return np.broadcast_to(np.float64(0.0), n)


@dataclass(frozen=True, kw_only=True, eq=False)
class Bands(ReadOnly):
    """Bands for the phasic and the tonic part, sample by sample. Its arrays are read-only: copy what you change.

    Attributes
    ----------
    phasic_low, phasic_high, tonic_low, tonic_high
        (n,) in the signal's unit.
    level
        Share of samples in which a band is meant to hold the truth; see `bootstrap_bands` for what was measured.
    n_boot, seed, block
        Replicates, the seed they were drawn by, and seconds of residual drawn in one piece.
    pilot_alpha
        Weight of the driver in the decomposition that the replicates were made from.
    noise
        Standard deviation of the residual they were drawn from, in the signal's unit.
    """

    phasic_low: NDArray[np.float64]
    phasic_high: NDArray[np.float64]
    tonic_low: NDArray[np.float64]
    tonic_high: NDArray[np.float64]
    level: float
    n_boot: int
    seed: int
    block: float
    pilot_alpha: float
    noise: float

    def facts(self) -> dict[str, float | int]:
        """Return how the bands were made and their mean widths, fit for JSON."""
        return {
            "level": self.level,
            "n_boot": self.n_boot,
            "seed": self.seed,
            "block": self.block,
            "pilot_alpha": self.pilot_alpha,
            "noise": self.noise,
            "phasic_width": float(np.mean(self.phasic_high - self.phasic_low)),
            "tonic_width": float(np.mean(self.tonic_high - self.tonic_low)),
        }
