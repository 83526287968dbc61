"""Writes in place, through views of every kind: each program gives what PyTorch gives, and touches nobody's tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest

from netweight.ir import validate
from netweight.ops import REGISTRY
from netweight.runtime import run

torch = pytest.importorskip("torch")

from netweight.sources.torch import capture_module  # noqa: E402

Program: TypeAlias = Callable[[Any], Any]

PROGRAMS: dict[str, Program] = {}


def program(function: Program) -> Program:
    PROGRAMS[function.__name__] = function
    return function


@program
def input_itself(x: Any) -> Any:
    y = x + 1
    return x.mul_(2) + y


@program
def input_through_a_view(x: Any) -> Any:
    x[:, 0].zero_()
    return x * 2


@program
def read_before_and_after(x: Any) -> Any:
    y = x.exp()
    view = y[1:]
    before = view * 1
    y.add_(1)
    return before, view, y


@program
def view_of_a_view(x: Any) -> Any:
    y = x.clone()
    y.view(-1, 6)[1::2].view(-1, 2, 3)[:, 1, 1:] = 7.0
    return y


@program
def transposed(x: Any) -> Any:
    y = x.clone()
    y.mT[:, 2:4] *= y.mT[:, :2]
    return y, y.mT.contiguous()


@program
def reshape_that_copies(x: Any) -> Any:
    y = x.clone()
    z = y.mT.reshape(2, -1)
    z.fill_(3)
    return y, z


@program
def chunks(x: Any) -> Any:
    y = x.clone()
    for number, part in enumerate(y.chunk(3, dim=2)):
        part.add_(number)
    first, *_, last = y.unbind(1)
    first.copy_(last)
    return y


@program
def rows_in_a_loop(x: Any) -> Any:
    y = torch.zeros_like(x)
    for row in range(x.shape[1]):
        y[:, row] = x[:, : row + 1].sum(1)
    return y


@program
def preallocated(x: Any) -> Any:
    y = x.new_empty(x.shape[0], 2 * x.shape[1], x.shape[2])
    y[:, : x.shape[1]] = x
    y[:, x.shape[1] :] = -x
    return y


@program
def interleaved(x: Any) -> Any:
    y = torch.empty(*x.shape[:2], 2 * x.shape[2], dtype=x.dtype)
    y[..., 0::2], y[..., 1::2] = x.sin(), x.cos()
    return y


@program
def broadcast(x: Any) -> Any:
    y = x.clone()
    y[:, :, 1:] += x[:, :, :1]
    y[1] = x[0, 0]
    y -= y.mean(-1, keepdim=True)
    return y


@program
def other_type(x: Any) -> Any:
    y = (x > 0).to(torch.int64)
    y += 2
    z = x.clone()
    z[0] = y[0]
    return y, z


@program
def out_argument(x: Any) -> Any:
    y = torch.empty_like(x)
    torch.add(x, 1, out=y)
    torch.exp(x[0], out=y[1])
    return y


@program
def masked(x: Any) -> Any:
    y = x.clone()
    y[y > 1] = 0.0
    y.masked_fill_(y < -1, -1.0)
    return y


@program
def positions(x: Any) -> Any:
    y = x.clone()
    y[:, [0, 2]] = x[:, [2, 0]] * 2
    y.index_add_(1, torch.tensor([1, 1]), x[:, :2])
    y.scatter_(2, torch.tensor([[[0, 1]]]).expand(2, 4, 2), 5.0)
    return y


@program
def activation_after_sum(x: Any) -> Any:
    y = x * 2
    identity = y
    y = y + x
    y += identity
    return torch.relu_(y), identity


@program
def returned_view(x: Any) -> Any:
    y = x.clone()
    view = y[:, 1:]
    y.neg_()
    return view


@program
def data_attribute(x: Any) -> Any:
    y = x * 1
    y.data.clamp_(min=0)
    y.detach()[0] = 1
    return y


@program
def swapped(x: Any) -> Any:
    y, z = x.clone(), x.exp()
    y.copy_(z)
    z.zero_()
    return y, z


@program
def repeated(x: Any) -> Any:
    y = x.sum(1, keepdim=True)
    z = y.expand(-1, 3, -1)
    y.mul_(2)
    return z.contiguous()


@program
def accumulated_outputs(x: Any) -> Any:
    total = 0
    parts = []
    for step in range(3):
        total = total + x[:, step]
        parts.append(total)
    total += 1
    return torch.stack(parts, 1)


@program
def shapes_in_place(x: Any) -> Any:
    y = x.clone()
    y.unsqueeze_(0)
    y.squeeze_(0)
    y.transpose_(1, 2)
    y[:, 0] = 0
    return y * 1


@program
def state_carried(x: Any) -> Any:
    state, history = torch.zeros(2, 6, dtype=x.dtype), torch.zeros(2, 4, 6, dtype=x.dtype)
    for step in range(4):
        state.mul_(0.5).add_(x[:, step])
        history[:, step].copy_(state)
    return history, state


@program
def windows(x: Any) -> Any:
    y = x.clone()
    y.unfold(2, 2, 2)[..., 0] *= 3
    view = y.unfold(1, 3, 2)
    y.mT.unfold(1, 3, 3).select(3, 1).add_(1)
    return y, view * 2


@program
def diagonals(x: Any) -> Any:
    y = x.clone()
    y.diagonal(1, 1, 2).mul_(2)
    y[1].fill_diagonal_(3)
    return y, y.diagonal(0, 0, 1) + 1


@program
def strides(x: Any) -> Any:
    y = x.clone()
    y.as_strided((2, 3), (24, 7), 1).fill_(2)
    y.mT.as_strided((4,), (5,), 3)[1:] -= 1
    return y


@program
def parts_of_complex_numbers(x: Any) -> Any:
    y = torch.fft.rfft(x)
    torch.view_as_real(y)[..., 1:, 0] = 0.5
    z = x.reshape(2, 4, 3, 2).clone()
    torch.view_as_complex(z).mul_(2)
    return y.abs(), z


class Module(torch.nn.Module):
    def __init__(self, function: Program) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str) -> None:
    x = torch.randn(2, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    kept = x.clone()
    capture = capture_module(Module(PROGRAMS[name]), x)
    assert capture.error is None
    assert torch.equal(x, kept)
    validate(capture.graph)
    assert not [node.op for node in capture.graph.nodes if node.op not in REGISTRY]
    array = kept.numpy().copy()
    ours = run(capture.graph, {capture.graph.inputs[0]: array}, capture.weights()).outputs
    np.testing.assert_array_equal(array, kept.numpy())
    result = PROGRAMS[name](x.clone())
    theirs = result if isinstance(result, tuple) else (result,)
    assert len(capture.graph.outputs) == len(theirs)
    for output, wanted in zip(capture.graph.outputs, theirs, strict=True):
        assert ours[output].dtype.name == str(wanted.dtype).removeprefix("torch.")
        np.testing.assert_allclose(ours[output], wanted.numpy(), rtol=1e-12, atol=1e-12)
