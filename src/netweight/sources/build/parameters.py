"""How parameters are made."""

from __future__ import annotations

import math

from netweight.errors import ShapeError
from netweight.ir import Init
from netweight.sources.build.core import Builder, Symbol

ZEROS = Init(kind="zeros")
ONES = Init(kind="ones")


def he(fan_in: int) -> Init:
    """He et al. 2015: normal with variance 2 / fan_in, for layers followed by ReLU."""
    return Init(kind="normal", scale=math.sqrt(2 / max(fan_in, 1)))


def xavier(fan_in: int, fan_out: int) -> Init:
    """Glorot & Bengio 2010: uniform within sqrt(6 / (fan_in + fan_out))."""
    return Init(kind="uniform", scale=math.sqrt(6 / max(fan_in + fan_out, 1)))


def size_of(x: Symbol, dim: int, layer: str) -> int:
    """Size of a dimension that a layer needs to make its weights.

    Raises:
        ShapeError: If ``x`` does not have the dimension.
    """
    wanted = -dim if dim < 0 else dim + 1
    if len(x.shape) < wanted:
        raise ShapeError(f"{layer}: expected x of at least {wanted} dimensions, got {x.shape}")
    return x.shape[dim]


def parameter(x: Symbol, name: str, shape: tuple[int, ...], init: Init = ZEROS) -> Symbol:
    """A parameter of its own in the network of ``x``, to be shared by layers or used in arithmetic."""
    layer = x.builder.layer_name(name)
    parent, _, last = layer.rpartition(".")
    return x.builder.state(parent, last, shape, init)


def weight_and_bias(
    builder: Builder, shape: tuple[int, ...], *, weight: bool, bias: bool
) -> tuple[Symbol | None, Symbol | None]:
    """Parameters of the layer that is being recorded that start as the identity."""
    return builder.own("weight", shape, ONES) if weight else None, builder.own("bias", shape, ZEROS) if bias else None
