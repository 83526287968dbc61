"""The distinct elements of a tensor, or its distinct slices along a dimension; ``unique_consecutive`` of runs.

Shapes, the first always and the others as ``also`` asks
    x        any
    y        (count,), or x with ``count`` positions along the dimension
    first    (count,), position of the first of each
    inverse  shape of x, or (size along the dimension,): which of y each is
    counts   (count,), how many there are of each

How many are distinct depends on the values, so the shape rule takes a number: ``count``, or all, the most that there
can be. ``forward`` returns as many as there are. NaN differs from itself.

Source: torch.unique, torch.unique_consecutive; ONNX Unique, which flattens ``inverse``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.slicing import resized
from netweight.ops.order.nonzero import taken_count
from netweight.ops.order.sort import selection_compares
from netweight.ops.table import FREE, Cost, OpDef, define, free, not_differentiable

_BESIDE = ("first", "inverse", "counts")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsAttrs:
    """Attributes of finding what differs from what stands before it.

    Attributes:
        count: Elements, or slices, taken to be distinct; None for all of them.
        dim: Dimension along which slices are compared; None for elements, in row-major order.
        also: Which of ``first``, ``inverse`` and ``counts`` are returned too, in this order.
    """

    count: int | None = None
    dim: int | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueAttrs(RunsAttrs):
    """Attributes of finding what is distinct, beside those of runs.

    Attributes:
        sorted: In ascending order (slices: in that of their first difference), else as they first appear.
    """

    sorted: bool = True


def unique_shape(attrs: UniqueAttrs, x: TensorSpec) -> tuple[TensorSpec, ...]:
    """``count`` elements or slices, and what else is asked for as int64."""
    return _specs("unique", attrs, x)


def unique_consecutive_shape(attrs: RunsAttrs, x: TensorSpec) -> tuple[TensorSpec, ...]:
    """``count`` elements or slices, and what else is asked for as int64."""
    return _specs("unique_consecutive", attrs, x)


def unique_cost(attrs: UniqueAttrs, x: TensorSpec) -> Cost:
    """Comparisons of a merge sort, at worst, and of all neighbours in it.

    Two slices are compared to their ends. A count is the distance to the next distinct one, an addition.
    """
    slices, elements = _slices(attrs, x)
    return unique_consecutive_cost(attrs, x) + Cost(
        compares=product({"compares of a sort": selection_compares(slices, slices) if slices else 0, "each": elements})
    )


def unique_consecutive_cost(attrs: RunsAttrs, x: TensorSpec) -> Cost:
    """A comparison of all neighbours; a count is the distance to the next distinct one, an addition."""
    slices, elements = _slices(attrs, x)
    if not slices * elements:
        return FREE
    counted = taken_count("unique", attrs.count, slices) if "counts" in attrs.also else 0
    return Cost(compares=product(neighbours=slices - 1, each=elements), adds=product(counts=counted))


def unique_forward(attrs: UniqueAttrs, x: Array) -> tuple[Array, ...]:
    """Found in order, and put back in that of the first of each where they are not to be sorted."""
    values, first, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, axis=attrs.dim, equal_nan=False
    )
    if not attrs.sorted:
        order = np.argsort(first)
        values, first, counts = np.take(values, order, axis=attrs.dim or 0), first[order], counts[order]
        inverse = np.argsort(order)[inverse]
    return _asked(attrs, x, values, {"first": first, "inverse": inverse, "counts": counts})


def unique_consecutive_forward(attrs: RunsAttrs, x: Array) -> tuple[Array, ...]:
    """Each that differs from the one before starts a run."""
    rows = x.reshape(-1, 1) if attrs.dim is None else np.moveaxis(x, attrs.dim, 0).reshape(x.shape[attrs.dim], -1)
    starts = np.ones(len(rows), bool)
    starts[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    first = np.flatnonzero(starts)
    values = np.take(x.reshape(-1) if attrs.dim is None else x, first, axis=attrs.dim or 0)
    counts = np.diff(np.append(first, len(rows)))
    return _asked(attrs, x, values, {"first": first, "inverse": np.cumsum(starts) - 1, "counts": counts})


def unique_extent(_attrs: RunsAttrs, x: TensorSpec) -> Extent:
    """Every element."""
    return Mixes(tuple(range(len(x.shape))))


def _specs(op: str, attrs: RunsAttrs, x: TensorSpec) -> tuple[TensorSpec, ...]:
    if attrs.dim is not None:
        check_dims(op, x.shape, attrs.dim)
    if attrs.also != tuple(name for name in _BESIDE if name in attrs.also):
        raise ShapeError(f"{op}: expected also to be of {', '.join(_BESIDE)} in this order, got {attrs.also}")
    slices, _ = _slices(attrs, x)
    count = taken_count(op, attrs.count, slices)
    values = TensorSpec((count,), x.dtype) if attrs.dim is None else resized(x, attrs.dim, count)
    inverse = x.shape if attrs.dim is None else (slices,)
    beside = {"first": (count,), "inverse": inverse, "counts": (count,)}
    return values, *(TensorSpec(beside[name], "int64") for name in attrs.also)


def _slices(attrs: RunsAttrs, x: TensorSpec) -> tuple[int, int]:
    """How many are compared, and how many elements each has."""
    if attrs.dim is None:
        return x.numel, 1
    return x.shape[attrs.dim], math.prod((*x.shape[: attrs.dim], *x.shape[attrs.dim + 1 :]))


def _asked(attrs: RunsAttrs, x: Array, values: Array, beside: dict[str, Any]) -> tuple[Array, ...]:
    beside["inverse"] = beside["inverse"].reshape(x.shape if attrs.dim is None else -1)
    return values, *(beside[name].astype(np.int64, copy=False) for name in attrs.also)


def _register(name: str, attrs: type, shape: Any, cost: Any, forward: Any) -> OpDef:
    return define(
        name=name,
        kind="reduce",
        attrs=attrs,
        shape=shape,
        cost=cost,
        forward=forward,
        backward=not_differentiable,
        backward_cost=free,
        extent=unique_extent,
    )


UNIQUE = _register("unique", UniqueAttrs, unique_shape, unique_cost, unique_forward)
UNIQUE_CONSECUTIVE = _register(
    "unique_consecutive", RunsAttrs, unique_consecutive_shape, unique_consecutive_cost, unique_consecutive_forward
)
