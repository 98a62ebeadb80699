"""The layer: the parts of `decompose`, correct gradients, and use inside torch (checks, compile, devices)."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad

import ressin
import ressin.nn.layer
from ressin.nn import CvxEDA, Parts, RobustParts, cvxeda
from ressin.nn.batch import knot_count
from ressin.nn.operators import cvxeda_operator
from tests.nn.programs import compare, draw
from tests.signals import simulate

RATE = 4.0


def signals(count: int = 3, seconds: float = 50, rate: float = RATE) -> Tensor:
    return torch.tensor(np.stack([simulate(rate, seconds, seed) for seed in range(count)]))


def gradient(parts: Parts | RobustParts, *inputs: Tensor) -> tuple[Tensor, ...]:
    """Gradient of a fixed loss in all parts but the driver's ill-determined spikes."""
    generator = torch.Generator().manual_seed(7)
    weigh = [torch.randn(parts.phasic.shape, generator=generator).to(parts.phasic) for _ in range(3)]
    loss = sum((w * x).sum() for w, x in zip(weigh, (parts.phasic, parts.tonic, parts.residual), strict=True))
    assert isinstance(loss, Tensor)
    return torch.autograd.grad(loss, inputs)


@pytest.mark.parametrize("revision", ["2025", "2015"])
@pytest.mark.parametrize("standardize", [True, False])
def test_the_parts_are_those_of_decompose(revision: Any, standardize: bool) -> None:
    y = signals()
    parts = cvxeda(y, RATE, revision=revision, standardize=standardize)
    for row, signal in enumerate(y.numpy()):
        choice: Any = {"revision": revision, "standardize": standardize}
        found = ressin.decompose(signal, RATE, **choice)
        for name in ("phasic", "tonic", "driver"):
            np.testing.assert_array_equal(getattr(parts, name)[row].numpy(), getattr(found, name))
        np.testing.assert_allclose(parts.residual[row].numpy(), found.residual, rtol=0, atol=1e-12)


@pytest.mark.parametrize("revision", ["2025", "2015"])
def test_gradcheck(revision: Any) -> None:
    y = signals(1, 25).requires_grad_()
    names = ("alpha", "gamma", "tau0", "tau1")
    values = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (2e-3, 1e-2, 2.2, 0.6)]

    def parts(signal: Tensor, *program: Tensor) -> tuple[Tensor, ...]:
        chosen: dict[str, Any] = dict(zip(names, program, strict=True))
        found = cvxeda(signal, RATE, **chosen, revision=revision, tol=1e-11)
        return found.phasic, found.tonic, found.residual, 0.01 * found.driver

    assert torch.autograd.gradcheck(parts, (y, *values), eps=1e-6, atol=1e-5, rtol=1e-4, nondet_tol=0.0)


def test_two_hundred_programmes_against_central_differences() -> None:
    """Wherever no driver sample becomes active or inactive between the two points, which must be nearly everywhere."""
    settled, n = 0, 0
    for seed in range(16):
        for found in compare(draw(seed, 13), seed):
            wrong = found.settled & ~found.agrees()
            assert not wrong.any(), (seed, found.name, found.ours[wrong], found.differences[wrong])
            settled, n = settled + int(found.settled.sum()), n + len(found.settled)
    assert n == 5 * 208
    assert settled >= 0.97 * n


def test_at_a_thousand_hertz_the_signal_s_gradient_is_right() -> None:
    y = torch.tensor(simulate(1000.0, 6.0, 1))[None]
    direction, weigh = (torch.tensor(simulate(1000.0, 6.0, seed))[None] for seed in (2, 3))

    def loss(signal: Tensor) -> Tensor:
        return (weigh * cvxeda(signal, 1000.0, tol=1e-10).phasic).sum()

    leaf = y.clone().requires_grad_()
    (ours,) = torch.autograd.grad(loss(leaf), leaf)
    h = 1e-7
    differences = float(loss(y + h * direction) - loss(y - h * direction)) / (2 * h)
    assert float((ours * direction).sum()) == pytest.approx(differences, rel=1e-4)


def test_gradients_of_what_cannot_depend_are_zero() -> None:
    y = signals(1, 60)
    offset = torch.zeros((), dtype=torch.float64, requires_grad=True)
    slope = torch.zeros((), dtype=torch.float64, requires_grad=True)
    time = torch.linspace(0, 1, y.shape[-1], dtype=torch.float64)
    for standardize in (True, False):
        drift = 0.0 if standardize else 1.0  # a slope changes the deviation, and with it the unit of alpha
        moved = y + offset + drift * slope * time
        parts = cvxeda(moved, RATE, standardize=standardize)
        weigh = torch.sin(torch.arange(y.shape[-1], dtype=torch.float64))
        for name in ("phasic", "driver", "residual"):
            loss = (weigh * getattr(parts, name)).sum()
            found = torch.autograd.grad(loss, [offset, slope], retain_graph=True)
            assert max(abs(float(g)) for g in found if g.numel()) < 1e-9, (name, found)
        (found_tonic,) = torch.autograd.grad((weigh * parts.tonic).sum(), offset)
        assert float(found_tonic) == pytest.approx(float(weigh.sum()), abs=1e-9)


def test_a_signal_s_gradient_does_not_depend_on_its_neighbours_or_threads() -> None:
    y = signals(11).requires_grad_()
    one = cvxeda(y, RATE, n_threads=1)
    two = cvxeda(y, RATE, n_threads=2)
    (a,), (b,) = gradient(cvxeda(y, RATE, n_threads=1), y), gradient(two, y)
    torch.testing.assert_close(a, b, rtol=0, atol=0)
    weigh = torch.ones(y.shape[-1], dtype=torch.float64)
    (whole,) = torch.autograd.grad((weigh * one.phasic[4]).sum(), y, retain_graph=True)
    single = y[4].detach().clone().requires_grad_()
    (alone,) = torch.autograd.grad((weigh * cvxeda(single, RATE).phasic).sum(), single)
    torch.testing.assert_close(whole[4], alone, rtol=0, atol=0)
    assert not whole[[0, 3, 5]].any()


def test_unequal_lengths_by_a_mask_are_as_if_cut() -> None:
    y = signals(3).requires_grad_()
    lengths = (200, 133, 47)
    mask = torch.arange(y.shape[1]) < torch.tensor(lengths)[:, None]
    padded = torch.where(mask, y, torch.nan)
    parts = cvxeda(padded, RATE, mask=mask, alpha=2e-3)
    (whole,) = torch.autograd.grad(parts.phasic.square().sum(), y)
    for row, n in enumerate(lengths):
        cut = y[row, :n].detach().clone().requires_grad_()
        alone = cvxeda(cut, RATE, alpha=2e-3)
        for found, wanted in zip(parts, alone, strict=True):
            torch.testing.assert_close(found[row, :n], wanted, rtol=0, atol=0)
            assert not found[row, n:].any()
        (wanted_gradient,) = torch.autograd.grad(alone.phasic.square().sum(), cut)
        torch.testing.assert_close(whole[row, :n], wanted_gradient, rtol=1e-12, atol=1e-12)
        assert not whole[row, n:].any()


def test_a_gap_is_the_same_by_mask_and_by_weight() -> None:
    y = signals(2)
    mask = torch.ones_like(y, dtype=torch.bool)
    mask[0, 60:75] = False
    by_mask = cvxeda(torch.where(mask, y, torch.nan), RATE, mask=mask)
    by_weight = cvxeda(y, RATE, sample_weight=mask.double())
    for name in ("phasic", "tonic", "driver"):
        torch.testing.assert_close(getattr(by_mask, name), getattr(by_weight, name), rtol=0, atol=0)
    assert by_mask.phasic[0, 60:75].isfinite().all()
    assert not by_mask.residual[0, 60:75].any()
    leaf = y.clone().requires_grad_()
    parts = cvxeda(leaf, RATE, sample_weight=mask.double())
    (found,) = torch.autograd.grad(parts.phasic.square().sum(), leaf)
    assert not found[0, 60:75].any()
    assert found[0, :60].any()


def test_single_precision_follows_double() -> None:
    y = signals().requires_grad_()
    single = y.detach().float().requires_grad_()
    parts = cvxeda(single, RATE)
    assert parts.phasic.dtype == parts.driver.dtype == torch.float32
    (coarse,), (fine,) = gradient(parts, single), gradient(cvxeda(y, RATE), y)
    assert coarse.dtype == torch.float32
    assert float((coarse - fine).norm() / fine.norm()) < 1e-2  # single precision moves the signal itself
    rounded = single.detach().double().requires_grad_()
    (same,) = gradient(cvxeda(rounded, RATE), rounded)
    assert float((coarse - same).norm() / same.norm()) < 1e-5


def test_leading_dimensions_and_a_program_per_signal() -> None:
    y = signals(6)
    alpha = torch.linspace(1e-3, 4e-3, 3, dtype=torch.float64)
    tau0 = torch.tensor([[1.8], [2.5]], dtype=torch.float64)
    parts = cvxeda(y.reshape(2, 3, -1), RATE, alpha=alpha, tau0=tau0)
    assert parts.phasic.shape == (2, 3, y.shape[-1])
    for row in range(6):
        own: Any = {"alpha": float(alpha[row % 3]), "tau0": float(tau0[row // 3, 0])}
        found = ressin.decompose(y[row].numpy(), RATE, **own)
        np.testing.assert_array_equal(parts.phasic[row // 3, row % 3].numpy(), found.phasic)


@pytest.mark.parametrize("rate", [2.0, 4.0, 50.0, 12.18, 1000.0])
@pytest.mark.parametrize("delta_knot", [1.0, 3.3, 10.0])
@pytest.mark.parametrize("revision", ["2025", "2015"])
def test_the_knots_are_as_many_as_the_core_s(rate: float, delta_knot: float, revision: Any) -> None:
    for n in (4, 57, 500):
        found = ressin.decompose(np.sin(np.arange(n)), rate, delta_knot=delta_knot, revision=revision, tol=1e-3)
        assert knot_count(n, rate, delta_knot, revision) == len(found.knots)


def test_the_operator_passes_torch_s_own_checks() -> None:
    y = signals(2, 20).requires_grad_()
    program = torch.tensor([[1e-3, 1e-2, 2.0, 0.7]] * 2, dtype=torch.float64, requires_grad=True)
    inputs = (y, None, None, program, RATE, 10.0, "2025", "linear", True, 1e-10, 100, 1)
    torch.library.opcheck(cvxeda_operator, inputs)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch's own, in dual_level
@pytest.mark.parametrize("name", ["signal", "alpha"])
def test_a_derivative_forward_is_refused_not_lost(name: str) -> None:
    given = {"signal": signals(1), "alpha": torch.tensor(1e-3)}
    with forward_ad.dual_level():
        given[name] = forward_ad.make_dual(given[name], torch.ones_like(given[name]))  # type: ignore[no-untyped-call]
        with pytest.raises(ressin.InvalidInputError, match=f"{name} has a tangent"):
            cvxeda(given["signal"], RATE, alpha=given["alpha"])


@pytest.mark.parametrize("dynamic", [False, True])
def test_compiled_it_is_the_same(dynamic: bool) -> None:
    layer = CvxEDA(RATE, learn=("alpha", "gamma", "tau0", "tau1"))
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager", dynamic=dynamic)
    for n in (200, 151):
        y = signals()[:, :n].requires_grad_()
        mask = torch.arange(n) < torch.tensor([[n], [n - 40], [80]])
        inputs = (y, *layer.parameters())
        plain = gradient(layer(y, mask), *inputs)
        found = gradient(compiled(y, mask), *inputs)
        for a, b in zip(plain, found, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_on_another_device_parts_and_gradients_are_where_the_signal_is() -> None:
    """A device without data, which every build of torch has: what is kept for the backward pass stays on the CPU."""
    y = torch.empty(3, 200, device="meta", requires_grad=True)
    alpha = torch.empty(3, device="meta", requires_grad=True)
    parts = cvxeda(y, RATE, alpha=alpha)
    for part in parts:
        assert (part.device.type, part.dtype, part.shape) == ("meta", y.dtype, y.shape)
    parts.phasic.sum().backward()  # type: ignore[no-untyped-call]
    for leaf in (y, alpha):
        assert leaf.grad is not None
        assert leaf.grad.device.type == "meta"
    kept = cvxeda_operator(y, None, None, alpha[:, None].expand(3, 4), RATE, 10.0, "2025", "linear", True, 1e-8, 100, 1)
    assert [x.device.type for x in kept[3:]] == ["cpu"] * 3


def test_no_signals_give_no_parts() -> None:
    y = torch.empty(0, 200, requires_grad=True)
    parts = cvxeda(y, RATE)
    parts.phasic.sum().backward()  # type: ignore[no-untyped-call]
    assert parts.driver.shape == (0, 200)
    assert y.grad is not None
    assert y.grad.shape == (0, 200)


def test_the_module_learns_what_it_is_told() -> None:
    layer = CvxEDA(RATE, learn=("tau0", "alpha"))
    assert sorted(name for name, _ in layer.named_parameters()) == ["log_alpha", "log_tau0"]
    again = CvxEDA(RATE, alpha=5e-3, learn=("tau0", "alpha"))
    again.load_state_dict(layer.state_dict())
    torch.testing.assert_close(again(signals()).phasic, layer(signals()).phasic, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signal": torch.zeros(3, 50, dtype=torch.int64)}, "int64"),
        ({"signal": np.zeros((3, 50))}, "the signal is a ndarray; a torch tensor is needed"),
        ({"signal": [1.0, 2.0, 3.0, 4.0]}, "the signal is a list; a torch tensor is needed"),
        ({"alpha": None}, "alpha is None; it must be a number or a tensor"),
        ({"tau0": "2"}, "tau0 is '2'; it must be a number or a tensor"),
        ({"mask": np.ones((3, 200), dtype=bool)}, "mask is a ndarray; a torch tensor is needed"),
        ({"sampling_rate": "4"}, "sampling_rate is '4'"),
        ({"standardize": "no"}, "standardize is 'no'"),
        ({"signal": torch.zeros(3, 3)}, "at least 4"),
        ({"alpha": torch.tensor([1e-3, -1.0, 1e-3])}, r"alpha of signal 1 is -1"),
        ({"alpha": torch.ones(2)}, r"alpha has shape \(2,\)"),
        ({"mask": torch.ones(3, 200)}, "mask is a torch.float32"),
        ({"mask": torch.zeros(3, 200, dtype=torch.bool)}, "signal 0 has 0 samples"),
        ({"sample_weight": torch.full((3, 200), -1.0)}, r"sample_weight\[0, 0\] is -1"),
        ({"sample_weight": torch.ones(3, 200, requires_grad=True)}, "not computed"),
        ({"sample_weight": torch.ones(3, 100)}, r"shape \(3, 100\)"),
        ({"sampling_rate": 0.0}, "sampling_rate is 0"),
        ({"delta_knot": 0.01}, "delta_knot"),
        ({"revision": "2020"}, "revision"),
        ({"tau1": torch.tensor(2.0, requires_grad=True)}, "start them apart"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"signal": signals(), "sampling_rate": RATE, **change}
    with pytest.raises(ressin.InvalidInputError, match=message):
        cvxeda(given.pop("signal"), given.pop("sampling_rate"), **given)


def test_a_sample_that_is_not_finite_is_named() -> None:
    y = signals()
    y[1, 17] = torch.nan
    with pytest.raises(ressin.InvalidInputError, match=r"signal\[1, 17\] is nan"):
        cvxeda(y, RATE)


def test_an_unsolved_programme_is_an_error() -> None:
    with pytest.raises(ressin.ConvergenceError, match="signal 0"):  # knots so close are the interior point's
        cvxeda(signals(), RATE, delta_knot=2.0, max_iterations=2)


@pytest.mark.parametrize("learn", ["beta", ("tau0", "beta")])
def test_what_cannot_be_learned_is_named(learn: Any) -> None:
    with pytest.raises(ressin.InvalidInputError, match="possible are alpha, gamma, tau0, tau1"):
        CvxEDA(RATE, learn=learn)
    with pytest.raises(ressin.InvalidInputError, match="start them apart"):
        CvxEDA(RATE, tau0=1.0, tau1=1.0, learn="tau0")


def test_the_examples_in_the_docstrings_print_what_they_say() -> None:
    result = doctest.testmod(ressin.nn.layer)
    assert result.attempted >= 8
    assert result.failed == 0
