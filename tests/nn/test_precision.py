"""The layer under autocast, and the derivative of its derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ressin import InvalidInputError
from ressin.nn import CvxEDA, cvxeda, draw
from tests.signals import simulate

RATE = 8.0
HALVES = (torch.bfloat16, torch.float16)
PROGRAMMES: tuple[Any, ...] = ("cvxeda", "robust")


def signals() -> Tensor:
    return torch.tensor(np.stack([simulate(RATE, 40, seed) for seed in range(2)]), dtype=torch.float32)


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize("programme", PROGRAMMES)
def test_half_precision_is_cast_under_autocast_and_refused_elsewhere(dtype: torch.dtype, programme: Any) -> None:
    half = signals().to(dtype).requires_grad_()
    single = half.detach().float().requires_grad_()
    layer = CvxEDA(RATE, programme=programme)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        parts = layer(half)
        parts.phasic.square().sum().backward()
    expected = layer(single)
    expected.phasic.square().sum().backward()
    for part, other in zip(parts, expected, strict=True):
        assert part.dtype == torch.float32
        assert torch.equal(part, other)
    assert half.grad is not None
    assert half.grad.dtype == dtype
    assert torch.equal(half.grad, single.grad.to(dtype))  # type: ignore[union-attr]
    with pytest.raises(InvalidInputError, match=r"float32 or float64 of shape \(\.\.\., n\) is needed"):
        layer(half)


def test_behind_a_convolution_under_autocast_it_learns() -> None:
    torch.manual_seed(0)
    filtered, layer = torch.nn.Conv1d(1, 1, 3, padding=1), CvxEDA(RATE, learn=("alpha", "tau0"))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        level = filtered(signals()[:, None])[:, 0]
        assert level.dtype == torch.bfloat16
        layer(level).phasic.square().sum().backward()
    for parameter in (*filtered.parameters(), *layer.parameters()):
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_a_second_derivative_is_refused_with_that_word(programme: Any) -> None:
    y = signals().double().requires_grad_()
    parts = cvxeda(y, RATE, programme=programme)
    (first,) = torch.autograd.grad(parts.phasic.square().sum(), y, create_graph=True)
    with pytest.raises(InvalidInputError, match=r"a second derivative .* is not implemented"):
        first.square().sum().backward()  # type: ignore[no-untyped-call]
    learned = torch.tensor(2e-3, dtype=torch.float64, requires_grad=True)
    if programme == "cvxeda":
        (slope,) = torch.autograd.grad(cvxeda(y, RATE, alpha=learned).phasic.square().sum(), learned, create_graph=True)
        with pytest.raises(InvalidInputError, match="a second derivative"):
            slope.backward()  # type: ignore[no-untyped-call]


def test_of_a_picture_too() -> None:
    y = signals().double()[:, None].requires_grad_()
    pixels = draw(y, RATE)
    (first,) = torch.autograd.grad(pixels.square().sum(), y, create_graph=True)
    with pytest.raises(InvalidInputError, match=r"a second derivative .* is not implemented"):
        first.square().sum().backward()  # type: ignore[no-untyped-call]


def test_the_first_derivative_is_as_before_where_a_graph_of_it_is_asked_for() -> None:
    y = signals().double().requires_grad_()
    parts = cvxeda(y, RATE)
    (with_graph,) = torch.autograd.grad(parts.tonic.square().sum(), y, create_graph=True, retain_graph=True)
    (without,) = torch.autograd.grad(parts.tonic.square().sum(), y)
    assert torch.equal(with_graph.detach(), without)


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_tensors_that_are_not_dense_are_refused_by_name(programme: Any) -> None:
    y = signals()
    with pytest.raises(InvalidInputError, match=r"the signal is a tensor of layout torch\.sparse_coo.*to_dense"):
        cvxeda(y.to_sparse(), RATE, programme=programme)
    with pytest.raises(InvalidInputError, match=r"sample_weight is a tensor of layout torch\.sparse_coo"):
        cvxeda(y, RATE, programme=programme, sample_weight=torch.ones_like(y).to_sparse())
