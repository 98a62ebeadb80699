"""cvxEDA on a signal that is still being recorded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ressin.errors import ConvergenceError
from ressin.settings import (
    Baseline,
    Errors,
    Programme,
    Revision,
    Settings,
    Solver,
    check_cvxeda,
    check_errors,
    check_knots,
)
from ressin.stream.clock import check_samples
from ressin.stream.engine import Engine, PushLog
from ressin.stream.options import StreamOptions
from ressin.stream.result import StreamParts, StreamResult
from ressin.stream.saved import read_state, write_state

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Stream:
    """Split a skin conductance signal into phasic and tonic part while it is being recorded.

    Every `hop` seconds the cvxEDA programme is solved on a window of the newest samples. The samples that are older
    than `lag` become final. The samples before the window still count: by the response filter's state at its first
    sample, and by an exact quadratic in the coefficients of the spline and the drift that reach into it. Memory and
    time per second of signal do not depend on how long the stream runs.

    Parameters
    ----------
    sampling_rate
        Hz, > 0.
    lag
        Seconds, > 0, after which a sample becomes final. The longer, the closer to the decomposition of the whole
        recording; see Notes.
    programme
        "cvxeda", or "robust" as in `decompose`, which takes tau0, tau1, delta_knot, tol and max_iterations, and neither
        mean nor deviation. Its noise and the smallest response believed come from the samples so far: see Notes.
    tau0, tau1, delta_knot, alpha, gamma, revision
        The programme, as in `decompose`; see `Settings`.
    baseline
        The line that the spline departs from: "none", the mean of the standardisation (or zero), unless chosen;
        "constant" or "linear", that of least squares through the samples so far. In `decompose` it is a variable of
        the programme, which all of the recording decides, its future included; a stream cannot have that one.
    standardize
        Solve on (y - mean) / deviation; the parts come back in the signal's unit.
    mean, deviation
        What to standardise with, in the signal's unit, such as those of a recording of the same person; None takes
        those of the samples so far.
    solver
        "auto", "active_set", which starts from the last programme's solution, or "interior_point"; see `Settings`. The
        robust programme is solved by the interior point.
    tol, max_iterations
        How exactly each programme is solved; see `Settings`.
    context
        Seconds, >= 2 delta_knot, that the window holds before the lag.
    hop
        Seconds, > 0 and at most delta_knot, between programmes.
    warm_up
        Seconds, >= 0, of a recording before any of it becomes final: its beginning is the least certain part.
    max_gap
        Seconds, > 0: after a longer run of missing samples the stream starts anew, and gives no parts for the
        samples between.
    max_jitter
        Seconds, >= 0, by which the clock of `push` may be off without there being a gap; one and a half sampling
        intervals always are.
    errors
        "raise" a ConvergenceError where a programme was not solved to `tol`, its `result` what the push brought, or
        "return" it with its status.
    on_failure
        Deprecated: the older name of `errors`.

    Raises
    ------
    InvalidInputError
        A setting that cannot be used.

    Notes
    -----
    With the drivers of the samples before the window held, the window's programme is the whole recording's so far: the
    elimination of the spline is carried on from window to window. What keeps a final sample from the whole recording's
    solution is the future after the lag, which cannot be known: at 20 s the 99th percentile of the distance is below
    0.01 standard deviations in recordings at rest, and 0.24 and 0.09 in two of a wristband in movement, where the
    programme itself, solved exactly on the samples so far, is 0.25 and 0.13 off (``python -m bench.stream_lag``).

    The robust programme is solved on the window alone. While that holds the whole recording so far, it is `decompose`'s
    for these samples; then noise and height of the phasic part are averaged over the windows, forgetting those of more
    than ten minutes ago, and each window takes one round of a plain and a reweighted programme. At 20 s the 99th
    percentile of the distance to the whole recording is 0.37 standard deviations of the signal in 4.6 simulated hours,
    0.21 in one recording at rest, and 0.44 and 0.17 in two of a wristband (``python -m bench.stream_lag robust``): the
    settings are learned on the way.

    How the samples are divided over pushes changes no final value, not by a bit: programmes are solved at multiples of
    `hop`, counted from the first sample. A stream is for one thread at a time; several streams may run in several.

    References
    ----------
    A. Greco, G. Valenza, A. Lanata, E. P. Scilingo, L. Citi, "cvxEDA: a convex optimization approach to electrodermal
    activity processing", IEEE Trans. Biomed. Eng. 63 (2016) 797-804, doi:10.1109/TBME.2015.2474131.

    Examples
    --------
    >>> import numpy as np
    >>> import ressin
    >>> signal = ressin.simulate_eda(90, 4, rng=np.random.default_rng(0)).signal
    >>> stream = ressin.Stream(4, lag=20.0)
    >>> for second in range(90):
    ...     result = stream.push(signal[4 * second : 4 * second + 4])
    >>> len(result.final), len(result.provisional)
    (4, 80)
    >>> len(stream.finish().final)
    80
    """

    def __init__(
        self,
        sampling_rate: float,
        *,
        lag: float = 20.0,
        programme: Programme = "cvxeda",
        tau0: float = 2.0,
        tau1: float = 0.7,
        delta_knot: float = 10.0,
        alpha: float = 8e-4,
        gamma: float = 1e-2,
        revision: Revision = "2025",
        baseline: Baseline = "none",
        standardize: bool = True,
        mean: float | None = None,
        deviation: float | None = None,
        solver: Solver = "auto",
        tol: float = 1e-8,
        max_iterations: int = 200,
        context: float = 60.0,
        hop: float = 1.0,
        warm_up: float = 60.0,
        max_gap: float = 60.0,
        max_jitter: float = 0.1,
        errors: Errors = "raise",
        on_failure: Errors | None = None,
    ) -> None:
        robust = programme == "robust"
        settings = Settings(
            programme=programme,
            tau0=tau0,
            tau1=tau1,
            delta_knot=delta_knot,
            alpha=alpha,
            gamma=gamma,
            revision=revision,
            baseline="linear" if robust else baseline,
            standardize=standardize,
            solver=solver,
            tol=tol,
            max_iterations=max_iterations,
            missing="solve",
            n_threads=1,
        )
        options = StreamOptions(
            sampling_rate=sampling_rate,
            lag=lag,
            mean=mean,
            deviation=deviation,
            context=context,
            hop=hop,
            warm_up=warm_up,
            max_gap=max_gap,
            max_jitter=max_jitter,
            errors=check_errors(errors, on_failure),
        )
        if robust and baseline != "none":
            check_cvxeda("baseline", repr(baseline), settings)
        check_knots(None, settings, options.sampling_rate)
        options.check_with(settings)
        self._engine = Engine(settings, options)

    @property
    def settings(self) -> Settings:
        """The programme's parameters and how it is solved."""
        return self._engine.settings

    @property
    def options(self) -> StreamOptions:
        """Rate, lag and intervals."""
        return self._engine.options

    @property
    def n_samples(self) -> int:
        """Number of samples so far, those included that a gap of the clock swallowed."""
        return self._engine.first_index + self._engine.n

    def push(self, samples: ArrayLike, time: float | None = None) -> StreamResult:
        """Take the next samples, and return what became final and what is provisional.

        Parameters
        ----------
        samples
            (n,) the samples that follow those pushed before, n >= 0, NaN where one is missing.
        time
            Clock of the first of them, seconds. Where it is later than the samples before lead to expect, by more
            than `max_jitter`, samples are missing in between, and as many are put in as NaN; after more than `max_gap`
            the stream starts anew. Left out, the samples follow without a gap.

        Raises
        ------
        InvalidInputError
            Samples that are not a one-dimensional array of finite numbers or NaN, or a clock that runs backwards; the
            stream is as before.
        ConvergenceError
            With ``errors="raise"``: a programme was not solved to `tol`. The samples are taken.
        """
        engine = self._engine
        signal = check_samples(samples, self.n_samples)
        n_gap, gap, times = engine.clock.read(time, signal.size, engine.max_gap)
        log = PushLog()
        if n_gap:
            engine.skip(n_gap, gap, log)
        engine.take(signal, times, log)
        provisional = engine.provisional(log)
        return self._checked(engine.result(log, provisional))

    def finish(self) -> StreamResult:
        """Make all samples final: the recording has ended. What is pushed afterwards begins a new one.

        Raises
        ------
        ConvergenceError
            With ``errors="raise"``: a programme was not solved to `tol`.
        """
        engine, log = self._engine, PushLog()
        engine.end(log)
        engine.clock.forget()
        return self._checked(engine.result(log, StreamParts.join([])))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the stream's state to a file (.npz, numbers and JSON), for `load` to go on from.

        Raises
        ------
        OutputError
            The file cannot be written; whatever stood there before is untouched.
        """
        write_state(path, self._engine)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Stream:
        """Return the stream that `save` wrote: what is pushed gives the same, bit for bit, as to the one saved.

        Nothing in the file is executed: no pickles.

        Raises
        ------
        RecordingError
            The file cannot be read or does not hold a stream's state.
        """
        stream = cls.__new__(cls)
        stream._engine = read_state(path)
        return stream

    def _checked(self, result: StreamResult) -> StreamResult:
        if self.options.errors == "raise" and not result.converged:
            raise ConvergenceError(
                f"a stream's programme ended with status {result.status!r}, up to sample {self.n_samples} (tol is "
                f"{self.settings.tol:g}): ask for a larger tol or more max_iterations, look for extreme samples, or "
                'take what there is with errors="return"',
                result,
            )
        return result
