"""Writing whole slices to the positions that a list of them names: the way back from ``index_select``.

Source: torch.index_copy, torch.index_add.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.dims import check_dims
from netweight.ops.move.gather import GatherAttrs, check_positions
from netweight.ops.move.scatter import scatter_reach
from netweight.ops.move.slicing import resized
from netweight.ops.table import COPIED, FREE, Array, Cost, OpDef, Wanted, copied, free, register


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAddAttrs(GatherAttrs):
    """Attributes of adding slices, beside the dimension that the positions are along.

    Attributes:
        alpha: Factor of what is added.
    """

    alpha: float = 1


def index_copy_shape(attrs: GatherAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    return _check_slices("index_copy", attrs, x, index, src)


def index_copy_forward(attrs: GatherAttrs, x: Array, index: Array, src: Array) -> Array:
    """``x`` with whole slices replaced; of several for one place the last one stays."""
    y = x.copy()
    y[_slices(attrs, index)] = src
    return y


def index_copy_backward(
    attrs: GatherAttrs, grad_y: Array, _x: Array, index: Array, _src: Array
) -> tuple[Array | None, ...]:
    """Every slice gets the gradient of where it went, as in PyTorch also one that another replaced."""
    grad_x = grad_y.copy()
    grad_x[_slices(attrs, index)] = 0
    return grad_x, None, grad_y[_slices(attrs, index)]


def index_add_shape(attrs: IndexAddAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    return _check_slices("index_add", attrs, x, index, src)


def index_add_cost(attrs: IndexAddAttrs, _x: TensorSpec, _index: TensorSpec, src: TensorSpec) -> Cost:
    """One addition per element of ``src``, and a multiplication where alpha is not 1."""
    scaled = 0 if attrs.alpha == 1 else product(elements=src.numel)
    return Cost(adds=product(elements=src.numel), muls=scaled)


def index_add_forward(attrs: IndexAddAttrs, x: Array, index: Array, src: Array) -> Array:
    """``x`` with alpha times the slices of ``src`` added to its own."""
    y = x.copy()
    np.add.at(y, _slices(attrs, index), (attrs.alpha * src).astype(x.dtype, copy=False))
    return y


def index_add_backward(
    attrs: IndexAddAttrs, grad_y: Array, _x: Array, index: Array, _src: Array
) -> tuple[Array | None, ...]:
    """The gradient itself, and alpha times the one of where every slice went."""
    return grad_y, None, attrs.alpha * grad_y[_slices(attrs, index)]


def index_add_backward_cost(
    attrs: IndexAddAttrs, wanted: Wanted, _x: TensorSpec, _index: TensorSpec, src: TensorSpec
) -> Cost:
    """A multiplication per element of ``src`` where alpha is not 1; that of ``x`` is the gradient itself."""
    if not wanted[2]:
        return FREE
    return COPIED if attrs.alpha == 1 else Cost(muls=product(elements=src.numel))


def _check_slices(op: str, attrs: GatherAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> TensorSpec:
    check_dims(op, x.shape, attrs.dim)
    check_positions(op, index)
    if len(index.shape) != 1:
        raise ShapeError(f"{op}: expected index with one dimension, got {index.shape}")
    wanted = resized(x, attrs.dim, index.shape[0]).shape
    if src.shape != wanted:
        raise ShapeError(f"{op}: expected src with one slice of x per position {wanted}, got {src.shape}")
    return x


def _slices(attrs: GatherAttrs, index: Array) -> tuple[Any, ...]:
    return (*(slice(None),) * attrs.dim, index)


INDEX_COPY = register(
    OpDef(
        name="index_copy",
        kind="layout",
        attrs=GatherAttrs,
        inputs=("x", "index", "src"),
        shape=index_copy_shape,
        cost=free,
        forward=index_copy_forward,
        backward=index_copy_backward,
        backward_cost=copied,
        saves=("index",),
        reach=scatter_reach,
    )
)

INDEX_ADD = register(
    OpDef(
        name="index_add",
        kind="reduce",
        attrs=IndexAddAttrs,
        inputs=("x", "index", "src"),
        shape=index_add_shape,
        cost=index_add_cost,
        forward=index_add_forward,
        backward=index_add_backward,
        backward_cost=index_add_backward_cost,
        saves=("index",),
        reach=scatter_reach,
    )
)
