"""How many elements fall into each of some equal intervals.

Shapes
    x  any
    y  (bins,), of the type of x

Source: torch.histc, by which mixtures of experts count the tokens of each expert.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, define, free, not_differentiable


@dataclass(frozen=True, slots=True, kw_only=True)
class HistcAttrs:
    """Attributes of a histogram.

    Attributes:
        bins: Intervals.
        min: Where the first one starts.
        max: Where the last one ends; it belongs to that one.
    """

    bins: int
    min: float
    max: float


def histc_shape(attrs: HistcAttrs, x: TensorSpec) -> TensorSpec:
    """One count per interval."""
    if attrs.bins < 1 or attrs.min >= attrs.max:
        raise ShapeError(
            f"histc: expected at least 1 bin and min < max, got {attrs.bins} from {attrs.min} to {attrs.max}"
        )
    return TensorSpec((attrs.bins,), x.dtype)


def histc_cost(_attrs: HistcAttrs, x: TensorSpec) -> Cost:
    """Per element: two comparisons with the ends, its place (subtract, multiply, round down), and one count."""
    if not x.numel:
        return FREE
    return Cost(
        compares=product(elements=x.numel, each=3),
        adds=product(elements=x.numel, each=2),
        muls=product(elements=x.numel),
    )


def histc_forward(attrs: HistcAttrs, x: Array) -> Array:
    """Elements outside of all intervals are in none."""
    inside = x[(x >= attrs.min) & (x <= attrs.max)]
    at = np.floor((inside - attrs.min) * (attrs.bins / (attrs.max - attrs.min))).astype(np.int64)
    counts = np.bincount(np.minimum(at, attrs.bins - 1), minlength=attrs.bins)
    y: Array = counts.astype(x.dtype)
    return y


def histc_extent(_attrs: HistcAttrs, x: TensorSpec) -> Extent:
    """Every element."""
    return Mixes(tuple(range(len(x.shape))))


HISTC = define(
    name="histc",
    kind="reduce",
    attrs=HistcAttrs,
    shape=histc_shape,
    cost=histc_cost,
    forward=histc_forward,
    backward=not_differentiable,
    backward_cost=free,
    extent=histc_extent,
    dims={"y": "bins"},
)
