"""Pictures drawn inside torch: the same pixels as `to_image`, and a gradient in every sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad

import ressin
from ressin.image import ImageSettings, to_image
from ressin.nn import draw
from ressin.nn.pictures import pictures_operator

CASES = [(8.0, 120, ImageSettings(24)), (8.0, 120, ImageSettings(7)), (12.18, 200, ImageSettings(16, antialias=True)),
         (4.0, 61, ImageSettings(9, antialias=True)), (50.0, 300, ImageSettings(32))]  # fmt: skip


def signals(n: int, count: int = 2) -> Tensor:
    return torch.randn(count, 3, n, dtype=torch.float64, generator=torch.Generator().manual_seed(n))


@pytest.mark.parametrize(("rate", "n", "settings"), CASES)
def test_the_pixels_are_those_of_to_image(rate: float, n: int, settings: ImageSettings) -> None:
    x = signals(n)
    mean = torch.tensor([0.1, 0.2, 0.3])
    found = draw(x, rate, settings=settings, mean=mean).numpy()
    for b in range(len(x)):
        wanted = to_image(x[b].numpy(), rate, size=settings.size, antialias=settings.antialias)
        np.testing.assert_allclose(found[b], wanted - mean.numpy()[:, None, None], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("rate", "n", "settings"), CASES)
def test_the_gradient_is_that_of_central_differences(rate: float, n: int, settings: ImageSettings) -> None:
    """In single precision pixels, so to 1e-3: lengths, crops, minimum and maximum are all in it."""
    x = signals(n).requires_grad_()
    shifts, lengths = torch.tensor([[0, 0], [2, -3]]), torch.tensor([n, n - 9])
    weigh = torch.randn(2, 3, settings.size, settings.size, generator=torch.Generator().manual_seed(1)).double()

    def loss(values: Tensor) -> Tensor:
        pixels = draw(values, rate, lengths=lengths, settings=settings, shifts=shifts)
        return (weigh * pixels.double()).sum(dim=(2, 3))  # of each channel, (2, 3)

    (gradient,) = torch.autograd.grad(loss(x).sum(), x)
    assert not gradient[1, :, n - 9 :].any()
    direction, h = signals(n + 1)[:, :, :n], 1e-3
    with torch.no_grad():
        differences = (loss(x + h * direction) - loss(x - h * direction)) / (2 * h)
    torch.testing.assert_close((gradient * direction).sum(dim=2), differences, rtol=1e-3, atol=1e-2)


def test_shift_and_scale_of_a_channel_have_no_gradient() -> None:
    x = signals(120)
    shift = torch.zeros(2, 3, 1, dtype=torch.float64, requires_grad=True)
    factor = torch.ones(2, 3, 1, dtype=torch.float64, requires_grad=True)
    weigh = torch.randn(2, 3, 24, 24, generator=torch.Generator().manual_seed(1))
    found = torch.autograd.grad(
        (weigh * draw(factor * x + shift, 8.0, settings=ImageSettings(24))).sum(), [shift, factor]
    )
    for gradient in found:
        assert gradient.abs().max() < 1e-6


def test_a_constant_channel_has_no_gradient() -> None:
    x = signals(60, 1)
    x[0, 1] = 3.0
    x.requires_grad_()
    (gradient,) = torch.autograd.grad(draw(x, 8.0, settings=ImageSettings(16)).square().sum(), x)
    assert not gradient[0, 1].any()
    assert gradient[0, 0].any()


def test_the_operator_passes_torch_s_own_checks() -> None:
    x = signals(40).requires_grad_()
    lengths, shifts = torch.tensor([40, 33]), torch.zeros(2, 2, dtype=torch.int64)
    torch.library.opcheck(pictures_operator, (x, lengths, torch.zeros(3), shifts, 4.0, 8, False, 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signals": torch.zeros(3, 50)}, "batch, channels, n"),
        ({"lengths": torch.tensor([60, 3])}, "signal 1: 3 samples"),
        ({"lengths": torch.tensor([60])}, r"lengths has shape \(1,\)"),
        ({"shifts": torch.zeros(2)}, r"shifts has shape \(2,\)"),
        ({"mean": torch.zeros(2)}, r"mean has shape \(2,\)"),
        ({"signals": torch.full((2, 3, 60), torch.nan)}, "signal 0 holds a sample that is not finite"),
        ({"sampling_rate": 0.5}, "at least 1 Hz"),
    ],
)
def test_bad_input_is_named(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"signals": signals(60), "sampling_rate": 8.0, **change}
    with pytest.raises(ressin.InvalidInputError, match=message):
        draw(given.pop("signals"), given.pop("sampling_rate"), **given)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")  # torch's own, in dual_level
def test_a_derivative_forward_is_refused_not_lost() -> None:
    with forward_ad.dual_level():
        moved = forward_ad.make_dual(signals(120), signals(120))  # type: ignore[no-untyped-call]
        with pytest.raises(ressin.InvalidInputError, match="signals has a tangent"):
            draw(moved, 8.0)
