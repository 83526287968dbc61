"""Lazy modules make what they hold from the input of the capture, and are lazy again after it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from netweight import weigh
from netweight.sources.torch import capture_module


def _pictures() -> nn.Module:
    return nn.Sequential(
        nn.LazyConv2d(8, 3, padding=1), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(10)
    )


def _sequences() -> nn.Module:
    return nn.Sequential(nn.LazyConvTranspose1d(4, 3), nn.LazyInstanceNorm1d(affine=True), nn.LazyLinear(2, bias=False))


@pytest.mark.parametrize(("make", "shape"), [(_pictures, (2, 3, 8, 8)), (_sequences, (2, 6, 5))])
def test_figures_are_those_of_the_module_that_pytorch_makes(make, shape) -> None:  # type: ignore[no-untyped-def]
    module = make()
    profile = weigh(module, shape)
    real = make()
    real(torch.randn(shape))
    expected = weigh(real, shape)
    assert profile.totals == expected.totals
    assert profile.totals.params == sum(p.numel() for p in real.parameters())
    assert profile.totals.buffers == sum(b.numel() for name, b in real.named_buffers() if "running" in name)


def test_the_module_stays_lazy() -> None:
    """Its classes, its empty tensors and its hooks are what they were, and it can be called with another size."""
    module = _pictures()
    before = [(type(child), id(child.__dict__.get("weight"))) for child in module.modules()]
    tensors = list(map(id, (*module.parameters(), *module.buffers())))
    weigh(module, (1, 3, 8, 8))
    assert [(type(child), id(child.__dict__.get("weight"))) for child in module.modules()] == before
    assert list(map(id, (*module.parameters(), *module.buffers()))) == tensors
    assert all(map(is_lazy, module.parameters()))
    assert weigh(module, (1, 5, 4, 4)).totals.macs == 16 * 5 * 8 * 9 + 8 * 16 * 10
    assert module(torch.ones(1, 2, 6, 6)).shape == (1, 10)


def test_a_shared_lazy_parameter_and_one_that_nobody_makes() -> None:
    """Two layers of one weight, and one layer that is not called."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.idle = nn.LazyLinear(8, bias=False), nn.LazyLinear(8, bias=False), nn.LazyLinear(8)
            self.b.weight = self.a.weight

        def forward(self, x: Tensor) -> Tensor:
            return self.b(self.a(x))

    profile = weigh(Net(), (2, 8))
    assert (profile.totals.macs, profile.totals.params) == (2 * 2 * 64, 64)


def test_an_input_is_guessed_as_a_picture_of_three_colours() -> None:
    assert weigh(nn.Sequential(nn.LazyConv2d(4, 1)), None).totals.macs == 224 * 224 * 3 * 4


def test_a_lazy_layer_under_autograd() -> None:
    """The gradient of a sum of squares with respect to the input: a product with the weight, back again."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.LazyLinear(4, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            x = x.requires_grad_()
            return torch.autograd.grad(self.fc(x).square().sum(), x)[0]

    assert weigh(Net(), (2, 8)).totals.macs == 2 * (2 * 8 * 4)


def test_what_is_made_has_the_numbers_that_pytorch_draws() -> None:
    capture = capture_module(nn.Sequential(nn.LazyLinear(4)), (2, 3))
    assert capture.weights()["0.weight"].shape == (4, 3)


def test_an_error_in_the_forward_leaves_the_module_lazy() -> None:
    module = nn.Sequential(nn.LazyLinear(4), nn.Linear(5, 5))
    assert capture_module(module, (2, 3)).error is not None
    assert type(module[0]) is nn.LazyLinear
    assert is_lazy(module[0].weight)
