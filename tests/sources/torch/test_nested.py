"""Nested tensors: work on the rows that there are, none on those that would fill them up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from netweight import weigh
from netweight.sources.torch import capture_module

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
ROWS = 5 + 8
JAGGED = torch.nested.nested_tensor([torch.ones(5, 16), torch.ones(8, 16)], layout=torch.jagged)


class _Net(nn.Module):
    def __init__(self, program: Callable[..., Any]) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(16, 32), nn.Linear(32, 4)
        self.qkv = nn.ModuleList(nn.Linear(16, 16) for _ in range(3))
        self.norm, self.program = nn.LayerNorm(16), program

    def forward(self, *inputs: Tensor) -> Any:
        return self.program(self, *inputs)


def _made(m: Any, *parts: Tensor) -> Tensor:
    x = torch.nested.as_nested_tensor(list(parts), layout=torch.jagged)
    return torch.nested.to_padded_tensor(m.b(torch.relu(m.a(x))), 0.0)


def _given(m: Any, x: Tensor) -> Tensor:
    return m.b(torch.relu(m.a(m.norm(x) + x))).values()


def _filled(m: Any, x: Tensor) -> Tensor:
    return m.b(m.a(x)).to_padded_tensor(0.0)


def _attends(m: Any, x: Tensor) -> Tensor:
    q, k, v = (layer(x).unflatten(-1, [2, 8]).transpose(1, 2) for layer in m.qkv)
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(-2).values()


LAYERS = ROWS * (16 * 32 + 32 * 4)
SHAPES = ((5, 16), (8, 16))
CASES: dict[str, tuple[Any, Any, int, tuple[int, ...]]] = {
    "made of shapes": (_made, SHAPES, LAYERS, (2, 8, 4)),
    "made of tensors": (_made, tuple(torch.ones(shape) for shape in SHAPES), LAYERS, (2, 8, 4)),
    "given": (_given, (JAGGED,), LAYERS, (ROWS, 4)),
    "given and filled up": (_filled, (JAGGED,), LAYERS, (2, 8, 4)),
    "attention": (_attends, (JAGGED,), ROWS * 16 * 48 + (5 * 5 + 8 * 8) * 2 * 16, (ROWS, 16)),
}


@pytest.mark.parametrize("name", CASES)
def test_work_is_that_of_the_rows(name: str) -> None:
    """13 rows in two samples; attention multiplies 5 * 5 and 8 * 8 pairs of them, twice 16 wide."""
    program, inputs, macs, shape = CASES[name]
    real = [torch.ones(part) if isinstance(part, tuple) else part for part in inputs]
    with torch.no_grad():
        assert _Net(program)(*real).shape == shape
    profile = weigh(_Net(program), inputs)
    assert profile.totals.macs == macs
    assert profile.coverage.complete, profile.coverage
    graph = capture_module(_Net(program), inputs).graph
    assert graph.values[graph.outputs[0]].spec.shape == shape


def test_a_strided_nested_tensor_is_weighed_as_a_jagged_one() -> None:
    strided = torch.nested.nested_tensor([torch.ones(5, 16), torch.ones(8, 16)])
    profile = weigh(_Net(_given), (strided,))
    assert profile.totals.macs == LAYERS
    assert [value.shape for value in profile.model.inputs] == [(ROWS, 16)]
