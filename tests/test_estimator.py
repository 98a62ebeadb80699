"""The scikit-learn transformer: scikit-learn's own checks, and what it returns."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from ressin.decomposition.decompose import decompose
from ressin.errors import InvalidInputError
from ressin.estimator import CvxEDA, Part
from ressin.simulation.eda import simulate_eda

TOO_SHORT = "its data has 2 or 3 columns, and a recording has at least 4 samples; run on Tiled below"
EXPECTED = dict.fromkeys(
    (
        "check_dict_unchanged",
        "check_dont_overwrite_parameters",
        "check_estimators_fit_returns_self",
        "check_estimators_nan_inf",
        "check_estimators_overwrite_params",
        "check_estimators_pickle",
        "check_f_contiguous_array_estimator",
        "check_fit2d_predict1d",
        "check_fit_check_is_fitted",
        "check_fit_idempotent",
        "check_fit_score_takes_y",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_n_features_in",
        "check_pipeline_consistency",
        "check_readonly_memmap_input",
        "check_transformer_data_not_an_array",
        "check_transformer_general",
        "check_transformer_preserve_dtypes",
    ),
    TOO_SHORT,
)


class Tiled(CvxEDA):
    """The transformer behind recordings that are repeated to a length that can be decomposed.

    Some checks pass data with too few columns; this lets them run. Everything else is the transformer's own code.
    """

    def _validate(self, X: Any, *, reset: bool) -> np.ndarray:
        from sklearn.utils.validation import validate_data

        finite = True if self.missing == "raise" else "allow-nan"
        short = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=finite)
        return np.tile(short, (1, 4))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("estimator", [CvxEDA(n_threads=1), CvxEDA(n_threads=1, missing="solve", output=("tonic",))])
def test_scikit_learns_checks(estimator: CvxEDA) -> None:
    results = check_estimator(estimator, expected_failed_checks=EXPECTED, on_fail=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}
    # A check that is expected to fail and passes has to leave the list.
    passed = {r["check_name"] for r in results if r["status"] == "passed"}
    assert passed & set(EXPECTED) == set()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_the_checks_on_short_data_pass_once_it_is_long_enough() -> None:
    results = check_estimator(Tiled(n_threads=1), on_fail=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed == {}
    assert {r["check_name"] for r in results if r["status"] == "passed"} >= set(EXPECTED)


@pytest.fixture(scope="module")
def recordings() -> np.ndarray:
    return np.stack([simulate_eda(30, 8, n_scr=3, rng=np.random.default_rng(seed)).signal for seed in range(6)])


@pytest.mark.parametrize("output", ["phasic", "tonic", "driver", "residual", "signal"])
def test_each_row_is_the_part_of_its_recording(recordings: np.ndarray, output: Any) -> None:
    parts = CvxEDA(sampling_rate=8, output=output).fit_transform(recordings)
    for row, signal in zip(parts, recordings, strict=True):
        np.testing.assert_allclose(row, getattr(decompose(signal, 8), output), atol=1e-9)


def test_several_parts_stand_side_by_side(recordings: np.ndarray) -> None:
    transformer = CvxEDA(sampling_rate=8, output=("tonic", "phasic"), alpha=1e-2)
    both = transformer.fit_transform(recordings)
    tonic = CvxEDA(sampling_rate=8, output="tonic", alpha=1e-2).fit_transform(recordings)
    assert both.shape == (6, 480)
    np.testing.assert_array_equal(both[:, :240], tonic)
    names = transformer.get_feature_names_out()
    assert (names[0], names[239], names[240], len(names)) == ("tonic_0", "tonic_239", "phasic_0", 480)


def test_data_frames_in_and_out(recordings: np.ndarray) -> None:
    frame = pd.DataFrame(recordings, columns=[f"s{i}" for i in range(240)], index=list("abcdef"))
    parts = CvxEDA(sampling_rate=8).set_output(transform="pandas").fit_transform(frame)
    assert parts.columns[0] == "phasic_s0"
    assert list(parts.index) == list("abcdef")


def test_settings_reach_the_decomposition(recordings: np.ndarray) -> None:
    signal = recordings[:1]
    for settings in ({"tau0": 3.0}, {"baseline": "constant"}, {"revision": "2015"}, {"standardize": False}):
        ours = CvxEDA(sampling_rate=8, **settings).fit_transform(signal)[0]
        np.testing.assert_allclose(ours, decompose(signal[0], 8, **settings).phasic, atol=1e-9)


def test_gaps_are_solved_through_on_demand(recordings: np.ndarray) -> None:
    gappy = recordings.copy()
    gappy[2, 50:60] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        CvxEDA(sampling_rate=8).fit(gappy)
    parts = CvxEDA(sampling_rate=8, missing="solve").fit_transform(gappy)
    assert np.isfinite(parts).all()


def test_it_lives_in_pipelines_and_pickles(recordings: np.ndarray) -> None:
    pipeline = make_pipeline(CvxEDA(sampling_rate=8), Ridge())
    scores = cross_val_score(pipeline, recordings, np.arange(6.0), cv=2)
    assert np.isfinite(scores).all()
    transformer = CvxEDA(sampling_rate=8, tau1=0.5).fit(recordings)
    again = pickle.loads(pickle.dumps(transformer))
    np.testing.assert_array_equal(again.transform(recordings), transformer.transform(recordings))
    assert clone(transformer).get_params() == transformer.get_params()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"output": "fast"}, "output has 'fast'; the parts are 'phasic', 'tonic'"),
        ({"output": ()}, "output is empty; name at least one of"),
        ({"alpha": 0.0}, "alpha is 0"),
        ({"sampling_rate": -1.0}, "sampling_rate is -1"),
        ({"delta_knot": 0.01}, "delta_knot is 0.01 s, below the sampling interval"),
    ],
)
def test_settings_are_checked_by_fit(recordings: np.ndarray, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        CvxEDA(**{"sampling_rate": 8, **settings}).fit(recordings)


def test_wrong_use_is_refused(recordings: np.ndarray) -> None:
    with pytest.raises(NotFittedError):
        CvxEDA(sampling_rate=8).transform(recordings)
    with pytest.raises(ValueError, match="X has 100 features, but CvxEDA is expecting 240 features"):
        CvxEDA(sampling_rate=8).fit(recordings).transform(recordings[:, :100])
    with pytest.raises(ValueError, match="a minimum of 4 is required by CvxEDA"):
        CvxEDA(sampling_rate=8).fit(recordings[:, :3])
    with pytest.raises(InvalidInputError, match=r"Length of input_features \(2\) must match the samples"):
        CvxEDA(sampling_rate=8).fit(recordings).get_feature_names_out(["a", "b"])


def test_the_robust_programme_as_parts_side_by_side() -> None:
    rng = np.random.default_rng(0)
    X = np.stack([simulate_eda(60, 4, noise=0.02, rng=rng).signal for _ in range(3)])
    X[1, 100:] -= 0.5
    parts: tuple[Part, ...] = ("phasic", "tonic", "outliers", "shifts")
    found = CvxEDA(sampling_rate=4, programme="robust", output=parts).fit_transform(X)
    for row, signal in zip(found, X, strict=True):
        alone = decompose(signal, 4, programme="robust")
        np.testing.assert_array_equal(row, np.concatenate([getattr(alone, part) for part in parts]))
    assert np.ptp(found[1, -240:]) > 0.3


def test_the_robust_programme_is_checked_by_fit() -> None:
    X = np.ones((2, 40))
    with pytest.raises(InvalidInputError, match=r"output has 'shifts', which only programme='robust' has"):
        CvxEDA(output="shifts").fit(X)
    with pytest.raises(InvalidInputError, match=r"gamma is 0.1, which programme='robust' does not take"):
        CvxEDA(programme="robust", gamma=0.1).fit(X)
    with pytest.raises(InvalidInputError, match=r"programme"):
        CvxEDA(programme="other").fit(X)  # type: ignore[arg-type]
