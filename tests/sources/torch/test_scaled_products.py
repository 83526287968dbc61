"""Integer products and products of eight-bit numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from netweight import run, weigh


class _Int(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("w", torch.randint(-127, 127, (8, 16), dtype=torch.int8))

    def forward(self, x: Tensor) -> Tensor:
        return torch._int_mm(x.round().to(torch.int8), self.w.t()).float()


class _Scaled(nn.Module):
    def __init__(self, *, rows: bool, bias: bool) -> None:
        super().__init__()
        self.register_buffer("w", torch.randn(32, 16).to(torch.float8_e4m3fn))
        self.register_buffer("a", torch.rand(32, 1) if rows else torch.tensor(0.5))
        self.register_buffer("b", torch.rand(1, 32) if rows else torch.tensor(2.0))
        self.register_buffer("bias", torch.randn(32, dtype=torch.bfloat16) if bias else None)

    def forward(self, x: Tensor) -> Tensor:
        q = x.to(torch.float8_e4m3fn)
        return torch._scaled_mm(q, self.w.t(), self.a, self.b, bias=self.bias, out_dtype=torch.bfloat16)


def test_an_integer_product_has_operations_and_no_flops() -> None:
    """20 * 16 * 8 MACs on integers, and the same numbers as PyTorch."""
    module, x = _Int(), torch.randn(20, 16) * 20
    profile = weigh(module, (20, 16))
    assert profile.totals.macs == 20 * 16 * 8
    assert profile.totals.contraction_flops == 0
    assert profile.coverage.complete
    np.testing.assert_array_equal(next(iter(run(module, x).outputs.values())), module(x).numpy())


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("rows", [False, True])
def test_a_scaled_product_is_one_kernel(*, rows: bool, bias: bool) -> None:
    """32 * 16 * 32 MACs; 32 * 32 products with each scale; what is held is x, its 8 bits, and the result."""
    module = _Scaled(rows=rows, bias=bias)
    profile = weigh(module, (32, 16))
    assert profile.totals.macs == 32 * 16 * 32
    assert profile.totals.flops == 2 * 32 * 16 * 32 + 2 * 32 * 32 + bias * 32 * 32
    assert profile.coverage.complete
    assert profile.activations["liveness"].peak_bytes == 32 * 16 * 4 + 32 * 16 * 1
