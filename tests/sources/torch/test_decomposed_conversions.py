"""Conversions around floating operators, as export quantisation of PyTorch 2 writes them."""

from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("torch.ao.quantization.fx._decomposed")

import netweight  # noqa: E402

Q = torch.ops.quantized_decomposed
RANGE = (-128, 127, torch.int8)


def pair(x: Any, scale: float, zero: int) -> Any:
    return Q.dequantize_per_tensor(Q.quantize_per_tensor(x, scale, zero, *RANGE), scale, zero, *RANGE)


class Converted(torch.nn.Module):
    """A convolution whose weight has a scale per channel, a sum, and a linear layer with one scale."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("w", torch.randint(-100, 100, (4, 4, 3, 3), dtype=torch.int8))
        self.register_buffer("scales", torch.full((4,), 0.01))
        self.register_buffer("zeros", torch.zeros(4, dtype=torch.int64))
        self.register_buffer("v", torch.randint(-100, 100, (5, 144), dtype=torch.int8))
        self.bias = torch.nn.Parameter(torch.randn(4))

    def forward(self, x: Any) -> Any:
        x = pair(x, 0.03, 0)
        w = Q.dequantize_per_channel(self.w, self.scales, self.zeros, 0, *RANGE)
        y = pair(torch.nn.functional.conv2d(x, w, self.bias, padding=1).relu(), 0.1, -128)
        y = pair(x + y, 0.1, 0).flatten(1)
        return torch.nn.functional.linear(y, Q.dequantize_per_tensor(self.v, 0.02, 0, *RANGE))


def test_kernels_of_integers() -> None:
    ours, written = (netweight.weigh(Converted(), (1, 4, 6, 6), as_written=flag) for flag in (False, True))
    assert ours.integer is not None
    assert [kernel.op for kernel in ours.integer.kernels] == ["conv", "add", "linear"]
    assert not ours.integer.alone
    assert ours.totals.macs == written.totals.macs == 4 * 4 * 3 * 3 * 6 * 6 + 5 * 144
    assert ours.totals.params == written.totals.params == 4 * 4 * 3 * 3 + 4 + 5 * 144
    to_integers, back = 144 * 5, 5 * 1
    assert ours.totals.flops == to_integers + back
    assert written.totals.flops > 2 * written.totals.macs


def test_weights_of_integers_have_scales_beside_them() -> None:
    """A scale of 32 and a zero point of 64 bits for each of 4 channels; 32 and 8 bits for the linear layer."""
    written = netweight.weigh(Converted(), (1, 4, 6, 6), as_written=True)
    assert written.totals.model_size_bytes == 144 + 4 * (4 + 8) + 4 * 4 + 720 + (4 + 1)
    assert written.totals.weight_dtypes == {"int8": 864, "float32": 4}
