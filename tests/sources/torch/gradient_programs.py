"""Random programs of what a program can do about its gradients, in parts that lie in parts."""

# ruff: noqa: ARG004, ARG005 - all of these are called with the same arguments

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn import functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint

WIDTH = 6


class KeepsInput(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return torch.sigmoid(x) * x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad * s * (1 + x * (1 - s))


class Mixes(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        y = torch.tanh(x @ weight)
        ctx.save_for_backward(x, weight, y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight, y = ctx.saved_tensors
        grad = grad * (1 - y * y)
        wants_x, wants_weight = ctx.needs_input_grad
        return grad @ weight.t() if wants_x else None, x.t() @ grad if wants_weight else None


class Straight(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return torch.round(x)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return grad


def without_seeing(x: Tensor) -> Tensor:
    """Written behind autograd's back, where nothing else has kept it."""
    y = x * 1.0
    with torch.no_grad():
        y.mul_(0.5)
    return y


def through_data(x: Tensor) -> Tensor:
    y = x + 0.0
    y.data.clamp_(-0.5, 0.5)
    return y


def ste(x: Tensor) -> Tensor:
    return x + (torch.sign(x) - x).detach()


PLAIN: list[Callable[[Any, Tensor, int], Tensor]] = [
    lambda net, x, at: net.layers[at](x),
    lambda net, x, at: net.layers[at](x),
    lambda net, x, at: torch.tanh(x),
    lambda net, x, at: torch.relu(x),
    lambda net, x, at: x * torch.sigmoid(x),
    lambda net, x, at: F.linear(x, net.layers[at].weight.detach()),
    lambda net, x, at: F.linear(x, net.layers[at].weight.data, net.layers[at].bias),
    lambda net, x, at: x.detach(),
    lambda net, x, at: KeepsInput.apply(x),
    lambda net, x, at: Mixes.apply(x, net.layers[at].weight),
    lambda net, x, at: Straight.apply(x),
    lambda net, x, at: without_seeing(x),
    lambda net, x, at: through_data(x),
    lambda net, x, at: ste(x),
    lambda net, x, at: x.detach().requires_grad_(),
    lambda net, x, at: net.layers[at](x) if x.requires_grad else torch.tanh(x),
]
REPEATABLE = len(PLAIN) - 2
"""Operators that do the same in both runs of a reentrant checkpoint, the first of which has no gradients.

What it is given must get a gradient in it: PyTorch believes that it does.
"""
AROUND = ("no_grad", "enable_grad", "until the last", "whole")


@dataclass
class Part:
    """Statements: numbers of an operator, of what it reads and of a layer; or parts, and what is around them."""

    statements: list[Any] = field(default_factory=list)
    around: str = ""
    reads: int = 0

    @classmethod
    def drawn(cls, rng: random.Random, around: str = "", kinds: int = len(PLAIN), depth: int = 0) -> Part:
        """A part with parts in it, of the first ``kinds`` operators."""
        part = cls(around=around, reads=rng.randrange(1 << 16))
        for _ in range(rng.randint(1, 5)):
            if depth < 2 and rng.random() < 0.35:
                inner = rng.choice(AROUND[kinds == REPEATABLE :])
                part.statements.append(cls.drawn(rng, inner, REPEATABLE if inner == "whole" else kinds, depth + 1))
            else:
                part.statements.append((rng.randrange(kinds), rng.randrange(1 << 16), rng.randrange(3)))
        return part

    def run(self, net: Any, x: Tensor) -> Tensor:
        """What it gives: the sum of its last two tensors."""
        pool = [x]
        for statement in self.statements:
            if isinstance(statement, Part):
                given = pool[statement.reads % len(pool)]
                pool.append(statement.inside(net, given))
            else:
                kind, read, layer = statement
                pool.append(PLAIN[kind](net, pool[read % len(pool)], layer))
        return pool[-1] + pool[-2]

    def inside(self, net: Any, x: Tensor) -> Tensor:
        """The same, under what is around it."""
        if self.around == "no_grad":
            with torch.no_grad():
                return self.run(net, x)
        if self.around == "enable_grad":
            with torch.enable_grad():
                return self.run(net, x)
        return checkpoint(lambda x: self.run(net, x), x, use_reentrant=self.around == "whole")


class Program(nn.Module):
    """A drawn program between two layers."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        rng = random.Random(seed)
        torch.manual_seed(seed)
        self.layers = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(3))
        self.first, self.last = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.part = Part.drawn(rng)
        if rng.random() < 0.3:
            self.layers[0].requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.part.run(self, self.first(x)))
