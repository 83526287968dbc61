"""Running ones along one dimension: sums, products, extremes, logarithms of sums of exponentials.

Shapes
    cumsum, cumprod, logcumsumexp  x -> y of the shape of x
    cummax, cummin                 x -> values and indices of the shape of x

Of equal elements the last one is picked, as in PyTorch.

Source: torch.cumsum, torch.cumprod, torch.cummax, torch.cummin, torch.logcumsumexp; ONNX CumSum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.elementwise import per_element_backward
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.reduce.reduction import counting_dtype
from netweight.ops.table import FREE, Cost, OpDef, Wanted, define


@dataclass(frozen=True, slots=True, kw_only=True)
class CumsumAttrs:
    """Attributes of a running sum, and of others that run.

    Attributes:
        dim: Dimension it runs along.
    """

    dim: int


def steps(attrs: CumsumAttrs, x: TensorSpec, **each: int) -> Cost:
    """``each`` operations per element but the first along the dimension."""
    length = x.shape[attrs.dim]
    named = {"rows": x.numel // max(length, 1), "length - 1": max(length - 1, 0)}
    return Cost(**{kind: product(named, each=count) if count > 1 else product(named) for kind, count in each.items()})


def running_extent(attrs: CumsumAttrs, _x: TensorSpec) -> Extent:
    """The last result reads everything along the dimension."""
    return Mixes((attrs.dim,))


def register_running(
    name: str,
    forward: Callable[[Array, int], Any],
    backward: Callable[..., Array],
    each: dict[str, int],
    backward_cost: Callable[..., Cost],
    *,
    saves: tuple[str, ...] = (),
    picks: bool = False,
) -> OpDef:
    """Register what runs along a dimension.

    Args:
        name: Name in the graph.
        forward: (x, dim) to the results so far, and to where they were if it ``picks``.
        backward: (grad_y, x, dim, **saved) to the gradient of ``x``.
        each: Work of a step, by kind; there is one per element but the first.
        backward_cost: As in ``OpDef``.
        saves: What ``backward`` reads values of.
        picks: Whether each result is an element of ``x``, of its type; else booleans are counted in int64.
    """

    def shape(attrs: CumsumAttrs, x: TensorSpec) -> TensorSpec | tuple[TensorSpec, TensorSpec]:
        check_dims(name, x.shape, attrs.dim)
        return (x, TensorSpec(x.shape, "int64")) if picks else TensorSpec(x.shape, counting_dtype(x.dtype))

    def cost(attrs: CumsumAttrs, x: TensorSpec) -> Cost:
        """A step for each element but the first along the dimension."""
        return steps(attrs, x, **each)

    return define(
        name=name,
        kind="reduce",
        attrs=CumsumAttrs,
        shape=shape,
        cost=cost,
        forward=lambda attrs, x: forward(x, attrs.dim),
        backward=lambda attrs, grad_y, x, **saved: (backward(grad_y, x, attrs.dim, **saved),),
        backward_cost=backward_cost,
        saves=saves,
        extent=running_extent,
    )


def from_here(grads: Array, dim: int) -> Array:
    """Sum of the gradients from each one on."""
    return np.flip(np.cumsum(np.flip(grads, dim), axis=dim), dim)


def cumprod_backward(grad_y: Array, x: Array, dim: int) -> Array:
    """Product of the elements before, times s = grad_y + next element * next s: no division, so zeros do no harm."""
    rows, grads = np.moveaxis(x, dim, 0), np.moveaxis(grad_y, dim, 0)
    before = np.ones_like(rows)
    before[1:] = np.cumprod(rows[:-1], axis=0)
    after = np.array(grads)
    for at in reversed(range(len(rows) - 1)):
        after[at] += rows[at + 1] * after[at + 1]
    return np.moveaxis(before * after, 0, dim)


def extremes(accumulate: Callable[..., Array], reaches: Callable[[Array, Array], Array]) -> Callable[..., Any]:
    """Extremes so far and where they were; ``reaches`` says whether an element is as extreme as any before it."""

    def forward(x: Array, dim: int) -> tuple[Array, Array]:
        values = accumulate(x, axis=dim)
        places = np.arange(x.shape[dim]).reshape(-1, *(1,) * (x.ndim - dim - 1))
        picked = np.where(reaches(x, values) | (x != x), places, 0)  # noqa: PLR0124  -- what differs from itself is NaN
        return values, np.maximum.accumulate(picked, axis=dim)

    return forward


def extremes_backward(grad_y: tuple[Array, Array], x: Array, dim: int, *, y1: Array) -> Array:
    """The gradient goes to the element picked."""
    grad_x = np.zeros(x.shape, grad_y[0].dtype)
    at: list[Array] = list(np.indices(x.shape, sparse=True))
    at[dim] = y1
    np.add.at(grad_x, tuple(at), grad_y[0])
    return grad_x


def _that_of_the_forward(attrs: CumsumAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    return steps(attrs, x, adds=1) if any(wanted) else FREE


CUMSUM = register_running(
    "cumsum",
    lambda x, dim: np.cumsum(x, axis=dim, dtype=counting_dtype(x.dtype.name)),
    lambda grad_y, _x, dim: from_here(grad_y, dim),
    {"adds": 1},
    _that_of_the_forward,
)
# Products from both ends, and of both.
CUMPROD = register_running(
    "cumprod",
    lambda x, dim: np.cumprod(x, axis=dim, dtype=counting_dtype(x.dtype.name)),
    cumprod_backward,
    {"muls": 1},
    per_element_backward(muls=3, adds=1),
    saves=("x",),
)
CUMMAX = register_running(
    "cummax",
    extremes(lambda x, axis: np.maximum.accumulate(x, axis=axis), lambda element, so_far: element >= so_far),
    extremes_backward,
    {"compares": 1},
    per_element_backward(adds=1),
    saves=("y1",),
    picks=True,
)
CUMMIN = register_running(
    "cummin",
    extremes(lambda x, axis: np.minimum.accumulate(x, axis=axis), lambda element, so_far: element <= so_far),
    extremes_backward,
    {"compares": 1},
    per_element_backward(adds=1),
    saves=("y1",),
    picks=True,
)
# A step is max(a, b) + log(1 + exp(-|a - b|)). The gradient is exp(x) times the sum of grad_y exp(-y) from here on.
LOGCUMSUMEXP = register_running(
    "logcumsumexp",
    lambda x, dim: np.logaddexp.accumulate(x, axis=dim).astype(x.dtype, copy=False),
    lambda grad_y, x, dim, y: np.exp(x) * from_here(grad_y * np.exp(-y), dim),
    {"compares": 2, "adds": 3, "exps": 1, "logs": 1},
    per_element_backward(exps=2, adds=2, muls=2),
    saves=("x", "y"),
)
