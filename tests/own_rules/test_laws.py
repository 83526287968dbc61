"""``check_rule``: a rule that says something else than the operator does is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from tests.own_rules.operators import LIBRARY
from torch import Tensor, nn

from netweight import Cost, Counted, TensorSpec, UsageError
from netweight.testing import check_rule


class Square(torch.autograd.Function):
    """x * x * factor; keeps both, and half a tensor of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: Tensor, mode: str) -> Tensor:
        """Saves what backward reads."""
        assert mode == "plain"
        ctx.save_for_backward(x, factor, (x > 0))
        return x * x * factor

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:  # type: ignore[override]
        """Of both tensors."""
        x, factor, _ = ctx.saved_tensors
        return grad * 2 * x * factor, (grad * x * x).sum(0), None


def square_rule(x: TensorSpec, factor: TensorSpec, mode: str) -> Counted:
    """Two products per element."""
    return Counted(
        x,
        Cost(muls=2 * x.numel),
        saves=("x", "factor", TensorSpec(x.shape, "bool")),
        backward={"x": Cost(muls=3 * x.numel), "factor": Cost(muls=2 * x.numel, adds=x.numel - factor.numel)},
    )


@torch.library.custom_op(f"{LIBRARY}::cube", mutates_args=())
def cube(x: Tensor) -> Tensor:
    """x * x * x, with a backward."""
    return x * x * x


cube.register_fake(torch.empty_like)
cube.register_autograd(
    lambda ctx, grad: 3 * grad * ctx.saved_tensors[0] ** 2,
    setup_context=lambda ctx, inputs, output: ctx.save_for_backward(*inputs),  # noqa: ARG005
)


def cube_rule(x: TensorSpec) -> Counted:
    """Two products per element."""
    return Counted(None, Cost(muls=2 * x.numel), saves=("x",), backward={"x": Cost(muls=3 * x.numel)})


class Gate(nn.Module):
    """Two layers and a product."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(6, 4), nn.Linear(6, 4, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """left(x) * right(x)."""
        y: Tensor = self.left(x) * self.right(x)
        return y


def gate_rule(module: Gate, x: TensorSpec) -> Counted:
    """Two products of matrices and one of elements."""
    y = TensorSpec((*x.shape[:-1], module.left.out_features), x.dtype)
    each = Cost(macs=y.numel * x.shape[-1])
    return Counted(
        y,
        Cost(macs=2 * y.numel * x.shape[-1], adds=y.numel, muls=y.numel),
        saves=("x", "left.weight", "right.weight", y, y),
        backward={"x": each + each, "left.weight": each, "right.weight": each, "left.bias": Cost(adds=y.numel)},
    )


CASES: dict[str, tuple[Any, Callable[..., Counted], tuple[Any, ...]]] = {
    "operator": (f"{LIBRARY}::cube", cube_rule, (torch.ones(2, 6),)),
    "function": (Square, square_rule, (torch.ones(2, 6), torch.ones(6), "plain")),
    "module": (Gate(), gate_rule, (torch.ones(2, 6),)),
}
WRONG: dict[str, tuple[str, str, Callable[[Counted], Counted]]] = {
    "a shape": (
        "function",
        r"outputs are float32\[2\], a run gives float32\[2, 6\]",
        lambda c: replace(c, outputs=TensorSpec((2,))),
    ),
    "a type": ("module", r"outputs are float16\[2, 4\]", lambda c: replace(c, outputs=TensorSpec((2, 4), "float16"))),
    "too few saved": ("function", "saves x, autograd keeps factor, x", lambda c: replace(c, saves=("x",))),
    "too many saved": ("operator", "saves x, y, autograd keeps x", lambda c: replace(c, saves=("x", "y"))),
    "other bytes": (
        "function",
        "saves 48 B besides arguments and results, autograd keeps 12 B",
        lambda c: replace(c, saves=("x", "factor", TensorSpec((2, 6)))),
    ),
    "a gradient too few": (
        "module",
        "autograd gives gradients of left.bias, left.weight, right.weight, x",
        lambda c: replace(c, backward={"x": Cost(macs=1)}),
    ),
    "a batch": ("operator", "five samples cost 7 adds, two and three 14 adds", lambda c: replace(c, cost=Cost(adds=7))),
}


@pytest.mark.parametrize("name", CASES)
def test_true_rules_hold(name: str) -> None:
    target, rule, args = CASES[name]
    check_rule(target, *args, rule=rule, batched=["x"])


@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones_do_not(name: str) -> None:
    case, says, change = WRONG[name]
    target, rule, args = CASES[case]

    def wrong(*given: Any) -> Counted:
        return change(rule(*given))

    with pytest.raises(AssertionError, match=says) as found:
        check_rule(target, *args, rule=wrong, batched=["x"])
    assert "test_laws.py:" in str(found.value)


def test_without_a_backward_only_the_forward_is_compared() -> None:
    def rule(xs: list[TensorSpec], weights: list[float]) -> Counted:
        return Counted(xs[0], Cost(muls=len(weights) * xs[0].numel))

    check_rule(f"{LIBRARY}::mixed", [torch.ones(3), torch.ones(3)], [1.0, 2.0], rule=rule)


def test_what_is_written_is_a_copy() -> None:
    def rule(total: TensorSpec, x: TensorSpec) -> Counted:
        assert total == x
        return Counted((), Cost(adds=total.numel))

    total = torch.zeros(3)
    check_rule(f"{LIBRARY}::add_to", total, torch.ones(3), rule=rule)
    assert not total.any()


def test_there_is_a_rule() -> None:
    with pytest.raises(UsageError, match=r"expected a rule of '.*cube', got none"):
        check_rule(f"{LIBRARY}::cube", torch.ones(3))
    with pytest.raises(UsageError, match="expected an operator that PyTorch has, got 'nobody::has'"):
        check_rule("nobody::has", torch.ones(3), rule=cube_rule)
    with pytest.raises(UsageError, match="batched: expected names among x, got 'z'"):
        check_rule(f"{LIBRARY}::cube", torch.ones(3), rule=cube_rule, batched=["z"])
