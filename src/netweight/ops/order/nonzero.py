"""Where a tensor is not zero.

Shapes
    x  any
    y  (count, dimensions of x), positions in row-major order

How many there are depends on the values, so the shape rule takes a number: ``count``, or all elements, the most that
there can be. ``forward`` returns as many as there are.

Source: torch.nonzero; ONNX NonZero, which returns the transpose.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import Cost, define, free, not_differentiable


@dataclass(frozen=True, slots=True, kw_only=True)
class NonzeroAttrs:
    """Attributes of finding what is not zero.

    Attributes:
        count: Elements taken to be found; None for all of them.
    """

    count: int | None = None


def taken_count(op: str, count: int | None, most: int) -> int:
    """The number assumed, or the most that there can be."""
    if count is None:
        return most
    if not 0 <= count <= most:
        raise ShapeError(f"{op}: expected a count from 0 to {most}, got {count}")
    return count


def nonzero_shape(attrs: NonzeroAttrs, x: TensorSpec) -> TensorSpec:
    """A row of int64 per element found."""
    return TensorSpec((taken_count("nonzero", attrs.count, x.numel), len(x.shape)), "int64")


def nonzero_cost(_attrs: NonzeroAttrs, x: TensorSpec) -> Cost:
    """A comparison with zero per element; positions are walked along, not computed."""
    return Cost(compares=product(elements=x.numel))


def nonzero_forward(_attrs: NonzeroAttrs, x: Array) -> Array:
    """Positions of all that is not zero."""
    return np.argwhere(x).astype(np.int64, copy=False)


def nonzero_extent(_attrs: NonzeroAttrs, x: TensorSpec) -> Extent:
    """Every element."""
    return Mixes(tuple(range(len(x.shape))))


NONZERO = define(
    name="nonzero",
    kind="reduce",
    attrs=NonzeroAttrs,
    shape=nonzero_shape,
    cost=nonzero_cost,
    forward=nonzero_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=nonzero_extent,
    dims={"y": "found dimensions"},
)
