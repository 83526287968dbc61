"""Reductions: many elements to one, along some dimensions.

Shapes
    x  any
    y  x with the reduced dimensions left out, or kept with size 1

``rows`` below is ``x`` with the reduced dimensions moved to the end and flattened: (*kept, reduced).

Source: torch.sum, torch.mean, torch.prod, torch.var; ONNX ReduceSum, ReduceMean, ReduceProd.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.dims import merged
from netweight.ops.arrays.elementwise import per_element_backward
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.table import FREE, Cost, OpDef, Saves, Wanted, define, free


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceAttrs:
    """Attributes of a reduction.

    Attributes:
        dims: Dimensions to reduce; empty for all of them.
        keepdim: Keep them with size 1.
    """

    dims: tuple[int, ...] = ()
    keepdim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VarAttrs(ReduceAttrs):
    """Attributes of a variance, beside those of any reduction.

    Attributes:
        correction: Subtracted from the number of elements in the divisor; 1 for an unbiased estimate.
    """

    correction: int = 1


def reduced_dims(attrs: ReduceAttrs, rank: int) -> tuple[int, ...]:
    """The dimensions, all of them written out."""
    return attrs.dims or tuple(range(rank))


def reduced_size(attrs: ReduceAttrs, shape: tuple[int, ...]) -> int:
    """Elements that become one."""
    return math.prod(shape[dim] for dim in reduced_dims(attrs, len(shape)))


def reduced_spec(op: str, attrs: ReduceAttrs, x: TensorSpec) -> TensorSpec:
    """``x`` without the reduced dimensions, or with size 1 in their place."""
    check_dims(op, x.shape, *attrs.dims)
    dims = reduced_dims(attrs, len(x.shape))
    if reduced_size(attrs, x.shape) < 1:
        raise ShapeError(f"{op}: expected at least one element to reduce, got shape {x.shape} and dims {dims}")
    sizes = [1 if dim in dims else size for dim, size in enumerate(x.shape)]
    return TensorSpec(tuple(s for dim, s in enumerate(sizes) if attrs.keepdim or dim not in dims), x.dtype)


def to_rows(attrs: ReduceAttrs, x: Array) -> Array:
    """``x`` as (*kept, reduced)."""
    dims = reduced_dims(attrs, x.ndim)
    kept = tuple(dim for dim in range(x.ndim) if dim not in dims)
    return merged(x.transpose(kept + dims), len(kept))


def from_rows(attrs: ReduceAttrs, rows: Array, shape: tuple[int, ...]) -> Array:
    """Transpose of ``to_rows``: the dimensions of ``shape`` where they were."""
    dims = reduced_dims(attrs, len(shape))
    order = (*(dim for dim in range(len(shape)) if dim not in dims), *dims)
    return rows.reshape(tuple(shape[dim] for dim in order)).transpose(tuple(map(order.index, range(len(shape)))))


def counting_dtype(dtype: str) -> str:
    """Booleans are counted in int64; everything else keeps its type."""
    return "int64" if dtype == "bool" else dtype


def reduce_extent(attrs: ReduceAttrs, x: TensorSpec) -> Extent:
    """All positions along the reduced dimensions."""
    return Mixes(reduced_dims(attrs, len(x.shape)))


def register_reduction(
    name: str,
    *,
    forward: Callable[..., Any],
    backward: Callable[..., tuple[Array | None, ...]],
    cost: Callable[[int, int], Cost],
    backward_cost: Callable[..., Cost],
    saves: Saves = (),
    dtype: Callable[[str], str] = lambda dtype: dtype,
    indices: bool = False,
    attrs: type = ReduceAttrs,
    check: Callable[[Any, TensorSpec], None] = lambda _attrs, _x: None,
    complex_with: Literal["complex", "real"] = "complex",
) -> OpDef:
    """Register a reduction.

    Args:
        name: Name in the graph.
        forward: Arrays to array.
        backward: Gradient of ``x``, or ``not_differentiable``.
        cost: Number of outputs and of elements that become one, to work done.
        backward_cost: As in ``OpDef``.
        saves: What ``backward`` reads values of.
        dtype: Element type of the result from that of ``x``.
        indices: Whether ``forward`` also returns the positions it chose.
        attrs: Class of the attributes.
        check: Raises ``ShapeError`` where the attributes do not suit ``x``.
        complex_with: As in ``OpDef``.
    """

    def shape(attrs: Any, x: TensorSpec) -> TensorSpec | tuple[TensorSpec, TensorSpec]:
        y = TensorSpec(reduced_spec(name, attrs, x).shape, dtype(x.dtype))
        check(attrs, x)
        return (y, TensorSpec(y.shape, "int64")) if indices else y

    def work(attrs: Any, x: TensorSpec) -> Cost:
        return cost(reduced_spec(name, attrs, x).numel, reduced_size(attrs, x.shape))

    return define(
        name=name,
        kind="reduce",
        attrs=attrs,
        shape=shape,
        cost=work,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves=saves,
        extras=("indices",) if indices else (),
        extent=reduce_extent,
        complex_with=complex_with,
    )


def combining(kind: str) -> Callable[[int, int], Cost]:
    """Cost of one operation of a kind fewer than elements, per output."""
    return lambda outputs, reduced: Cost(**{kind: product({"outputs": outputs, "reduced - 1": reduced - 1})})


def mean_cost(outputs: int, reduced: int) -> Cost:
    """A sum, and one division per output."""
    return combining("adds")(outputs, reduced) + Cost(divs=product(outputs=outputs))


def var_cost(outputs: int, reduced: int) -> Cost:
    """A mean; per element its deviation and the square of that; their sum, and one division per output."""
    deviations = Cost(
        adds=product(outputs=outputs, reduced=reduced),
        muls=product(outputs=outputs, reduced=reduced),
    )
    return mean_cost(outputs, reduced) + deviations + mean_cost(outputs, reduced)


def sum_forward(attrs: ReduceAttrs, x: Array) -> Array:
    """Sum in the type of ``x``."""
    dims, dtype = reduced_dims(attrs, x.ndim), counting_dtype(x.dtype.name)
    return np.asarray(x.sum(axis=dims, keepdims=attrs.keepdim, dtype=dtype))


def sum_backward(attrs: ReduceAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """The same gradient for every addend."""
    return (np.broadcast_to(spread(attrs, grad_y, x.shape), x.shape),)


def mean_forward(attrs: ReduceAttrs, x: Array) -> Array:
    """Sum over number."""
    return np.asarray(x.mean(axis=reduced_dims(attrs, x.ndim), keepdims=attrs.keepdim)).astype(x.dtype, copy=False)


def mean_backward(attrs: ReduceAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """The same share of the gradient for every element."""
    share = spread(attrs, grad_y, x.shape) / reduced_size(attrs, x.shape)
    return (np.broadcast_to(share, x.shape),)


def mean_backward_cost(attrs: ReduceAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One division per output."""
    return Cost(divs=product(outputs=reduced_spec("mean", attrs, x).numel)) if any(wanted) else FREE


def prod_forward(attrs: ReduceAttrs, x: Array) -> Array:
    """Product in the type of ``x``."""
    dims, dtype = reduced_dims(attrs, x.ndim), counting_dtype(x.dtype.name)
    return np.asarray(x.prod(axis=dims, keepdims=attrs.keepdim, dtype=dtype))


def prod_backward(attrs: ReduceAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Each factor's is the product of the others: of those before it and those after it, so zeros do no harm."""
    rows = to_rows(attrs, x)
    ones = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate([ones, rows[..., :-1]], axis=-1), axis=-1)
    after = np.cumprod(np.concatenate([ones, rows[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return (spread(attrs, grad_y, x.shape) * from_rows(attrs, before * after, x.shape),)


def var_forward(attrs: VarAttrs, x: Array) -> Array:
    """Sum of the squared deviations from the mean, over number - correction; no number where that is not above 0."""
    y = np.square(_deviation(attrs, x)).sum(axis=reduced_dims(attrs, x.ndim), keepdims=attrs.keepdim)
    with np.errstate(divide="ignore", invalid="ignore"):
        divisor = np.float64(max(0, reduced_size(attrs, x.shape) - attrs.correction))
        return np.asarray(y / divisor).astype(x.dtype, copy=False)


def var_backward(attrs: VarAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """2 (x - mean) / (number - correction); the path through the mean adds up to nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = 2 / np.float64(reduced_size(attrs, x.shape) - attrs.correction)
        return ((spread(attrs, grad_y, x.shape) * _deviation(attrs, x) * slope).astype(x.dtype, copy=False),)


def var_backward_cost(attrs: VarAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """The mean again; per element its deviation, times the gradient, times a constant."""
    if not any(wanted):
        return FREE
    mean = mean_cost(reduced_spec("var", attrs, x).numel, reduced_size(attrs, x.shape))
    return mean + Cost(adds=product(elements=x.numel), muls=product(elements=x.numel, each=2))


def spread(attrs: ReduceAttrs, grad_y: Array, shape: tuple[int, ...]) -> Array:
    """``grad_y`` with size 1 in every reduced dimension of ``shape``."""
    dims = reduced_dims(attrs, len(shape))
    return grad_y.reshape(tuple(1 if dim in dims else size for dim, size in enumerate(shape)))


def _deviation(attrs: VarAttrs, x: Array) -> Array:
    """``x`` less its mean."""
    total = x.sum(axis=reduced_dims(attrs, x.ndim), keepdims=True)
    return np.asarray(x - total / max(1, reduced_size(attrs, x.shape)))


def _check_var(attrs: VarAttrs, _x: TensorSpec) -> None:
    if attrs.correction < 0:
        raise ShapeError(f"var: expected a correction of 0 or more, got {attrs.correction}")


SUM = register_reduction(
    "sum",
    cost=combining("adds"),
    forward=sum_forward,
    backward=sum_backward,
    backward_cost=free,
    dtype=counting_dtype,
)
MEAN = register_reduction(
    "mean", cost=mean_cost, forward=mean_forward, backward=mean_backward, backward_cost=mean_backward_cost,
    complex_with="real",
)  # fmt: skip
PROD = register_reduction(
    "prod",
    cost=combining("muls"),
    forward=prod_forward,
    backward=prod_backward,
    backward_cost=per_element_backward(muls=4),  # products from both ends, of both, and with the gradient
    saves=("x",),
    dtype=counting_dtype,
)
VAR = register_reduction(
    "var",
    cost=var_cost,
    forward=var_forward,
    backward=var_backward,
    backward_cost=var_backward_cost,
    saves=("x",),
    attrs=VarAttrs,
    check=_check_var,
)
