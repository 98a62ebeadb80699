"""The decomposition as a scikit-learn transformer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ressin.decomposition.decompose_batch import decompose_batch
from ressin.decomposition.inputs import MIN_SAMPLES
from ressin.errors import InvalidInputError, MissingExtraError
from ressin.settings import Baseline, Missing, Programme, Revision, Settings, Solver, check_knots, check_sampling_rate

try:
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtraError("scikit-learn", "data", "the scikit-learn transformer") from error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Part = Literal["phasic", "tonic", "driver", "residual", "signal", "outliers", "shifts"]
_PARTS: tuple[Part, ...] = ("phasic", "tonic", "driver", "residual", "signal", "outliers", "shifts")
_ROBUST_PARTS = ("outliers", "shifts")


class CvxEDA(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Decompose recordings of one length, a row each, into the parts that a model shall see.

    Parameters
    ----------
    sampling_rate
        Samples per second (Hz), > 0, of every recording.
    output
        Part to return, ``"phasic"``, ``"tonic"``, ``"driver"``, ``"residual"`` or ``"signal"``, of the robust programme
        also ``"outliers"`` or ``"shifts"``, or several of them, which then stand side by side in this order.
    programme, tau0, tau1, delta_knot, alpha, gamma, revision, baseline, standardize, solver, tol, max_iterations,
    missing, n_threads
        As for `ressin.decompose`.

    Attributes
    ----------
    n_features_in_
        Samples in a recording, as seen by `fit`.
    feature_names_in_
        Names of the columns, where `fit` was given a DataFrame with names.

    Notes
    -----
    Nothing is learned from the data: each recording is decomposed by itself, z-scored by its own mean and deviation if
    `standardize`, so no information passes between training and test recordings; the robust programme finds its
    settings in each recording by itself. `fit` checks the settings and the
    length.

    Examples
    --------
    >>> import numpy as np
    >>> from ressin.estimator import CvxEDA
    >>> from ressin.simulation.eda import simulate_eda
    >>> X = np.stack([simulate_eda(45, 4, rng=np.random.default_rng(i)).signal for i in range(3)])  # (3, 180)
    >>> CvxEDA(sampling_rate=4, output=("phasic", "tonic")).fit_transform(X).shape
    (3, 360)
    """

    def __init__(
        self,
        sampling_rate: float = 4.0,
        *,
        output: Part | Sequence[Part] = "phasic",
        programme: Programme = "cvxeda",
        tau0: float = 2.0,
        tau1: float = 0.7,
        delta_knot: float = 10.0,
        alpha: float = 8e-4,
        gamma: float = 1e-2,
        revision: Revision = "2025",
        baseline: Baseline = "linear",
        standardize: bool = True,
        solver: Solver = "auto",
        tol: float = 1e-8,
        max_iterations: int = 200,
        missing: Missing = "raise",
        n_threads: int = 0,
    ) -> None:
        self.sampling_rate = sampling_rate
        self.output = output
        self.programme = programme
        self.tau0 = tau0
        self.tau1 = tau1
        self.delta_knot = delta_knot
        self.alpha = alpha
        self.gamma = gamma
        self.revision = revision
        self.baseline = baseline
        self.standardize = standardize
        self.solver = solver
        self.tol = tol
        self.max_iterations = max_iterations
        self.missing = missing
        self.n_threads = n_threads

    def fit(self, X: ArrayLike, y: object = None) -> CvxEDA:
        """Check the settings and remember the length of the recordings.

        Parameters
        ----------
        X
            Recordings, (n_recordings, n_samples), n_samples >= 4.
        y
            Not used; pipelines pass it.

        Returns
        -------
        CvxEDA
            Itself.

        Raises
        ------
        InvalidInputError
            If a setting is out of its range or the recordings are too short.
        ValueError
            If X is not a two-dimensional array of finite real numbers (NaN is let through with ``missing="solve"``).
        """
        _check_parts(_outputs(self.output), self.programme)
        check_knots(None, Settings(**self._settings()), check_sampling_rate(self.sampling_rate))
        self._validate(X, reset=True)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Decompose each row and return the parts that `output` names.

        Parameters
        ----------
        X
            Recordings, (n_recordings, n_samples), of the length that `fit` saw.

        Returns
        -------
        ndarray
            (n_recordings, n_samples * number of parts), float64; a DataFrame after ``set_output(transform="pandas")``.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        InvalidInputError
            If a recording cannot be used; the message says which.
        ConvergenceError
            If a recording was not solved to `tol`.
        """
        check_is_fitted(self)
        signals = self._validate(X, reset=False)  # (n_recordings, n_samples)
        results = decompose_batch(signals, self.sampling_rate, **self._settings())
        parts = [[getattr(result, name) for name in _outputs(self.output)] for result in results]
        return np.asarray(parts, dtype=np.float64).reshape(len(results), -1)

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> NDArray[np.object_]:
        """Name the columns of the output: ``phasic_0``, ``phasic_1`` ..., or the names of the input behind the part.

        Parameters
        ----------
        input_features
            Names of the input's columns, (n_samples,); None takes those that `fit` saw, else numbers.

        Raises
        ------
        InvalidInputError
            If there are not as many names as samples.
        """
        check_is_fitted(self)
        names = (
            getattr(self, "feature_names_in_", None) if input_features is None else np.asarray(input_features, object)
        )
        if names is None:
            names = np.arange(self.n_features_in_).astype(str)
        if len(names) != self.n_features_in_:
            raise InvalidInputError(
                f"Length of input_features ({len(names)}) must match the samples in a recording ({self.n_features_in_})"
            )
        return np.asarray([f"{part}_{name}" for part in _outputs(self.output) for name in names], dtype=object)

    def _settings(self) -> dict[str, Any]:
        return {name: value for name, value in self.get_params().items() if name not in ("sampling_rate", "output")}

    def _validate(self, X: ArrayLike, *, reset: bool) -> NDArray[np.float64]:
        finite: bool | str = True if self.missing == "raise" else "allow-nan"
        signals: NDArray[np.float64] = validate_data(
            self,
            X,
            reset=reset,
            dtype=np.float64,
            ensure_all_finite=finite,
            ensure_min_features=MIN_SAMPLES if reset else 1,  # transform compares with fit, which says more
        )
        return signals

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "solve"
        return tags


def _outputs(output: Part | Sequence[Part]) -> tuple[Part, ...]:
    """Return the parts as a tuple, checked."""
    parts: tuple[Any, ...] = (output,) if isinstance(output, str) else tuple(output)
    for part in parts:
        if part not in _PARTS:
            raise InvalidInputError(f"output has {part!r}; the parts are {', '.join(map(repr, _PARTS))}")
    if not parts:
        raise InvalidInputError(f"output is empty; name at least one of {', '.join(map(repr, _PARTS))}")
    return parts


def _check_parts(parts: tuple[Part, ...], programme: Programme) -> None:
    """Refuse parts that only the robust programme has."""
    for part in parts:
        if part in _ROBUST_PARTS and programme != "robust":
            raise InvalidInputError(
                f"output has {part!r}, which only programme='robust' has; programme is {programme!r}"
            )
