"""The robust programme as a layer: the parts of `decompose`, and the exact gradient with settings and weights held."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import ressin
from ressin import _core
from ressin.errors import InvalidInputError
from ressin.nn import CvxEDA, RobustParts, cvxeda
from ressin.nn.robust import robust_operator
from tests.signals import Signal, simulate

RATE = 4.0
NAMES = ("phasic", "tonic", "residual", "outliers", "driver")


def recording(seed: int, seconds: float = 50.0, rate: float = RATE) -> Signal:
    """Return a recording with a fall of its level and an artefact."""
    y = simulate(rate, seconds, seed, noise=0.02)
    n = y.size
    y[round(0.6 * n) :] -= 0.8
    y[round(0.3 * n) : round(0.3 * n) + 2] -= 1.0
    return y


def robust(signal: Tensor, rate: float = RATE, **options: Any) -> RobustParts:
    parts = cvxeda(signal, rate, programme="robust", **options)
    assert isinstance(parts, RobustParts)
    return parts


def loads(n: int, seed: int) -> dict[str, Signal]:
    """Return a loss's weights; small ones for the driver, whose density is a hundred times the parts."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=n) * (0.01 if name == "driver" else 1.0) for name in NAMES}


def loss_with_settings_held(d: ressin.Decomposition, weigh: dict[str, Signal]) -> Any:
    """Return the loss as a function of the signal, with the settings and weights of one decomposition."""
    found = d.robust
    assert found is not None
    held = [cost / d.scale for cost in (found.alpha, found.delta, found.kappa)]
    floor = -d.mean / d.scale if found.bounded else -np.inf
    tau0, tau1, knot = d.settings.tau0, d.settings.tau1, d.settings.delta_knot

    def loss(y: Signal) -> float:
        one = ((y - d.mean) / d.scale, d.weights, *held, found.alpha_before / d.scale, floor, found.stiffness)
        (x,) = _core.robust_solve([one], 1 / d.sampling_rate, tau0, tau1, knot, 1e-13, 300, True, False)
        before = int(x["before"])
        phasic, driver = x["phasic"][before:] * d.scale, x["driver"][before:] * d.scale
        tonic = (x["tonic"] + x["shift"])[before:] * d.scale + d.mean
        measured = np.where(d.contact < 0, y + (d.tonic - d.signal), np.where(d.contact > 0, 0.0, tonic))
        outliers, change = x["outliers"] * d.scale, measured - tonic
        outliers -= np.clip(outliers, np.minimum(change, 0.0), np.maximum(change, 0.0))
        tonic = measured
        rest = np.where(d.weights == 0, y - phasic - tonic, y - phasic - tonic - outliers)
        parts = {"phasic": phasic, "tonic": tonic, "residual": rest, "outliers": outliers, "driver": driver}
        return float(sum(weigh[name] @ parts[name] for name in NAMES))

    return loss


def check(y: Signal, rate: float, weights: Signal | None, seed: int, **options: Any) -> ressin.Decomposition:
    """Compare the gradient with central differences in random directions; return the decomposition."""
    weigh = loads(y.size, seed)
    signal = torch.tensor(y, requires_grad=True)
    given = None if weights is None else torch.tensor(weights)
    parts = robust(signal, rate, sample_weight=given, tol=1e-11, **options)
    loss = torch.stack([(torch.tensor(weigh[name]) * getattr(parts, name)).sum() for name in NAMES]).sum()
    (gradient,) = torch.autograd.grad(loss, signal)
    d = ressin.decompose(y, rate, programme="robust", tol=1e-11, sample_weight=weights, **options)
    at = loss_with_settings_held(d, weigh)
    rng, h = np.random.default_rng(seed), 1e-5 * y.std()
    for _ in range(4):
        v = rng.normal(size=y.size)
        by_differences = (at(y + h * v) - at(y - h * v)) / (2 * h)
        assert abs(by_differences - gradient.numpy() @ v) < 1e-5 * float(gradient.norm())
    return d


@pytest.mark.parametrize("seed", range(4))
def test_the_gradient_is_that_of_central_differences(seed: int) -> None:
    d = check(recording(seed), RATE, None, seed)
    assert np.count_nonzero(d.outliers) > 0


def test_with_a_step_of_the_level() -> None:
    d = check(recording(3), RATE, None, 0)
    assert np.abs(np.diff(d.shifts)).max() > 0.1


def test_where_the_level_is_held_above_zero() -> None:
    t = np.arange(400) / RATE
    # differences need an optimum away from where another bound becomes active, which this seed's is
    y = np.maximum(0.0, np.cos(2 * np.pi * t / 80)) + 0.005 * np.random.default_rng(9).random(400)
    d = check(y, RATE, None, 1)
    assert d.robust is not None
    assert d.robust.level.max() > 1e-3  # a bound is active


@pytest.mark.parametrize(
    ("rate", "seconds", "options"), [(16.0, 20.0, {}), (2.0, 60.0, {"tau0": 3.0}), (1.0, 90.0, {})]
)
def test_other_rates_and_responses(rate: float, seconds: float, options: dict[str, Any]) -> None:
    check(recording(5, seconds, rate), rate, None, 2, **options)


def test_with_weights_and_missing_samples() -> None:
    y, rng = recording(1), np.random.default_rng(3)
    weights = rng.uniform(0.2, 1.5, y.size)
    weights[80:95] = 0.0
    check(y, RATE, weights, 4)


def test_the_parts_are_those_of_decompose() -> None:
    y = np.stack([recording(seed) for seed in range(3)])
    parts = robust(torch.tensor(y))
    for row, signal in enumerate(y):
        alone = ressin.decompose(signal, RATE, programme="robust")
        for name in ("phasic", "tonic", "driver", "shifts"):
            np.testing.assert_array_equal(getattr(parts, name)[row].numpy(), getattr(alone, name))
        for name in ("residual", "outliers"):
            np.testing.assert_allclose(getattr(parts, name)[row].numpy(), getattr(alone, name), rtol=0, atol=1e-12)


def test_unequal_lengths_and_gaps_in_one_batch() -> None:
    y = torch.tensor(np.stack([recording(0), recording(1)]), requires_grad=True)
    mask = torch.ones(y.shape, dtype=torch.bool)
    mask[0, 150:], mask[1, 50:60] = False, False
    parts = robust(y, mask=mask)
    torch.autograd.backward(parts.phasic.square().sum() + parts.tonic.square().sum())
    first = torch.tensor(recording(0)[:150], requires_grad=True)
    alone = robust(first)
    torch.autograd.backward(alone.phasic.square().sum() + alone.tonic.square().sum())
    assert y.grad is not None
    assert first.grad is not None
    torch.testing.assert_close(parts.phasic[0, :150], alone.phasic, rtol=0, atol=0)
    torch.testing.assert_close(y.grad[0, :150], first.grad, rtol=0, atol=0)
    for part in parts:
        assert not part[0, 150:].any()
    assert not y.grad[0, 150:].any()
    assert not y.grad[1, 50:60].any()  # what is missing has no say
    assert not parts.residual[1, 50:60].any()


def test_a_constant_added_moves_the_tonic_part_alone() -> None:
    y = torch.tensor(recording(2), requires_grad=True)
    parts = robust(y)
    (gradient,) = torch.autograd.grad(parts.phasic.sum(), y, retain_graph=True)
    assert abs(float(gradient.sum())) < 1e-6
    (gradient,) = torch.autograd.grad(parts.tonic.mean(), y)
    assert float(gradient.sum()) == pytest.approx(1.0, abs=1e-6)


def test_single_precision_and_a_layer() -> None:
    layer = CvxEDA(RATE, programme="robust")
    y = torch.tensor(recording(0), dtype=torch.float32, requires_grad=True)
    parts = layer(y[None])
    assert {part.dtype for part in parts} == {torch.float32}
    parts.residual.square().sum().backward()
    assert y.grad is not None
    assert torch.isfinite(y.grad).all()
    assert not parts.shifts.requires_grad
    assert list(layer.parameters()) == []


def test_torch_finds_nothing_wrong_with_the_operator() -> None:
    y = torch.tensor(recording(0)[None, :100], requires_grad=True)
    torch.library.opcheck(robust_operator, (y, None, None, RATE, 2.0, 0.7, 10.0, 1e-8, 200, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.01}, r"alpha is 0.01, which programme='robust' does not take"),
        ({"gamma": torch.tensor(0.01)}, "gamma is"),
        ({"standardize": False}, "standardize is False"),
        ({"tau0": torch.tensor(2.0)}, "tau0 is a tensor; programme='robust' takes a number"),
        ({"tau1": -1.0}, "tau1"),
    ],
)
def test_what_it_does_not_take_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        robust(torch.tensor(recording(0)), **options)


def test_it_has_nothing_to_learn() -> None:
    with pytest.raises(InvalidInputError, match=r"learn is \('tau0',\); programme='robust' finds its settings"):
        CvxEDA(RATE, programme="robust", learn="tau0")
    with pytest.raises(InvalidInputError, match="programme"):
        cvxeda(torch.tensor(recording(0)), RATE, programme="other")  # type: ignore[arg-type]
