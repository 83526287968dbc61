"""Operators that take functions: what the functions do is counted, whatever runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._higher_order_ops import associative_scan, map, scan, while_loop  # noqa: A004
from torch._ops import HigherOrderOperator

from netweight import weigh
from netweight.sources.torch import capture_module


class _Net(nn.Module):
    def __init__(self, program: Callable[[Any, Tensor], Any]) -> None:
        super().__init__()
        self.fc, self.small = nn.Linear(16, 16, bias=False), nn.Linear(16, 4, bias=False)
        self.big = nn.Sequential(nn.Linear(16, 64, bias=False), nn.Linear(64, 4, bias=False))
        self.gate = nn.Parameter(torch.tensor(1.0))
        self.register_buffer("flag", torch.tensor([False]))
        self.program = program

    def forward(self, x: Tensor) -> Any:
        return self.program(self, x)


SMALL, BIG, FC = 8 * 16 * 4, 8 * (16 * 64 + 64 * 4), 8 * 16 * 16


def _recur(m: Any) -> Callable[..., Any]:
    def step(state: Tensor, x: Tensor) -> Any:
        after = torch.tanh(m.fc(state) + x)
        return after, after.clone()

    return step


@torch.compiler.nested_compile_region
def _region(m: Any, x: Tensor) -> Tensor:
    return torch.relu(m.fc(x))


@torch.compiler.disable
def _not_compiled(m: Any, x: Tensor) -> Tensor:
    return m.fc(x)


KNOWN: dict[str, tuple[Callable[[Any, Tensor], Any], tuple[int, ...], int]] = {
    "a condition on a size": (lambda m, x: torch.cond(x.shape[0] > 4, m.big, m.small, (x,)), (8, 16), BIG),
    "a condition on a buffer": (lambda m, x: torch.cond(m.flag, m.big, m.small, (x,)), (8, 16), SMALL),
    "a condition on a weight": (lambda m, x: torch.cond(m.gate > 0, m.small, m.big, (x,)), (8, 16), SMALL),
    "a loop": (
        lambda m, x: while_loop(lambda i, _: i < 5, lambda i, v: (i + 1, m.fc(v)), (torch.tensor(0), x)), (8, 16),
        5 * FC,
    ),
    "a scan": (lambda m, x: scan(_recur(m), x[0], x, dim=0), (6, 8, 16), 6 * FC),
    "a scan from the end": (lambda m, x: scan(_recur(m), x[:, 0], x, dim=1, reverse=True), (8, 6, 16), 6 * FC),
    "a map": (lambda m, x: map(lambda row, w: {"y": m.fc(row) + w}, x, m.gate)["y"], (5, 8, 16), 5 * FC),
    "an associative scan": (
        lambda m, x: associative_scan(lambda a, b: a + b, m.fc(x), 0, combine_mode="generic"), (8, 16), FC
    ),
    "a region": (lambda m, x: _region(m, _region(m, x)), (8, 16), 2 * FC),
    "what is compiled": (lambda m, x: torch.compile(m.fc, fullgraph=True)(x), (8, 16), FC),
    "what is not compiled": (_not_compiled, (8, 16), FC),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_work_and_shapes_are_those_of_a_real_call(name: str) -> None:
    program, shape, macs = KNOWN[name]
    module = _Net(program)
    capture = capture_module(module, shape)
    assert capture.error is None, capture.error
    assert capture.exact
    assert weigh(module, shape).totals.macs == macs


@pytest.mark.parametrize("name", ["a scan", "a map"])
def test_results_have_the_shapes_of_a_real_call(name: str) -> None:
    program, shape, _ = KNOWN[name]
    with torch.no_grad():
        expected = _Net(program)(torch.randn(shape))
    graph = capture_module(_Net(program), shape).graph
    leaves = expected if isinstance(expected, tuple) else (expected,)
    assert [graph.values[name].spec.shape for name in graph.outputs] == [tuple(leaf.shape) for leaf in leaves]


def _nested(m: Any, x: Tensor) -> Any:
    inner = lambda v: torch.cond(v.mean() > 0, m.small, m.big, (v,))  # noqa: E731
    return torch.cond(x.sum() > 0, m.small, inner, (x,))


BY_DATA: dict[str, tuple[Callable[[Any, Tensor], Any], int]] = {
    "the first does more": (lambda m, x: torch.cond(x.sum() > 0, m.big, m.small, (x,)), BIG),
    "the second does more": (lambda m, x: torch.cond(x.sum() > 0, m.small, m.big, (x,)), BIG),
    "one in another": (_nested, BIG),
    "a loop": (lambda m, x: while_loop(lambda v: v.sum() < 9, lambda v: (m.fc(v),), (x,)), FC),
}


@pytest.mark.parametrize("name", BY_DATA)
def test_where_data_decide_more_work_is_taken_and_said(name: str) -> None:
    program, macs = BY_DATA[name]
    profile = weigh(_Net(program), (8, 16))
    assert profile.totals.macs == macs
    assert not profile.coverage.complete
    assert any("taken" in note for note in profile.notes)


def test_what_is_tried_leaves_no_calls_behind() -> None:
    """The function with less work is measured, and not recorded: its layers have no rows."""
    profile = weigh(_Net(BY_DATA["the second does more"][0]), (8, 16))
    assert [row.layer for row in profile.layers if row.macs] == ["big.0", "big.1"]


class _Own(HigherOrderOperator):
    def __init__(self) -> None:
        super().__init__("netweight_test_operator")

    def __call__(self, function: Any, x: Tensor) -> Any:
        return super().__call__(function, x)


OWN = _Own()


@OWN.py_impl(torch._C.DispatchKey.CompositeExplicitAutograd)
def _own(function: Any, x: Tensor) -> Tensor:
    return function(x)


def test_an_operator_that_nobody_knows_is_unknown_by_name() -> None:
    profile = weigh(_Net(lambda m, x: m.small(OWN(lambda v: v * 2, x))), (8, 16))
    assert [unknown.op for unknown in profile.coverage.unknown] == ["higher_order.netweight_test_operator"]
    assert profile.totals.macs == SMALL


def test_messages_have_no_addresses() -> None:
    def program(_m: Any, x: Tensor) -> Any:
        raise ValueError(f"no rule for {x * 1} and {object()}")

    fault = weigh(_Net(lambda m, x: program(m, m.fc(x))), (8, 16)).fault
    assert fault is not None
    assert "<object object>" in fault.message
    assert "0x" not in str(fault)


@torch.library.custom_op("netweight_test::scale_rows", mutates_args=())
def scale_rows(x: Tensor, w: Tensor) -> Tensor:
    """Rows times numbers."""
    return (x[:, :4] * w).clone()


@scale_rows.register_fake
def _(x: Tensor, w: Tensor) -> Tensor:
    return torch.empty_like(x[:, :4])


def test_a_custom_operator_has_the_shape_that_it_says() -> None:
    profile = weigh(_Net(lambda m, x: scale_rows(m.fc(x), m.gate) + m.small(x)), (8, 16))
    assert [unknown.op for unknown in profile.coverage.unknown] == ["netweight_test.scale_rows"]
    assert profile.totals.macs == FC + SMALL
