"""Writing by position: elements to the places that a tensor of positions names.

The way back from ``gather``, element by element. ``scatter`` may write one number instead of the elements of a tensor.

Source: torch.scatter, torch.scatter_add; ONNX ScatterElements.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import np
from netweight.ops.dims import check_dims
from netweight.ops.move.gather import GatherAttrs, check_positions, everywhere
from netweight.ops.move.slicing import resized
from netweight.ops.reach import Mixes, Reach
from netweight.ops.table import COPIED, FREE, Array, Cost, OpDef, Wanted, copied, free, register


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterAttrs(GatherAttrs):
    """Attributes of writing by position, beside the dimension that the positions are along.

    Attributes:
        value: Number to write where there is no ``src``.
    """

    value: float | None = None


def scatter_shape(attrs: ScatterAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec | None) -> TensorSpec:
    """Same as ``x``."""
    if (src is None) == (attrs.value is None):
        raise ShapeError(f"scatter: expected either src or value, got {'neither' if src is None else 'both'}")
    _check_places("scatter", attrs, x, index, src)
    return x


def scatter_forward(attrs: ScatterAttrs, x: Array, index: Array, src: Array | None) -> Array:
    """y[i, index[i, j, k], k] = src[i, j, k] for dim 1 of three; of several for one place the last one stays."""
    y = x.copy()
    y[everywhere(attrs, index)] = attrs.value if src is None else _as_large_as(index, src)
    return y


def scatter_backward(
    attrs: ScatterAttrs, grad_y: Array, _x: Array, index: Array, src: Array | None
) -> tuple[Array | None, ...]:
    """Every element gets the gradient of where it went, as in PyTorch also one that another replaced."""
    grad_x = grad_y.copy()
    grad_x[everywhere(attrs, index)] = 0
    return grad_x, None, None if src is None else _taken_back(attrs, grad_y, index, src)


def scatter_add_shape(attrs: GatherAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    _check_places("scatter_add", attrs, x, index, src)
    return x


def scatter_add_cost(_attrs: GatherAttrs, _x: TensorSpec, index: TensorSpec, _src: TensorSpec) -> Cost:
    """One addition per position."""
    return Cost(adds=product(positions=index.numel))


def scatter_add_forward(attrs: GatherAttrs, x: Array, index: Array, src: Array) -> Array:
    """y[i, index[i, j, k], k] += src[i, j, k] for dim 1 of three."""
    y = x.copy()
    np.add.at(y, everywhere(attrs, index), _as_large_as(index, src).astype(x.dtype, copy=False))
    return y


def scatter_add_backward(
    attrs: GatherAttrs, grad_y: Array, _x: Array, index: Array, src: Array
) -> tuple[Array | None, ...]:
    """The gradient itself, and every element the gradient of where it went."""
    return grad_y, None, _taken_back(attrs, grad_y, index, src)


def scatter_add_backward_cost(_attrs: GatherAttrs, wanted: Wanted, *_specs: TensorSpec) -> Cost:
    """No work; that of ``x`` is the gradient itself."""
    return COPIED if wanted[2] else FREE


def scatter_reach(attrs: GatherAttrs, *_specs: TensorSpec | None) -> Reach:
    """Any position along the dimension."""
    return Mixes((attrs.dim,))


def _check_places(op: str, attrs: GatherAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec | None) -> None:
    check_dims(op, x.shape, attrs.dim)
    check_positions(op, index)
    room = resized(x, attrs.dim, max(x.shape[attrs.dim], *index.shape, 1)).shape  # any length along the dimension
    tensors = [room] if src is None else [room, src.shape]
    if any(len(index.shape) != len(shape) or any(map(int.__gt__, index.shape, shape)) for shape in tensors):
        read = "" if src is None else f" and src {src.shape}"
        raise ShapeError(
            f"{op}: expected index no larger than src, nor than x but along dim {attrs.dim}, "
            f"got {index.shape} for x {x.shape}{read}"
        )


def _as_large_as(index: Array, src: Array) -> Array:
    return src[tuple(map(slice, index.shape))]


def _taken_back(attrs: GatherAttrs, grad_y: Array, index: Array, src: Array) -> Array:
    """Gradient of ``src``: zero where no position reads it."""
    grad_src = np.zeros(src.shape, grad_y.dtype)
    grad_src[tuple(map(slice, index.shape))] = grad_y[everywhere(attrs, index)]
    return grad_src


SCATTER = register(
    OpDef(
        name="scatter",
        kind="layout",
        attrs=ScatterAttrs,
        inputs=("x", "index", "src"),
        shape=scatter_shape,
        cost=free,
        forward=scatter_forward,
        backward=scatter_backward,
        backward_cost=copied,
        saves=("index",),
        reach=scatter_reach,
    )
)

SCATTER_ADD = register(
    OpDef(
        name="scatter_add",
        kind="reduce",
        attrs=GatherAttrs,
        inputs=("x", "index", "src"),
        shape=scatter_add_shape,
        cost=scatter_add_cost,
        forward=scatter_add_forward,
        backward=scatter_add_backward,
        backward_cost=scatter_add_backward_cost,
        saves=("index",),
        reach=scatter_reach,
    )
)
