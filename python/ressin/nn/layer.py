"""cvxEDA as a differentiable function and as a module with parameters that can be learned."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ressin.errors import InvalidInputError
from ressin.nn.batch import NAMES, check_signal, rows_like, stack_program, without_autocast
from ressin.nn.operators import checked_settings, cvxeda_operator
from ressin.nn.robust import RobustParts, robust_parts, robust_settings
from ressin.settings import Baseline, Programme, Revision, Settings, check_knots, check_option, check_sampling_rate


class Parts(NamedTuple):
    """A signal's parts, each with the signal's shape, dtype and device; 0 beyond a masked signal's end.

    Attributes
    ----------
    phasic, tonic
        In the signal's unit.
    driver
        Sudomotor nerve activity, >= 0, in the signal's unit per second.
    residual
        signal - phasic - tonic; 0 where the mask is False.
    """

    phasic: Tensor
    tonic: Tensor
    driver: Tensor
    residual: Tensor


def cvxeda(
    signal: Tensor,
    sampling_rate: float,
    *,
    programme: Programme = "cvxeda",
    alpha: float | Tensor = 8e-4,
    gamma: float | Tensor = 1e-2,
    tau0: float | Tensor = 2.0,
    tau1: float | Tensor = 0.7,
    mask: Tensor | None = None,
    sample_weight: Tensor | None = None,
    delta_knot: float = 10.0,
    revision: Revision = "2025",
    baseline: Baseline = "linear",
    standardize: bool = True,
    tol: float = 1e-8,
    max_iterations: int = 200,
    n_threads: int = 0,
) -> Parts | RobustParts:
    """Split signals into their phasic and tonic parts, differentiably.

    The same programme and the same solvers as `ressin.decompose`; gradients of any loss with respect to the signal,
    alpha, gamma, tau0 and tau1 come from one more structured solve, which for 512 signals of 45 s at 50 Hz takes about
    a third of the forward pass (``pytest bench/test_layer.py``).

    Parameters
    ----------
    signal
        (..., n) float32 or float64, n >= 4, on any device; computed in double precision on the CPU. Under autocast
        also bfloat16 or float16, which is cast to float32, as are the parts.
    sampling_rate
        Hz, > 0, of all signals.
    programme
        "cvxeda", or "robust", as in `ressin.decompose`: it takes numbers for tau0 and tau1, and finds the rest in each
        signal; what it finds is constant for the derivative, so only the signal has a gradient.
    alpha, gamma, tau0, tau1
        As in `ressin.Settings`: a number, or a tensor that broadcasts to the batch's shape (...), one value a signal.
        Signals of different time constants share no tables: a batch of those takes about half as long again.
    mask
        (..., n) bool, for signals of unequal length in one tensor: each ends with its last True, exactly as if it had
        been cut there. A False before that is a missing sample.
    sample_weight
        (..., n) weight of each sample's squared residual, >= 0; with 0 the sample plays no part, may be NaN, and its
        parts are predicted. Not differentiated.
    delta_knot, revision, baseline, standardize, tol, max_iterations, n_threads
        See `ressin.Settings`. With `standardize` the gradient includes that of mean and deviation.

    Returns
    -------
    Parts or RobustParts
        Phasic, tonic, driver and residual, each (..., n); of the robust programme also outliers and shifts.

    Raises
    ------
    InvalidInputError
        A tensor or a setting that cannot be used, a gradient in time constants that are equal, forward-mode
        differentiation, or a second derivative.
    ConvergenceError
        A programme was not solved to `tol`.

    Notes
    -----
    At the solution, with J = [M A^-1, B, C] and D = multiplier / driver from the interior point's last iterate, a small
    change of the data moves the solution by the inverse of J'WJ + diag(D, gamma, 0). Where the active set has solved
    the signal, D is zero at the driver's events and infinite elsewhere, and the inverse is taken at the events alone.
    The solution is piecewise smooth: where a driver sample is just about to become active, driver and multiplier are
    both near zero, there is no derivative but one on either side, and one of the two or a value between them is
    returned. The derivative of a derivative is not implemented.

    References
    ----------
    B. Amos, J. Z. Kolter, "OptNet: differentiable optimization as a layer in neural networks", ICML 2017.

    Examples
    --------
    >>> import torch
    >>> from ressin.nn import cvxeda
    >>> t = torch.arange(200, dtype=torch.float64) / 4
    >>> signal = (2 + torch.sin(t / 9) + (t > 20) * torch.exp(-(t - 20).clamp(min=0) / 2)).requires_grad_()
    >>> parts = cvxeda(signal, 4.0)
    >>> parts.phasic.square().sum().backward()
    >>> bool(signal.grad.sum().abs() < 1e-9)  # a constant moves the tonic part alone
    True
    """
    if programme == "robust":
        _check_robust(alpha=alpha, gamma=gamma, revision=revision, baseline=baseline, standardize=standardize)
    signal = without_autocast(signal)
    batch = check_signal(signal)
    masks, weights = rows_like("mask", mask, signal), rows_like("sample_weight", sample_weight, signal)
    if weights is not None and weights.requires_grad:
        raise InvalidInputError("sample_weight requires a gradient, which is not computed: detach it")
    if programme == "robust":
        tau0, tau1 = _number("tau0", tau0), _number("tau1", tau1)
        chosen = (sampling_rate, tau0, tau1, delta_knot, tol, max_iterations, n_threads)
        robust_settings(*chosen)
        return robust_parts(signal, masks, weights, chosen)
    check_option("programme", programme, ("cvxeda", "robust"))
    program = stack_program(batch, signal, (alpha, gamma, tau0, tau1))
    settings = (sampling_rate, delta_knot, revision, baseline, standardize, tol, max_iterations, n_threads)
    if not torch.compiler.is_compiling():  # of a compiled call the operator checks them
        checked_settings(*settings)
    phasic, tonic, driver, *_ = cvxeda_operator(
        signal.reshape(-1, signal.shape[-1]),
        masks,
        weights,
        program,
        *settings,
    )
    phasic, tonic, driver = (x.reshape(signal.shape) for x in (phasic, tonic, driver))
    residual = signal - phasic - tonic
    return Parts(phasic, tonic, driver, residual if mask is None else residual.masked_fill(~mask, 0.0))


_DEFAULTS = {"alpha": 8e-4, "gamma": 1e-2, "revision": "2025", "baseline": "linear", "standardize": True}


def _check_robust(**given: object) -> None:
    """Refuse what the robust programme does not have, rather than ignore it."""
    for name, value in given.items():
        if isinstance(value, Tensor) or value != _DEFAULTS[name]:
            raise InvalidInputError(
                f"{name} is {value!r}, which programme='robust' does not take: it finds its settings in each signal; "
                f"leave {name} out, or ask for programme='cvxeda'"
            )


def _number(name: str, value: float | Tensor) -> float:
    if isinstance(value, Tensor):
        raise InvalidInputError(
            f"{name} is a tensor; programme='robust' takes a number for it, because its derivative in the time "
            "constants is not implemented: use programme='cvxeda' to learn them"
        )
    return value


class CvxEDA(nn.Module):
    """cvxEDA as a layer: signals in, `Parts` out, with parameters that can be learned.

    Parameters
    ----------
    sampling_rate
        Hz, > 0.
    programme
        "cvxeda" or "robust"; see `cvxeda`. The robust programme has nothing to learn.
    alpha, gamma, tau0, tau1
        Values at the start; see `ressin.Settings`.
    learn
        Which of ``"alpha"``, ``"gamma"``, ``"tau0"``, ``"tau1"`` are parameters; their logarithms are (``log_alpha``
        ...), so they stay positive. The others are constants.
    delta_knot, revision, baseline, standardize, tol, max_iterations, n_threads
        See `cvxeda`.

    Raises
    ------
    InvalidInputError
        A setting that cannot be used, a time constant to be learned where both are equal, or anything to be learned of
        the robust programme.

    Examples
    --------
    >>> import torch
    >>> from ressin.nn import CvxEDA
    >>> layer = CvxEDA(4.0, learn=("alpha", "tau0", "tau1"))
    >>> sorted(name for name, _ in layer.named_parameters())
    ['log_alpha', 'log_tau0', 'log_tau1']
    """

    def __init__(
        self,
        sampling_rate: float,
        *,
        programme: Programme = "cvxeda",
        alpha: float = 8e-4,
        gamma: float = 1e-2,
        tau0: float = 2.0,
        tau1: float = 0.7,
        learn: Iterable[str] = (),
        delta_knot: float = 10.0,
        revision: Revision = "2025",
        baseline: Baseline = "linear",
        standardize: bool = True,
        tol: float = 1e-8,
        max_iterations: int = 200,
        n_threads: int = 0,
    ) -> None:
        super().__init__()
        self.sampling_rate = check_sampling_rate(sampling_rate)
        self.settings = Settings(
            programme=programme,
            alpha=alpha,
            gamma=gamma,
            tau0=tau0,
            tau1=tau1,
            delta_knot=delta_knot,
            revision=revision,
            baseline=baseline,
            standardize=standardize,
            tol=tol,
            max_iterations=max_iterations,
            n_threads=n_threads,
        )
        check_knots(None, self.settings, self.sampling_rate)
        self.learn = (learn,) if isinstance(learn, str) else tuple(learn)
        if self.learn and programme == "robust":
            raise InvalidInputError(
                f"learn is {self.learn}; programme='robust' finds its settings in each signal, and its derivative in "
                "the time constants is not implemented: leave learn out, or use programme='cvxeda'"
            )
        for name in self.learn:
            if name not in NAMES:
                raise InvalidInputError(f"learn holds {name!r}; possible are {', '.join(NAMES)}")
            value = float(getattr(self.settings, name))
            if value == 0:
                raise InvalidInputError(f"{name} is 0 and to be learned; its logarithm is, so start above 0")
            self.register_parameter(f"log_{name}", nn.Parameter(torch.tensor(value).log()))
        if tau0 == tau1 and {"tau0", "tau1"} & set(self.learn):
            raise InvalidInputError(f"tau0 and tau1 are both {tau0:g} s and to be learned: start them apart")

    def program(self) -> dict[str, float | Tensor]:
        """Return alpha, gamma, tau0 and tau1 as they are now; those that are learned as tensors with a gradient."""
        values: dict[str, float | Tensor] = {}
        for name in NAMES:
            learned = name in self.learn
            values[name] = getattr(self, f"log_{name}").exp() if learned else float(getattr(self.settings, name))
        return values

    def forward(
        self, signal: Tensor, mask: Tensor | None = None, sample_weight: Tensor | None = None
    ) -> Parts | RobustParts:
        """Decompose signals: (..., n) -> `Parts` or `RobustParts` of (..., n); see `cvxeda`."""
        s = self.settings
        return cvxeda(
            signal,
            self.sampling_rate,
            programme=s.programme,
            **self.program(),
            mask=mask,
            sample_weight=sample_weight,
            delta_knot=s.delta_knot,
            revision=s.revision,
            baseline=s.baseline,
            standardize=s.standardize,
            tol=s.tol,
            max_iterations=s.max_iterations,
            n_threads=s.n_threads,
        )

    def extra_repr(self) -> str:
        """Say the rate and which parameters are learned."""
        return f"sampling_rate={self.sampling_rate:g}, learn={self.learn}"
