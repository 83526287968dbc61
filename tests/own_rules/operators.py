"""Operators of a library that nobody knows, with kernels that compute, and rules for them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from netweight import Cost, Counted, TensorSpec

LIBRARY = "netweight_tests"


@torch.library.custom_op(f"{LIBRARY}::gate", mutates_args=())
def gate(x: Tensor, weight: Tensor, bias: Tensor | None = None, *, power: int = 1) -> Tensor:
    """silu(x weightᵀ + bias) ** power, as a kernel of somebody's would compute it."""
    y = torch.nn.functional.silu(torch.nn.functional.linear(x, weight, bias))
    return y**power


@gate.register_fake
def _(x: Tensor, weight: Tensor, bias: Tensor | None = None, *, power: int = 1) -> Tensor:
    return x.new_empty((*x.shape[:-1], weight.shape[0]))


@torch.library.custom_op(f"{LIBRARY}::halves", mutates_args=())
def halves(x: Tensor) -> tuple[Tensor, Tensor]:
    """Two results, and no meta kernel."""
    first, second = x.chunk(2, -1)
    return first * 2, second + 1


@torch.library.custom_op(f"{LIBRARY}::add_to", mutates_args=("total",))
def add_to(total: Tensor, x: Tensor) -> None:
    """Adds in place, and gives nothing back."""
    total += x


@torch.library.custom_op(f"{LIBRARY}::mixed", mutates_args=())
def mixed(xs: list[Tensor], weights: list[float]) -> Tensor:
    """Sum of several tensors with a factor each."""
    return sum((x * w for x, w in zip(xs, weights, strict=True)), torch.zeros_like(xs[0]))


@mixed.register_fake
def _(xs: list[Tensor], weights: list[float]) -> Tensor:
    return torch.empty_like(xs[0])


def gate_rule(x: TensorSpec, weight: TensorSpec, bias: TensorSpec | None = None, *, power: int = 1) -> Counted:
    """One product per output element and feature, then silu and the power."""
    features, rows = weight.shape[1], x.numel // x.shape[-1]
    y = TensorSpec((*x.shape[:-1], weight.shape[0]), x.dtype)
    each = y.numel
    return Counted(
        y,
        Cost(
            macs=y.numel * features, adds=each + (0 if bias is None else each), exps=each, divs=each,
            muls=each * (power - 1),
        ),
        saves=("x", "weight", TensorSpec(y.shape, x.dtype)),
        backward={
            "x": Cost(macs=x.numel * weight.shape[0]),
            "weight": Cost(macs=weight.numel * rows),
            **({} if bias is None else {"bias": Cost(adds=each)}),
        },
    )  # fmt: skip


class Gated(nn.Module):
    """A layer around the operator."""

    def __init__(self, bias: bool = True) -> None:
        super().__init__()
        self.first = nn.Linear(6, 4)
        self.weight = nn.Parameter(torch.ones(5, 4))
        self.bias = nn.Parameter(torch.ones(5)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """One call of it."""
        y: Tensor = torch.ops.netweight_tests.gate(self.first(x), self.weight, self.bias, power=2)
        return y
