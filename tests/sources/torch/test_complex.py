"""Complex numbers in PyTorch programs: what they compute, and that each product is four."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

import netweight
from sources.torch.alike import assert_alike


class Applied(nn.Module):
    def __init__(self, function: Callable[..., Any], *weights: Tensor) -> None:
        super().__init__()
        self.function = function
        self.weights = nn.ParameterList(nn.Parameter(weight) for weight in weights)

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*inputs, *self.weights)


def _normal(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))


_WINDOW = torch.hann_window(64)


def _there_and_back(x: Tensor) -> Tensor:
    return torch.istft(torch.stft(x, 64, 16, window=_WINDOW, return_complex=True), 64, 16, window=_WINDOW)


FUNCTIONS: dict[str, Callable[[Tensor], Any]] = {
    "variance": lambda x: x.var(-1),
    "deviation": lambda x: x.std(0),
    "variance and mean": lambda x: torch.var_mean(x, 1),
    "vdot": lambda x: torch.vdot(x[0], x[1]),
    "vecdot": lambda x: torch.linalg.vecdot(x, 2 * x),
    "square": lambda x: x**2,
    "power": lambda x: x**1.5,
    "filled": lambda x: x.masked_fill(x.real > 0, 1j),
    "imaginary": lambda x: 1j * x + (2 - 1j),
    "turned": lambda x: torch.exp(1j * x.real) * x,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_numbers_are_those_of_pytorch(function: Callable[[Tensor], Any]) -> None:
    assert_alike(Applied(function), _normal(4, 8), tolerance=1e-4)


def test_a_short_transform_and_its_inverse() -> None:
    assert_alike(Applied(_there_and_back), torch.randn(2, 320), tolerance=1e-4)


PRODUCTS: dict[str, tuple[Callable[..., Tensor], Tensor, Tensor, int]] = {
    "linear": (F.linear, _normal(10, 16), _normal(8, 16), 10 * 16 * 8),
    "matmul": (torch.matmul, _normal(10, 16), _normal(16, 8), 10 * 16 * 8),
    "einsum": (lambda x, w: torch.einsum("bixy,ioxy->boxy", x, w), _normal(2, 4, 3, 3), _normal(4, 4, 3, 3), 288),
    "conv1d": (F.conv1d, _normal(2, 4, 10), _normal(3, 4, 3), 2 * 3 * 4 * 3 * 8),
    "conv2d": (F.conv2d, _normal(2, 4, 6, 6), _normal(3, 4, 3, 3), 2 * 3 * 4 * 9 * 16),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_is_four(name: str) -> None:
    function, x, weight, complex_macs = PRODUCTS[name]
    report = netweight.weigh(Applied(function, weight), x, training=True)
    assert report.totals.macs == 4 * complex_macs
    assert report.training is not None
    assert report.training.backward_macs == 4 * complex_macs  # of the weight alone
    assert any("four real ones" in note for note in report.notes)
    assert report.totals.model_size_bytes == 8 * weight.numel()


def test_no_note_without_complex_products() -> None:
    report = netweight.weigh(Applied(lambda x: x * x), _normal(4, 8))
    assert report.totals.flops == 6 * 32
    assert not any("four real ones" in note for note in report.notes)
