"""What PyTorch refuses because of element types is refused, in its own words; what it takes is taken."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from netweight.ir import TensorSpec
from netweight.sources.torch import capture_module

_TYPES = (torch.float32, torch.bfloat16, torch.float64, torch.int64, torch.int32, torch.bool)

Make = Callable[..., Tensor]

_CALLS: dict[str, Callable[[Make, torch.dtype, torch.dtype], Any]] = {
    "linear": lambda z, a, b: F.linear(z(a, 2, 3), z(b, 4, 3), z(b, 4)),
    "linear of another bias": lambda z, a, b: F.linear(z(a, 2, 3), z(a, 4, 3), z(b, 4)),
    "matmul": lambda z, a, b: z(a, 2, 3) @ z(b, 3, 2),
    "matmul of vectors": lambda z, a, b: z(a, 3) @ z(b, 3),
    "bmm": lambda z, a, b: torch.bmm(z(a, 2, 2, 3), z(b, 2, 3, 2)),
    "addmm": lambda z, a, b: torch.addmm(z(a, 2), z(a, 2, 3), z(b, 3, 2)),
    "baddbmm": lambda z, a, b: torch.baddbmm(z(a, 2, 2, 2), z(b, 2, 2, 3), z(b, 2, 3, 2)),
    "einsum": lambda z, a, b: torch.einsum("ij,jk->ik", z(a, 2, 3), z(b, 3, 2)),
    "conv2d": lambda z, a, b: F.conv2d(z(a, 1, 3, 4, 4), z(b, 2, 3, 3, 3)),
    "conv1d with a bias": lambda z, a, b: F.conv1d(z(a, 1, 3, 4), z(a, 2, 3, 3), z(b, 2)),
    "conv_transpose2d": lambda z, a, b: F.conv_transpose2d(z(a, 1, 3, 4, 4), z(b, 3, 2, 3, 3)),
    "layer_norm": lambda z, a, b: F.layer_norm(z(a, 2, 3), (3,), z(b, 3), z(b, 3)),
    "group_norm": lambda z, a, b: F.group_norm(z(a, 2, 4, 3), 2, z(b, 4), z(b, 4)),
    "batch_norm": lambda z, a, b: F.batch_norm(z(a, 2, 4, 3), z(b, 4), z(b, 4), z(b, 4), z(b, 4)),
    "embedding": lambda z, a, b: F.embedding(z(a, 2, 3), z(b, 5, 3)),
    "gather": lambda z, a, b: torch.gather(z(b, 2, 3), 1, z(a, 2, 1)),
    "index_select": lambda z, a, b: torch.index_select(z(b, 2, 3), 1, z(a, 2)),
    "scatter": lambda z, a, b: z(b, 2, 3).scatter(1, z(torch.int64, 2, 1), z(a, 2, 1)),
    "index_add": lambda z, a, b: z(b, 2, 3).index_add(0, z(torch.int64, 1), z(a, 1, 3)),
    "masked_fill": lambda z, a, b: z(b, 2, 3).masked_fill(z(a, 2, 3), 0),
    "where": lambda z, a, b: torch.where(z(a, 2, 3), z(b, 2, 3), z(b, 2, 3)),
    "where of two types": lambda z, a, b: torch.where(z(torch.bool, 2, 3), z(a, 2, 3), z(b, 2, 3)),
    "attention": lambda z, a, b: F.scaled_dot_product_attention(z(a, 1, 2, 3, 4), z(b, 1, 2, 3, 4), z(b, 1, 2, 3, 4)),
    "prelu": lambda z, a, b: F.prelu(z(a, 2, 3), z(b, 1)),
    "lerp": lambda z, a, b: torch.lerp(z(a, 2, 3), z(b, 2, 3), 0.5),
    "grid_sample": lambda z, a, b: F.grid_sample(z(a, 1, 2, 3, 3), z(b, 1, 3, 3, 2), align_corners=False),
    "cross_entropy": lambda z, a, b: F.cross_entropy(z(b, 2, 3), z(a, 2)),
    "cat": lambda z, a, b: torch.cat([z(a, 2), z(b, 2)]),
    "add": lambda z, a, b: z(a, 2) + z(b, 2),
    "add in place": lambda z, a, b: (z(a, 2) * 1).add_(z(b, 2)),
    "softmax": lambda z, a, _: F.softmax(z(a, 2, 3), -1),
    "gelu": lambda z, a, _: F.gelu(z(a, 2, 3)),
    "mean": lambda z, a, _: z(a, 2, 3).mean(1),
    "mean in a type": lambda z, a, _: z(a, 2, 3).mean(1, dtype=torch.float32),
    "softmax in a type": lambda z, a, _: F.softmax(z(a, 2, 3), -1, dtype=torch.float32),
    "interpolate": lambda z, a, _: F.interpolate(z(a, 1, 2, 4, 4), scale_factor=2),
}


class Call(nn.Module):
    """A call on zeros that are without numbers while the module is captured."""

    def __init__(self, call: Callable[[Make, torch.dtype, torch.dtype], Any], a: torch.dtype, b: torch.dtype) -> None:
        super().__init__()
        self.call, self.a, self.b = call, a, b

    def forward(self, x: Tensor) -> Any:
        return self.call(lambda dtype, *shape: x.expand(shape).to(dtype), self.a, self.b)


@pytest.mark.parametrize("name", _CALLS)
def test_the_same_is_refused_and_in_the_same_words(name: str) -> None:
    """PyTorch itself runs each call on zeros."""
    refused = 0
    for a, b in product(_TYPES, _TYPES):
        module = Call(_CALLS[name], a, b)
        expected = ""
        try:
            module(torch.zeros(()))
        except Exception as error:
            expected = str(error)
            refused += 1
        found = capture_module(module, TensorSpec((), "float32")).error
        if a is b and not a.is_floating_point and found is None:
            continue  # kernels for whole numbers alone differ from device to device
        assert ("" if found is None else str(found)) == expected, (a, b)
    assert refused or name in ("cat", "add", "where of two types", "mean in a type", "softmax in a type")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_and_input_of_two_types(dtype: torch.dtype) -> None:
    capture = capture_module(nn.Sequential(nn.Linear(10, 4), nn.ReLU()).to(dtype), (1, 10))
    assert str(capture.error).startswith("mat1 and mat2 must have the same dtype, but got Float and ")
    assert capture.fault is not None
    fault = capture.fault()
    short = {torch.bfloat16: "bf16", torch.float16: "f16"}[dtype]
    name = str(dtype).removeprefix("torch.")
    assert fault.why == (f"its input is float32 (input x), 0.weight is {name}, 0.bias is {name}",)
    assert fault.fixes[0] == f"--input x:1x10:{short}"


def test_autocast_brings_types_together() -> None:
    class Cast(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(10, 4)

        def forward(self, x: Tensor) -> Tensor:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return self.fc(x)

    assert capture_module(Cast(), (1, 10)).error is None


def test_indices_of_another_type() -> None:
    fault = capture_module(nn.Sequential(nn.Embedding(10, 4)), (1, 7)).fault
    assert fault is not None
    assert fault().fixes[0] == "--input x:1x7:i64"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_a_guess_is_of_the_type_of_the_weights(dtype: torch.dtype) -> None:
    capture = capture_module(nn.Sequential(nn.Linear(10, 4)).to(dtype))
    assert capture.error is None
    assert str(dtype).removeprefix("torch.") in capture.notes[0]
