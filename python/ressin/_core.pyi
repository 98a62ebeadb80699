"""Types of the compiled core. Arrays must be C-contiguous and of the dtype named; ressin's modules see to that."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

__version__: str

_Status: TypeAlias = Literal["optimal", "inaccurate", "max_iterations", "insufficient_progress", "failed"]
STATUSES: tuple[_Status, ...]  # as Rows.status numbers them, from the best to the worst
FREE_START: int

def instruction_set() -> str: ...

class Settings:
    def __init__(
        self,
        *,
        tau0: float,
        tau1: float,
        delta_knot: float,
        alpha: float,
        gamma: float,
        revision: str,
        baseline: str,
        standardize: bool,
        solver: str,
        tol: float,
        max_iterations: int,
        warm_start: bool,
        osqp_eps: float,
        knots: tuple[int, int, int] | None,
        n_threads: int,
    ) -> None: ...

class Evidence:
    @property
    def objective(self) -> float: ...
    @property
    def duality_gap(self) -> float: ...
    @property
    def relative_gap(self) -> float: ...
    @property
    def stationarity(self) -> float: ...
    @property
    def complementarity(self) -> float: ...

class Result(TypedDict):
    signal: NDArray[np.float64]
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    driver: NDArray[np.float64]
    residual: NDArray[np.float64]
    spline: NDArray[np.float64]
    drift: NDArray[np.float64]
    knots: NDArray[np.int64]
    mean: float
    scale: float
    status: _Status
    solver: Literal["active_set", "interior_point", "osqp"]
    iterations: int
    objective: float
    duality_gap: float
    relative_gap: float
    stationarity: float
    complementarity: float
    osqp_residuals: tuple[float, float] | None
    _start: tuple[float, float]

class Solved:
    def __len__(self) -> int: ...
    def fields(self, index: int) -> Result: ...
    def unproved(self) -> list[int]: ...  # not "optimal"
    def doubtful(self) -> list[int]: ...  # whose parts may not be a level and responses on it

def decompose(
    signals: Sequence[NDArray[np.float64]],
    weights: Sequence[NDArray[np.float64] | None],
    dts: Sequence[float],
    settings: Settings,
    progress: Callable[[int, int], object] | None,
    meanwhile: Callable[[Solved], object] | None = ...,
) -> Solved: ...
def are_usual(signals: list[Any], least: int) -> list[bool]: ...
def is_finite(signal: NDArray[np.float64]) -> bool: ...
def certify(
    signal: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    dt: float,
    settings: Settings,
    driver: NDArray[np.float64],
    residual: NDArray[np.float64],
    spline: NDArray[np.float64],
    drift: NDArray[np.float64],
    start: tuple[float, float],
) -> tuple[Evidence, NDArray[np.float64], NDArray[np.float64]]: ...

class RobustResult(TypedDict):
    phasic: NDArray[np.float64]
    tonic: NDArray[np.float64]
    shifts: NDArray[np.float64]
    contact: NDArray[np.float64]
    outliers: NDArray[np.float64]
    residual: NDArray[np.float64]
    driver: NDArray[np.float64]
    spline: NDArray[np.float64]
    alpha: NDArray[np.float64]
    delta: NDArray[np.float64]
    kappa: NDArray[np.float64]
    stiffness: NDArray[np.float64]
    before: NDArray[np.float64]
    centred: NDArray[np.float64]
    force: NDArray[np.float64]
    level: NDArray[np.float64]
    alpha_before: float
    bounded: bool
    mean: float
    scale: float
    smallest_response: float
    noise: float
    height: float
    rounds: int
    iterations: int
    estimation_iterations: int
    objective: float
    duality_gap: float
    relative_gap: float
    stationarity: float
    complementarity: float
    status: Literal["optimal", "inaccurate", "max_iterations", "failed"]
    active_set: bool
    osqp_residuals: tuple[float, float] | None

def decompose_robust(
    signals: Sequence[NDArray[np.float64]],
    weights: Sequence[NDArray[np.float64] | None],
    dts: Sequence[float],
    tau0: float,
    tau1: float,
    delta_knot: float,
    tol: float,
    max_iterations: int,
    n_threads: int,
    progress: Callable[[int, int], object] | None,
    known: Sequence[tuple[float, float, float, float] | None] = ...,
    constants: Mapping[str, float] = ...,
    osqp: bool = ...,
    warm_start: bool = ...,
    osqp_eps: float = ...,
    costs: Sequence[
        tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float, NDArray[np.float64]]
    ] = ...,
    active_set: bool = ...,
) -> list[RobustResult]: ...
def differentiate_robust(
    weights: NDArray[np.float64] | None,
    lengths: NDArray[np.int64],
    samples: NDArray[np.float64],
    coefficients: NDArray[np.float64],
    dt: float,
    tau0: float,
    tau1: float,
    delta_knot: float,
    to_phasic: NDArray[np.float64],
    to_tonic: NDArray[np.float64],
    to_driver: NDArray[np.float64],
) -> NDArray[np.float64]: ...
def certify_robust(
    signal: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    dt: float,
    tau0: float,
    tau1: float,
    delta_knot: float,
    fields: dict[str, Any],
) -> tuple[Evidence, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]: ...
def build_robust_qp(
    signal: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    dt: float,
    tau0: float,
    tau1: float,
    delta_knot: float,
    fields: dict[str, Any],
) -> QuadraticProgram: ...
def robust_solve(
    programmes: Sequence[tuple[object, ...]],
    dt: float,
    tau0: float,
    tau1: float,
    delta_knot: float,
    tol: float,
    max_iterations: int,
    certified: bool,
    lanes: bool,
) -> list[dict[str, Any]]: ...

class Rows:
    @property
    def phasic(self) -> NDArray[np.float64]: ...
    @property
    def tonic(self) -> NDArray[np.float64]: ...
    @property
    def driver(self) -> NDArray[np.float64]: ...
    @property
    def residual(self) -> NDArray[np.float64]: ...
    @property
    def mean(self) -> NDArray[np.float64]: ...
    @property
    def scale(self) -> NDArray[np.float64]: ...
    @property
    def start(self) -> NDArray[np.float64]: ...
    @property
    def objective(self) -> NDArray[np.float64]: ...
    @property
    def duality_gap(self) -> NDArray[np.float64]: ...
    @property
    def relative_gap(self) -> NDArray[np.float64]: ...
    @property
    def stationarity(self) -> NDArray[np.float64]: ...
    @property
    def complementarity(self) -> NDArray[np.float64]: ...
    @property
    def osqp_residuals(self) -> NDArray[np.float64]: ...
    @property
    def status(self) -> NDArray[np.int8]: ...
    @property
    def solver(self) -> NDArray[np.int8]: ...
    @property
    def iterations(self) -> NDArray[np.int64]: ...
    @property
    def knots(self) -> NDArray[np.int64]: ...
    @property
    def spline_ends(self) -> NDArray[np.int64]: ...
    @property
    def drift_ends(self) -> NDArray[np.int64]: ...
    @property
    def spline(self) -> NDArray[np.float64]: ...
    @property
    def drift(self) -> NDArray[np.float64]: ...

def decompose_rows(
    signal: NDArray[np.float64],
    weights: NDArray[np.float64],
    starts: NDArray[np.int64],
    weight_starts: NDArray[np.int64],
    length: int,
    dt: float,
    settings: Sequence[Settings],
    start: NDArray[np.float64],
    are_close: bool,
    progress: Callable[[int, int], object] | None,
) -> Rows: ...

class StreamSolution:
    @property
    def phasic(self) -> NDArray[np.float64]: ...
    @property
    def tonic(self) -> NDArray[np.float64]: ...
    @property
    def driver(self) -> NDArray[np.float64]: ...
    @property
    def residual(self) -> NDArray[np.float64]: ...
    @property
    def later_state(self) -> tuple[float, float]: ...
    @property
    def status(self) -> _Status: ...
    @property
    def solver(self) -> Literal["active_set", "interior_point"]: ...
    @property
    def iterations(self) -> int: ...
    @property
    def relative_gap(self) -> float: ...
    @property
    def stationarity(self) -> float: ...

# count, mean, mean_time, yy, ty, tt and largest; NaN is left out
def moments(
    times: NDArray[np.float64], samples: NDArray[np.float64]
) -> tuple[int, float, float, float, float, float, float]: ...

class Window:
    def __init__(self, capacity: int, dt: float, settings: Settings) -> None: ...
    @property
    def capacity(self) -> int: ...
    @property
    def knot_spacing(self) -> int: ...
    @property
    def bumps(self) -> NDArray[np.float64]: ...
    @property
    def support(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]: ...
    @support.setter
    def support(self, support: tuple[NDArray[np.int64], NDArray[np.float64]]) -> None: ...
    def keep_support(self) -> None: ...
    def solve(
        self,
        signal: NDArray[np.float64],
        begin: int,
        level: float,
        slope: float,
        deviation: float,
        alpha: float,
        is_end: bool,
        state: tuple[float, float],
        J: NDArray[np.float64],
        h: NDArray[np.float64],
        later: int,
    ) -> StreamSolution: ...

class QuadraticProgram:
    @property
    def P(self) -> csc_matrix[np.float64]: ...
    @property
    def q(self) -> NDArray[np.float64]: ...
    @property
    def A(self) -> csc_matrix[np.float64]: ...
    @property
    def l(self) -> NDArray[np.float64]: ...  # noqa: E743
    @property
    def u(self) -> NDArray[np.float64]: ...
    @property
    def constant(self) -> float: ...

def build_qp(
    signal: NDArray[np.float64], weights: NDArray[np.float64] | None, dt: float, settings: Settings
) -> QuadraticProgram: ...
def draw_images(
    channels: Sequence[NDArray[np.float32]] | Sequence[NDArray[np.float64]],
    offsets: NDArray[np.int64],
    rates: NDArray[np.float64],
    index: NDArray[np.int64],
    shifts: NDArray[np.int64],
    mean: NDArray[np.float32],
    antialias: bool,
    out: NDArray[np.float32],
    n_threads: int,
    span: tuple[float, float] | None = None,
) -> int: ...
def read_image(image: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float64]: ...
def image_grid(n: int, rate: float) -> tuple[int, int]: ...
def grid_starts(rows: int, rate: float) -> NDArray[np.int64]: ...
def image_instruction_set() -> str: ...
def layer_forward(
    signals: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    lengths: NDArray[np.int64],
    programs: NDArray[np.float64],
    dt: float,
    settings: Settings,
) -> tuple[
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.float64],
    list[bool],
    NDArray[np.float64],
]: ...
def layer_backward(
    signals: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    lengths: NDArray[np.int64],
    programs: NDArray[np.float64],
    dt: float,
    settings: Settings,
    driver: NDArray[np.float64],
    residual: NDArray[np.float64],
    curvature: NDArray[np.float64],
    kept: NDArray[np.float64],
    to_phasic: NDArray[np.float64] | None,
    to_tonic: NDArray[np.float64] | None,
    to_driver: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]: ...
def pictures_forward(
    signals: NDArray[np.float64],
    lengths: NDArray[np.int64],
    rate: float,
    shifts: NDArray[np.int64],
    mean: NDArray[np.float32],
    antialias: bool,
    pixels: NDArray[np.float32],
    n_threads: int,
) -> int: ...
def pictures_backward(
    signals: NDArray[np.float64],
    lengths: NDArray[np.int64],
    rate: float,
    shifts: NDArray[np.int64],
    antialias: bool,
    to_pixels: NDArray[np.float32],
    n_threads: int,
) -> NDArray[np.float64]: ...
