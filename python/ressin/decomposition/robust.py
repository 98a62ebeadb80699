"""The robust programme: what it finds in a recording beside the parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ressin import _core
from ressin.decomposition.readonly import ReadOnly

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ressin.settings import Settings

COSTS = ("alpha", "delta", "kappa")


@dataclass(frozen=True, kw_only=True, eq=False)
class Robust(ReadOnly):
    """What the robust programme has found in a recording. Its arrays are read-only.

    Attributes
    ----------
    outliers
        (n,) what belongs to neither part nor to the noise, in the signal's unit: spikes, movement, short losses of
        contact. Zero where the signal is as the parts say, but for noise.
    shifts
        (n,) level of the recording beside the tonic curve, in the signal's unit: constant but where contact is lost
        or a step occurs. Its median is zero but for `contact`; the tonic part includes it, and less it is the curve.
    contact
        (n,) what of the shifts is contact lost for a moment, in the signal's unit, zero or below. Responses only add to
        the level; where curve and steps are above the signal by more than three deviations of its noise (the smaller
        of `noise` and of that from sample to sample), what lacks is no property of the skin, and the level as measured
        is the signal and those deviations. Above zero where curve and steps are below zero and `bounded` holds. The
        programme has this among outliers and residual; its own level is the tonic part less `contact`.
    smallest_response
        Amplitude of the smallest response believed, in the signal's unit: a multiple of the noise, and a share of the
        phasic part's height. Anything smaller may be noise. Noise and this are found in periods of a quarter of an hour
        that overlap by half, of which this is the median; `alpha` follows each.
    noise
        Standard deviation of the noise on means over a quarter of a second, in the signal's unit; the median over those
        periods.
    rounds
        How many rounds of a plain and a reweighted programme settings and weights took; 0 for a constant signal.
    bounded
        Whether the tonic part's coefficients were kept from falling below zero: not where more than one block in a
        hundred of the signal is itself negative.
    alpha, delta, kappa
        (n,) costs of the last programme: of the driver's area, in the signal's unit times seconds; of an outlier, in
        the signal's unit; and of a shift to the next sample, in the signal's unit times seconds.
    stiffness
        (n_knots - 2,) stiffness of the tonic curve about each of its inner knots, in seconds: its curvature's square
        costs the fourth power. From 1 to 6, by how much the curve bends beside the noise: low where the level has
        waves, high where it rests.
    alpha_before
        alpha before the first sample, in the six seconds without weight that hold what still decays there.
    estimation_iterations
        Newton steps of all the programmes that the settings were found with.
    """

    outliers: NDArray[np.float64]
    shifts: NDArray[np.float64]
    contact: NDArray[np.float64]
    smallest_response: float
    noise: float
    rounds: int
    bounded: bool
    alpha: NDArray[np.float64]
    delta: NDArray[np.float64]
    kappa: NDArray[np.float64]
    stiffness: NDArray[np.float64]
    alpha_before: float
    estimation_iterations: int
    before: NDArray[np.float64]  # driver in the six seconds before the first sample
    centred: NDArray[np.float64]  # coefficients less the mean, which would take digits from them
    # the dual point that the proof starts from, on the programme's own scale: a wrong one only makes it worse
    force: NDArray[np.float64]  # (n,) weighted residual
    level: NDArray[np.float64]  # multipliers of the coefficients' bounds

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each assumption that this recording did not allow."""
        if self.bounded:
            return ()
        return ("The signal is negative in places, so its tonic level was not kept from falling below zero.",)

    def facts(self) -> dict[str, Any]:
        """Return what is a number or a word, fit for JSON."""
        return {
            "smallest_response": self.smallest_response,
            "noise": self.noise,
            "rounds": self.rounds,
            "stiffness": float(np.median(self.stiffness)),
            "bounded": self.bounded,
            "estimation_iterations": self.estimation_iterations,
            "largest_outlier": float(np.abs(self.outliers).max()),
            "largest_shift": float(np.abs(np.diff(self.shifts - self.contact)).max(initial=0.0)),
            "lost_contact": float(np.mean(self.contact < 0)),
            "notes": list(self.notes),
        }


FIELDS = tuple(field.name for field in fields(Robust))


def solve_robust(
    signals: Sequence[NDArray[np.float64]],
    weights: Sequence[NDArray[np.float64] | None],
    intervals: Sequence[float],
    settings: Settings,
    progress: Callable[[int, int], object] | None,
    rules: dict[str, float] | None = None,
) -> list[dict[str, Any]]:
    """Return the fields of a `Decomposition` for each signal, but for the signal's own; intervals are in seconds.

    `rules` puts other values in place of the programme's constants, by name (`Rules` and `Settings` of the core), to
    see what each is good for. `Decomposition.is_optimal` knows the default `before` alone.
    """
    raw = _core.decompose_robust(
        list(signals),
        list(weights),
        list(intervals),
        settings.tau0,
        settings.tau1,
        settings.delta_knot,
        settings.tol,
        settings.max_iterations,
        settings.n_threads,
        progress,
        osqp=settings.solver == "osqp",
        active_set=settings.solver != "interior_point",
        warm_start=settings.warm_start,
        osqp_eps=settings.osqp_eps,
        constants=rules or {},
    )
    return [_fields(one, interval, settings) for one, interval in zip(raw, intervals, strict=True)]


def _robust_of(raw: _core.RobustResult) -> Robust:
    """Make it at once: a frozen dataclass sets its fields one by one, which takes longer, and the arrays are locked."""
    robust = object.__new__(Robust)
    vars(robust).update({name: raw[name] for name in FIELDS})  # type: ignore[literal-required]
    return robust


def _fields(raw: _core.RobustResult, interval: float, settings: Settings) -> dict[str, Any]:
    spacing = max(1, round(settings.delta_knot / interval))
    knots = np.arange(-1, raw["spline"].size - 1) * spacing
    knots -= raw["before"].size
    return {
        "phasic": raw["phasic"],
        "tonic": raw["tonic"],
        "driver": raw["driver"],
        "residual": raw["residual"],
        "spline": raw["spline"],
        "drift": np.zeros(0),
        "knots": knots,
        "mean": raw["mean"],
        "scale": raw["scale"],
        "status": raw["status"],
        "iterations": raw["iterations"],
        "objective": raw["objective"],
        "duality_gap": raw["duality_gap"],
        "relative_gap": raw["relative_gap"],
        "stationarity": raw["stationarity"],
        "complementarity": raw["complementarity"],
        "solver": "osqp" if raw["osqp_residuals"] else "active_set" if raw["active_set"] else "interior_point",
        "osqp_residuals": raw["osqp_residuals"],
        "_start": (0.0, 0.0),
        "robust": _robust_of(raw),
    }


def before_contact(fields: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Return tonic part, shifts, outliers and residual of solved fields as the programme has them, (n,) each.

    That is, with contact lost for a moment among outliers and residual instead of in the shifts.
    """
    robust: Robust = fields["robust"]
    lost, rest = robust.contact, fields["residual"] + robust.outliers + robust.contact
    outliers = np.where(lost == 0.0, robust.outliers, rest - np.clip(rest, -robust.delta, robust.delta))
    return {
        "tonic": fields["tonic"] - lost,
        "shifts": robust.shifts - lost,
        "outliers": outliers,
        "residual": np.where(lost == 0.0, fields["residual"], rest - outliers),
    }


@dataclass(frozen=True)
class Checked:
    """What a result's own driver, spline and shifts amount to.

    Attributes
    ----------
    evidence
        The proof, computed anew.
    phasic, tonic, outliers
        (n,) the parts that they make; the outliers are the best for the other parts.
    lowest_level
        Lowest tonic level at a knot, in the signal's unit; infinite where the tonic part is not bounded.
    """

    evidence: _core.Evidence
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    outliers: NDArray[np.float64]
    lowest_level: float


def certify_robust(
    signal: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    interval: float,
    settings: Settings,
    parts: dict[str, Any],
    robust: Robust,
) -> Checked:
    """Return the evidence and the parts, both computed anew from the signal and from driver, spline and shifts."""
    fields = {"driver": parts["driver"]} | costs_of(parts, robust)
    names = ("shifts", "contact", "noise", "centred", "before", "force", "level")
    fields |= {name: vars(robust)[name] for name in names}
    raw = _core.certify_robust(signal, weights, interval, settings.tau0, settings.tau1, settings.delta_knot, fields)
    return Checked(*raw)


def costs_of(parts: dict[str, Any], robust: Robust) -> dict[str, Any]:
    """Return what makes a signal's last weighted programme: its scale, its costs and whether it has a floor."""
    return {name: parts[name] for name in ("mean", "scale")} | {
        name: vars(robust)[name] for name in (*COSTS, "stiffness", "alpha_before", "bounded")
    }
