"""Settings of a decomposition, and their checks."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ressin import _core
from ressin.errors import InvalidInputError, shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Programme = Literal["cvxeda", "robust"]
Revision = Literal["2025", "2015"]
Baseline = Literal["none", "constant", "linear", "spline"]
Solver = Literal["auto", "active_set", "interior_point", "osqp"]
Missing = Literal["raise", "solve"]
Errors = Literal["raise", "return"]
MAX_COUNT = 2**31 - 1  # threads, iterations, samples between knots: as the core counts them
MAX_SPACING = 10_000_000  # samples between two knots: a basis function is tabulated sample by sample
BEFORE = 6.0  # seconds before the first sample in which the robust programme holds what still decays there


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The programme's parameters and how it is solved.

    Attributes
    ----------
    programme
        "cvxeda", or "robust": with outliers, shifts of the level and settings from the recording, see
        `ressin.decompose`. alpha, gamma, revision, baseline and standardize are cvxEDA's alone: the robust programme
        refuses any but their defaults.
    tau0, tau1
        Slow and fast time constant of the Bateman response, seconds, > 0; their order does not matter. Where they are
        equal the response is its limit shape, ``a t exp(-a t)`` with ``a = 1 / tau0``: the factor ``a1 - a0`` that
        scales ``exp(-a0 t) - exp(-a1 t)`` would vanish, so the driver of equal constants is in another unit than that
        of nearly equal ones, which at the same alpha get a phasic part close to zero.
    delta_knot
        Spacing of the tonic spline's knots, seconds, at least one sampling interval.
    alpha
        Weight of the driver's l1 norm, > 0. At zero a constant phasic part and the drift could not be told apart.
    gamma
        Weight of the spline coefficients' squared norm, >= 0.
    revision
        Which revision of the cvxEDA reference the programme follows: "2025" (all rows of A and M, knots up to half a
        spacing past the end) or "2015" (the first two rows empty, knots within the signal; what NeuroKit2 and BioSPPy
        compute). Where samples are missing after the first two, the 2015 revision's rows stay empty up to the next
        one, and the phasic part is zero there: its free start would be anything before the first sample to see it.
    baseline
        Columns below the spline: "linear" (constant and slope), "constant", "none", or "spline" (the sum of all
        bumps).
    standardize
        Solve on the z-scored signal (alpha and gamma are not scale-free); the parts come back in the signal's unit
        either way.
    solver
        "auto" (the one of the next two that is likely to be faster on the signal; see Notes), "active_set" (exact,
        fastest where the driver is zero nearly everywhere; what it does not prove goes to the interior point),
        "interior_point" (structured, exact) or "osqp" (general operator splitting, as an independent confirmation).
    tol
        For active set and interior point, the relative duality gap, > 0, at which a solve counts as converged.
    max_iterations
        Newton steps of the interior point at most, >= 1.
    missing
        What a NaN sample means: "raise" an error, or "solve" through it with weight zero.
    warm_start
        Start OSQP at the exact solution's primal and dual point, which "auto" finds.
    osqp_eps
        OSQP's absolute tolerance, > 0.
    n_threads
        Threads, >= 0; 0 means as many as the machine has. The results do not depend on it.

    Notes
    -----
    "auto" goes by the signal and the programme alone, so that a result does not depend on what else is solved, or
    where. It tries the active set unless knots are closer than 16 samples, or the fast time constant is shorter than 4
    samples and the signal's noise (from its second differences), filtered by the response, is more than 20 times alpha;
    up to 11 times as much for recordings of a few minutes, and down to a quarter where the second differences are less
    alternating than those of white noise. The active set gives up where half of the driver's samples are positive, or
    its solves have taken 20 events a sample; in recordings too short for the interior point to take in four stretches
    side by side, 80 % and 30 events. In a stream, whose programmes start from the one before, noise is no reason not to
    try it.

    A long recording is first solved in stretches, by as many threads as there are: each of 4,096 samples, 48 knots or
    96 times the slow time constant, whichever is longest, and where there are four or more. The whole then starts from
    their solutions, or is left to the interior point where the active set gave up on most of them.

    The robust programme finds its settings by the interior point, on blocks of a quarter of a second. Its last
    programme goes to an active set of its own, which begins at the events of the blocks, where the recording's rate is
    above the blocks' and `solver` is not "interior_point"; at 4 Hz and below it is the interior point's.
    """

    programme: Programme = "cvxeda"
    tau0: float = 2.0
    tau1: float = 0.7
    delta_knot: float = 10.0
    alpha: float = 8e-4
    gamma: float = 1e-2
    revision: Revision = "2025"
    baseline: Baseline = "linear"
    standardize: bool = True
    solver: Solver = "auto"
    tol: float = 1e-8
    max_iterations: int = 200
    missing: Missing = "raise"
    warm_start: bool = True
    osqp_eps: float = 1e-6
    n_threads: int = 0

    def __post_init__(self) -> None:
        """Check every value.

        Raises
        ------
        InvalidInputError
            A value is out of range; the message names it, what was given and what is needed.
        """
        for name in ("tau0", "tau1", "delta_knot"):
            check_positive(name, getattr(self, name), "seconds")
        if _as_float("alpha", self.alpha) == 0:
            raise InvalidInputError(
                "alpha is 0; it must be > 0: without a weight on the driver, a constant phasic part and the drift fit "
                "the signal equally well and the split between them is not unique; a small one, like 1e-8, is allowed"
            )
        check_positive("alpha", self.alpha)
        gamma = _as_float("gamma", self.gamma)
        if not (math.isfinite(gamma) and gamma >= 0):
            raise InvalidInputError(f"gamma is {shown(self.gamma)}; it must be a finite number >= 0")
        for name in ("tol", "osqp_eps"):
            check_positive(name, getattr(self, name))
        _check_choice("revision", self.revision, get_args(Revision))
        _check_choice("baseline", self.baseline, get_args(Baseline))
        _check_choice("solver", self.solver, get_args(Solver))
        _check_choice("missing", self.missing, get_args(Missing))
        _check_count("max_iterations", self.max_iterations, 1)
        _check_count("n_threads", self.n_threads, 0)
        for name in ("standardize", "warm_start"):
            _check_flag(name, getattr(self, name))
        _check_choice("programme", self.programme, get_args(Programme))
        if self.programme == "robust":
            self._check_robust()

    def _check_robust(self) -> None:
        """Refuse what the robust programme does not have, rather than ignore it."""
        for name in ("alpha", "gamma", "revision", "baseline", "standardize"):
            default = type(self).__dataclass_fields__[name].default
            if getattr(self, name) != default:
                raise InvalidInputError(
                    f"{name} is {getattr(self, name)!r}, which programme='robust' does not take: it finds its settings "
                    f"in the recording; leave {name} out, or ask for programme='cvxeda'"
                )


def check_cvxeda(name: str, value: object, settings: Settings) -> None:
    """Raise InvalidInputError for an option that the robust programme does not have."""
    if settings.programme == "robust":
        raise InvalidInputError(f"{name} is {value}, which programme='robust' does not take; leave it out")


def check_option(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise InvalidInputError unless the value is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidInputError(f"{name} is {value!r}; it must be {' or '.join(repr(c) for c in choices)}")


def check_errors(errors: Errors, on_failure: Errors | None) -> Errors:
    """Return what to do about a failure, by its name `errors` or by the older `on_failure`, which warns.

    Raises
    ------
    InvalidInputError
        A value that is neither "raise" nor "return", or two values that contradict each other.
    """
    check_option("errors", errors, get_args(Errors))
    if on_failure is None:
        return errors
    check_option("on_failure", on_failure, get_args(Errors))
    if errors not in ("raise", on_failure):
        raise InvalidInputError(
            f"errors is {errors!r} and on_failure, its older name, {on_failure!r}; give errors alone"
        )
    warnings.warn(
        f"on_failure is deprecated and goes with the next release: write errors={on_failure!r}",
        DeprecationWarning,
        stacklevel=3,
    )
    return on_failure


def check_sampling_rate(sampling_rate: object) -> float:
    """Return the sampling rate in Hz as a float, or raise InvalidInputError."""
    if sampling_rate is None:
        raise InvalidInputError("sampling_rate is missing; give the number of samples per second, in Hz")
    return check_positive("sampling_rate", sampling_rate, "Hz")


def check_knots(knots: ArrayLike | None, settings: Settings, sampling_rate: float) -> tuple[int, int, int] | None:
    """Return knots as (first, spacing, count) in samples, or None for the reference's rule; check their spacing."""
    if settings.delta_knot * sampling_rate < 1:
        raise InvalidInputError(
            f"delta_knot is {settings.delta_knot:g} s, below the sampling interval of {1 / sampling_rate:g} s; "
            "the knots must be at least one sample apart"
        )
    if settings.programme == "robust" and not BEFORE * sampling_rate <= MAX_SPACING:
        raise InvalidInputError(
            f"sampling_rate is {sampling_rate:g} Hz; programme='robust' takes at most {MAX_SPACING / BEFORE:g} Hz, "
            f"because it works with the {BEFORE:g} s before the first sample too"
        )
    if knots is None:
        _check_spacing(f"delta_knot is {settings.delta_knot:g} s", settings.delta_knot * sampling_rate)
        return None
    try:
        grid = np.asarray(knots)
    except ValueError as error:
        raise InvalidInputError(f"knots cannot be read as an array of sample indices: {error}") from None
    if grid.ndim != 1 or grid.size < 2 or not np.issubdtype(grid.dtype, np.integer):
        raise InvalidInputError(
            f"knots has shape {grid.shape} and dtype {grid.dtype}; it must be a one-dimensional array of at least two "
            "sample indices, integers"
        )
    if int(grid.min()) < -MAX_COUNT or int(grid.max()) > MAX_COUNT:
        raise InvalidInputError(
            f"knots run from {grid.min()} to {grid.max()}; they must be within +-{MAX_COUNT:,} samples"
        )
    grid = grid.astype(np.int64)  # the difference of unsigned numbers would wrap
    steps = np.diff(grid)
    if steps[0] < 1 or (steps != steps[0]).any():
        at = int(np.flatnonzero(steps != steps[0])[0]) if steps[0] >= 1 else 0
        raise InvalidInputError(
            f"knots must increase by one constant spacing; from knots[{at}] = {grid[at]} to knots[{at + 1}] = "
            f"{grid[at + 1]} it is {steps[at]}, the first is {steps[0]}"
        )
    _check_spacing("the knots' spacing", float(steps[0]))
    return int(grid[0]), int(steps[0]), int(grid.size)


def _check_spacing(what: str, samples: float) -> None:
    if samples > MAX_SPACING:
        raise InvalidInputError(
            f"{what}, {samples:.3g} samples; the knots must be at most {MAX_SPACING:,} samples apart"
        )


def core_settings(settings: Settings, knots: tuple[int, int, int] | None) -> _core.Settings:
    """Return the settings as the compiled core takes them."""
    return _core.Settings(
        tau0=float(settings.tau0),
        tau1=float(settings.tau1),
        delta_knot=float(settings.delta_knot),
        alpha=float(settings.alpha),
        gamma=float(settings.gamma),
        revision=settings.revision,
        baseline=settings.baseline,
        standardize=bool(settings.standardize),
        solver=settings.solver,
        tol=float(settings.tol),
        max_iterations=int(settings.max_iterations),
        warm_start=bool(settings.warm_start),
        osqp_eps=float(settings.osqp_eps),
        knots=knots,
        n_threads=int(settings.n_threads),
    )


def _as_float(name: str, value: object) -> float:
    if type(value) is float:
        return value
    try:
        if not isinstance(value, (bool, str, bytes)) and np.ndim(value) == 0:  # type: ignore[arg-type]
            return float(value)  # type: ignore[arg-type]
    except OverflowError:  # an integer of hundreds of digits: finite, and beyond all that can be computed with
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]
    except (TypeError, ValueError, RuntimeError):  # RuntimeError: a tensor that is not a plain number
        pass
    raise InvalidInputError(f"{name} is {shown(value)}; it must be a number")


def check_positive(name: str, value: object, unit: str = "") -> float:
    """Return a finite number above zero as a float, or raise InvalidInputError."""
    number = _as_float(name, value)
    if not (math.isfinite(number) and number > 0):
        text = f"{number:g}" if isinstance(value, float) or math.isfinite(number) else shown(value)
        raise InvalidInputError(f"{name} is {text}; it must be a finite number > 0{' in ' + unit if unit else ''}")
    return number


def check_limited(name: str, value: object, meaning: str, *, least: float = -math.inf, above: bool = False) -> float:
    """Return a finite number, at least (or above) `least`, as a float; an error says what it must be, `meaning`."""
    number = _as_float(name, value)
    if not (math.isfinite(number) and (number > least if above else number >= least)):
        raise InvalidInputError(f"{name} is {shown(value)}; it must be {meaning}")
    return number


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise InvalidInputError(f"{name} is {value!r}; it must be one of {', '.join(repr(c) for c in choices)}")


def _check_flag(name: str, value: object) -> None:
    if not isinstance(value, (bool, np.bool_)):
        raise InvalidInputError(f"{name} is {value!r}; it must be True or False")


def _check_count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InvalidInputError(f"{name} is {shown(value)}; it must be an integer >= {least}")
    if value > MAX_COUNT:
        raise InvalidInputError(f"{name} is {shown(value)}; it must be an integer of at most {MAX_COUNT:,}")
