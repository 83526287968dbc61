"""The largest, the smallest, and the logarithm of the sum of exponentials so far along one dimension.

Shapes
    cummax, cummin  x -> values and indices of the shape of x
    logcumsumexp    x -> y of the shape of x

Of equal elements the last one is picked, as in PyTorch.

Source: torch.cummax, torch.cummin, torch.logcumsumexp.
"""

from __future__ import annotations

from collections.abc import Callable

from netweight.count import product
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.arrays.elementwise import work_of
from netweight.ops.dims import check_dims
from netweight.ops.reduce.cumulative import CumsumAttrs, cumsum_extent
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, register


def _steps(attrs: CumsumAttrs, x: TensorSpec, **each: int) -> Cost:
    """``each`` operations per element but the first along the dimension."""
    length = x.shape[attrs.dim]
    named = {"rows": x.numel // max(length, 1), "length - 1": max(length - 1, 0)}
    return Cost(**{kind: product(named, each=count) for kind, count in each.items()})


def register_running(
    name: str, accumulate: Callable[[Array, int], Array], reaches: Callable[[Array, Array], Array]
) -> OpDef:
    """Register a running extreme.

    Args:
        name: Name in the graph.
        accumulate: (x, dim) to the extremes so far.
        reaches: Whether an element (first) is as extreme as any before it (second).
    """

    def shape(attrs: CumsumAttrs, x: TensorSpec) -> tuple[TensorSpec, TensorSpec]:
        check_dims(name, x.shape, attrs.dim)
        return x, TensorSpec(x.shape, "int64")

    def cost(attrs: CumsumAttrs, x: TensorSpec) -> Cost:
        return _steps(attrs, x, compares=1)

    def forward(attrs: CumsumAttrs, x: Array) -> tuple[Array, Array]:
        values = accumulate(x, attrs.dim)
        places = np.arange(x.shape[attrs.dim]).reshape(-1, *(1,) * (x.ndim - attrs.dim - 1))
        picked = np.where(reaches(x, values) | (x != x), places, 0)  # noqa: PLR0124  -- what differs from itself is NaN
        return values, np.maximum.accumulate(picked, axis=attrs.dim)

    def backward(attrs: CumsumAttrs, grad_y: tuple[Array, Array], x: Array, *, y1: Array) -> tuple[Array]:
        grad_x = np.zeros(x.shape, grad_y[0].dtype)
        at: list[Array] = list(np.indices(x.shape, sparse=True))
        at[attrs.dim] = y1
        np.add.at(grad_x, tuple(at), grad_y[0])
        return (grad_x,)

    def backward_cost(_attrs: CumsumAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
        return work_of(x.numel, {"adds": 1}) if any(wanted) else FREE

    return register(
        OpDef(
            name=name,
            kind="reduce",
            attrs=CumsumAttrs,
            inputs=("x",),
            shape=shape,
            cost=cost,
            forward=forward,
            backward=backward,
            backward_cost=backward_cost,
            saves=("y1",),
            extent=cumsum_extent,
        )
    )


def logcumsumexp_shape(attrs: CumsumAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    check_dims("logcumsumexp", x.shape, attrs.dim)
    return x


def logcumsumexp_cost(attrs: CumsumAttrs, x: TensorSpec) -> Cost:
    """Per element but the first that of ``logaddexp``: max(a, b) + log(1 + exp(-|a - b|))."""
    return _steps(attrs, x, compares=2, adds=3, exps=1, logs=1)


def logcumsumexp_forward(attrs: CumsumAttrs, x: Array) -> Array:
    """log(sum of exp of the elements up to this one)."""
    return np.logaddexp.accumulate(x, axis=attrs.dim).astype(x.dtype, copy=False)


def logcumsumexp_backward(attrs: CumsumAttrs, grad_y: Array, x: Array, *, y: Array) -> tuple[Array]:
    """exp(x) times the sum of grad_y exp(-y) from this one on."""
    shares = np.flip(grad_y * np.exp(-y), attrs.dim)
    return (np.exp(x) * np.flip(np.cumsum(shares, axis=attrs.dim), attrs.dim),)


def logcumsumexp_backward_cost(_attrs: CumsumAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """Two exponentials, a change of sign, two products and a sum per element."""
    return work_of(x.numel, {"exps": 2, "adds": 2, "muls": 2}) if any(wanted) else FREE


CUMMAX = register_running(
    "cummax", lambda x, dim: np.maximum.accumulate(x, axis=dim), lambda element, so_far: element >= so_far
)
CUMMIN = register_running(
    "cummin", lambda x, dim: np.minimum.accumulate(x, axis=dim), lambda element, so_far: element <= so_far
)
LOGCUMSUMEXP = register(
    OpDef(
        name="logcumsumexp",
        kind="reduce",
        attrs=CumsumAttrs,
        inputs=("x",),
        shape=logcumsumexp_shape,
        cost=logcumsumexp_cost,
        forward=logcumsumexp_forward,
        backward=logcumsumexp_backward,
        backward_cost=logcumsumexp_backward_cost,
        saves=("x", "y"),
        extent=cumsum_extent,
    )
)
