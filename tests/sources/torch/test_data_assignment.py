"""``tensor.data = values`` in a forward."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from netweight.sources.torch import capture_module


class _Assigns(nn.Module):
    def __init__(self, assign: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4, bias=False)
        self.register_buffer("scale", torch.full((4,), 2.0))
        self.assign = assign

    def forward(self, x: Tensor) -> Tensor:
        self.assign(self, x)
        return self.fc(x) * self.scale


def _weight_of_itself(m: Any, _x: Tensor) -> None:
    m.fc.weight.data = m.fc.weight.data.clamp(-1, 1)


def _weight_of_numbers(m: Any, _x: Tensor) -> None:
    m.fc.weight.data = torch.ones(4, 4)


def _buffer_of_the_input(m: Any, x: Tensor) -> None:
    m.scale.data = x.mean(0)


@pytest.mark.parametrize(
    ("assign", "ops"),
    [
        (_weight_of_itself, ["clamp", "linear", "mul"]),
        (_weight_of_numbers, ["linear", "mul"]),
        (_buffer_of_the_input, ["mean", "linear", "mul"]),
    ],
)
def test_what_is_assigned_is_read_and_the_module_keeps_its_own(assign: Any, ops: list[str]) -> None:
    module = _Assigns(assign)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    capture = capture_module(module, (2, 4))
    assert capture.error is None
    assert [node.op for node in capture.graph.nodes if node.op != "detach"] == ops
    reads = {name for node in capture.graph.nodes[-2:] for name in node.inputs}
    written = {_weight_of_itself: "fc.weight", _weight_of_numbers: "fc.weight", _buffer_of_the_input: "scale"}[assign]
    assert written not in reads
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_an_activation_takes_the_place_of_another_of_any_shape() -> None:
    """Only tensors with numbers have a shape that cannot change."""

    class Net(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            y = x * 2
            y.data = x[:, :2].exp()
            return y + 1

    capture = capture_module(Net(), (3, 4))
    assert capture.graph.values[capture.graph.outputs[0]].spec.shape == (3, 2)


def test_a_weight_of_another_type_is_refused_with_both_kinds() -> None:
    def assign(m: Any, _x: Tensor) -> None:
        m.fc.weight.data = m.fc.weight.data.half()

    error = capture_module(_Assigns(assign), (2, 4)).error
    assert str(error) == "data of another kind is assigned: (4, 4) float16 to a tensor of (4, 4) float32"
