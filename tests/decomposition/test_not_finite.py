"""Whatever is not finite fails every comparison: evidence, quality, certificates, with a NaN or infinity anywhere."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import ressin
from ressin import _core
from ressin.decomposition.quality import impossible
from ressin.settings import Programme

RATE = 8.0
BAD = (np.nan, np.inf, -np.inf)
PROGRAMMES: tuple[Programme, ...] = ("cvxeda", "robust")


@pytest.fixture(scope="module", params=PROGRAMMES)
def solved(request: pytest.FixtureRequest) -> ressin.Decomposition:
    signal = ressin.simulate_eda(60, RATE, n_scr=8, rng=np.random.default_rng(0)).signal
    result = ressin.decompose(signal, RATE, programme=request.param)
    assert result.is_optimal(1e-6)
    assert impossible(result) is None
    return result


def spoilt(result: Any, part: str, value: float, place: int) -> Any:
    array = getattr(result, part).copy()
    array[place] = value
    return replace(result, **{part: array})


@pytest.mark.parametrize(("value", "place"), [*itertools.product(BAD, (0, 7, -1))])
@pytest.mark.parametrize("part", ["phasic", "tonic", "driver", "residual", "spline", "drift"])
def test_no_part_with_a_number_that_is_not_finite_is_optimal(
    solved: ressin.Decomposition, part: str, value: float, place: int
) -> None:
    if not abs(place) <= getattr(solved, part).size - 1:
        return
    with np.errstate(invalid="ignore", over="ignore"):
        bad = spoilt(solved, part, value, place)
        assert not bad.is_optimal(1e300)
        assert str(bad.quality) == "The parts hold numbers that are not finite."
        if part in ("phasic", "tonic"):
            assert impossible(bad) == "the parts hold numbers that are not finite"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -1.0])
def test_no_scale_that_is_no_size_and_no_mean_that_is_no_number(solved: ressin.Decomposition, value: float) -> None:
    apart = replace(solved, phasic=solved.phasic + 1.0, tonic=solved.tonic - 1.0)
    for result in (solved, apart):
        bad = replace(result, scale=value)
        assert not bad.is_optimal(1e300 if result is solved else 1e-6)
        if not np.isfinite(value):
            assert str(bad.quality) == "The parts hold numbers that are not finite."
    if not np.isfinite(value):
        assert not replace(solved, mean=value).is_optimal(1e300)
        assert str(replace(solved, mean=value).quality) == "The parts hold numbers that are not finite."


@pytest.mark.parametrize("scale", [1e3, 1e300])
def test_a_larger_scale_does_not_let_the_parts_be_further_apart(solved: ressin.Decomposition, scale: float) -> None:
    apart = replace(solved, phasic=solved.phasic + 0.01, tonic=solved.tonic - 0.01, scale=scale)
    assert not apart.is_optimal(1e-6)


@pytest.mark.parametrize("rate", BAD)
def test_a_rate_that_is_no_number_is_said(solved: ressin.Decomposition, rate: float) -> None:
    bad = replace(solved, sampling_rate=rate)
    assert str(bad.quality) == "The parts hold numbers that are not finite."
    with pytest.raises(ressin.InvalidInputError, match="sampling_rate"):
        bad.is_optimal()


def test_a_result_of_which_no_sample_counts_is_not_good(solved: ressin.Decomposition) -> None:
    nothing = replace(solved, signal=np.full_like(solved.signal, np.nan))
    unseen = replace(solved, weights=np.zeros_like(solved.signal))
    for bad in (nothing, unseen):
        assert str(bad.quality) == "No sample counts: nothing is known."


@pytest.mark.parametrize("value", BAD)
def test_no_artefact_either(value: float) -> None:
    signal = ressin.simulate_eda(60, RATE, n_scr=8, rng=np.random.default_rng(0)).signal
    solved = ressin.decompose(signal, RATE, programme="robust")
    assert solved.robust is not None
    changes: list[dict[str, Any]] = [{"smallest_response": value}, {"noise": value}]
    for change in changes:
        bad = replace(solved, robust=replace(solved.robust, **change))
        assert str(bad.quality) == "The parts hold numbers that are not finite."
    for part in ("outliers", "shifts", "contact"):
        bad = replace(solved, robust=spoilt(solved.robust, part, value, 11))
        with np.errstate(invalid="ignore"):
            assert not bad.is_optimal(1e300)
            assert str(bad.quality) == "The parts hold numbers that are not finite."


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("part", ["driver", "residual", "spline", "drift"])
def test_the_certificate_proves_nothing_of_them(part: str, value: float) -> None:
    signal = ressin.simulate_eda(60, RATE, n_scr=8, rng=np.random.default_rng(0)).signal
    solved = ressin.decompose(signal, RATE)
    for place in (0, 1, -1):
        evidence, _ = spoilt(solved, part, value, place)._certify()
        for name in ("duality_gap", "relative_gap", "stationarity", "complementarity"):
            assert not getattr(evidence, name) <= 1e300, name


def test_every_threshold_of_the_quality_fails_a_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    signal = ressin.simulate_eda(60, RATE, n_scr=8, rng=np.random.default_rng(0)).signal
    good = ressin.decompose(signal, RATE)
    assert not good.quality.messages
    for name in ("MAX_RESIDUAL_SHARE", "MAX_CORRELATION", "MAX_FAST_DECAY_SHARE", "MAX_OUTLIER_SHARE",
                 "MAX_SHIFTS_PER_MINUTE"):  # fmt: skip
        monkeypatch.setattr(f"ressin.decomposition.quality.{name}", np.nan)
    assert len(ressin.decompose(signal, RATE).quality.messages) == 5


def _without_unit(messages: tuple[str, ...]) -> list[str]:
    """Return what is not said of the range of skin conductance, which is in microsiemens."""
    return [message for message in messages if not re.search("microsiemens|uS|valid", message)]


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1e-200, 1.0, 1e200])
def test_the_quality_does_not_depend_on_the_unit(size: float) -> None:
    noise = np.random.default_rng(0).standard_normal(800)
    with pytest.warns(ressin.QualityWarning):
        expected = ressin.decompose(noise, RATE).quality
    if size > 1e-310:
        with pytest.warns(ressin.QualityWarning):
            found = ressin.decompose(noise * size, RATE).quality
        assert found.residual_share == pytest.approx(expected.residual_share, rel=1e-6)
        assert found.phasic_tonic_correlation == pytest.approx(expected.phasic_tonic_correlation, rel=1e-5)
        assert _without_unit(found.messages) == _without_unit(expected.messages) != []
    else:
        assert ressin.decompose(noise * size, RATE).is_optimal()


def test_a_window_that_is_not_finite_is_a_failure() -> None:
    signal = np.full(40, 1.0)
    signal[3] = np.nan
    settings = ressin.Settings()
    from ressin.settings import core_settings

    result = _core.decompose([signal], [None], [1.0 / RATE], core_settings(settings, None), None).fields(0)
    assert result["status"] == "failed"
    assert not result["relative_gap"] <= 1e300
