"""Writing by position: the way back from reading, where several elements may meet at one place.

Shapes
    x, y  any, the same
    src   what goes to the places: of elements as large as index or larger, of slices one per position, of
          ``index_put`` whatever broadcasts to them; ``scatter`` may write one number instead

What is written replaces what is there, the last one where several do; is added to it; or is joined with it by a
product, mean, maximum or minimum. Gradients follow PyTorch: one that another replaced gets that of its place as well,
and of equal extremes each gets the same share.

Source: torch.scatter, torch.scatter_add, torch.scatter_reduce, torch.index_copy, torch.index_add,
torch.Tensor.index_put; ONNX ScatterElements, ScatterND.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from netweight.count import Count, product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec
from netweight.lazy import Array, np
from netweight.ops.arrays.broadcast import broadcast_shape, summed_back, unbroadcast_cost
from netweight.ops.dims import check_dims
from netweight.ops.extent import Extent, Mixes
from netweight.ops.move.joined import REDUCTIONS, Reduction, Written, written_by
from netweight.ops.move.places import (
    GatherAttrs,
    IndexAttrs,
    check_listed,
    check_positions,
    extent_along,
    extent_of_dims,
    of_dims,
    of_each,
    of_lists,
    of_slices,
    picked_shape,
)
from netweight.ops.move.slicing import resized
from netweight.ops.table import FREE, Cost, register


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterAttrs(GatherAttrs):
    """Attributes of writing by position, beside the dimension that the positions are along.

    Attributes:
        value: Number to write where there is no ``src``.
    """

    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterReduceAttrs(GatherAttrs):
    """Attributes of reducing by position, beside the dimension that the positions are along.

    Attributes:
        reduce: What becomes of the elements that meet.
        include_self: Whether the element that was there is one of them.
    """

    reduce: Reduction
    include_self: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAddAttrs(GatherAttrs):
    """Attributes of adding slices, beside the dimension that the positions are along.

    Attributes:
        alpha: Factor of what is added.
    """

    alpha: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterNdReduceAttrs:
    """Attributes of joining slices with those that are there.

    Attributes:
        reduce: How they are joined.
    """

    reduce: Literal["prod", "amax", "amin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPutAttrs(IndexAttrs):
    """Attributes of writing by positions along several dimensions, beside those of reading.

    Attributes:
        accumulate: Add to what is there instead of replacing it.
    """

    accumulate: bool = False


def _check_each(op: str, attrs: GatherAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec | None) -> None:
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


def _check_slices(op: str, attrs: GatherAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> None:
    check_listed(op, attrs.dim, x, index)
    wanted = resized(x, attrs.dim, index.shape[0]).shape
    if src.shape != wanted:
        raise ShapeError(f"{op}: expected src with one slice of x per position {wanted}, got {src.shape}")


def _check_lists(op: str, _attrs: Any, x: TensorSpec, index: TensorSpec, src: TensorSpec) -> None:
    check_positions(op, index)
    depth = index.shape[-1] if index.shape else 0
    wanted = (*index.shape[:-1], *x.shape[depth:])
    if not 1 <= depth <= len(x.shape) or src.shape != wanted:
        raise ShapeError(
            f"{op}: expected index (*out, k) with k from 1 to {len(x.shape)}, and src (*out, *in[k:]), "
            f"got x {x.shape}, index {index.shape} and src {src.shape}"
        )


def _check_dims(op: str, attrs: IndexPutAttrs, x: TensorSpec, values: TensorSpec, *indices: TensorSpec) -> None:
    picked = picked_shape(op, attrs.dims, x, indices)
    if broadcast_shape(op, picked, values.shape) != picked:
        raise ShapeError(f"{op}: expected values that broadcast to {picked}, got {values.shape}")


def _check_scatter(op: str, attrs: ScatterAttrs, x: TensorSpec, index: TensorSpec, src: TensorSpec | None) -> None:
    if (src is None) == (attrs.value is None):
        raise ShapeError(f"{op}: expected either src or value, got {'neither' if src is None else 'both'}")
    _check_each(op, attrs, x, index, src)


def _check_reduction(op: str, attrs: Any, *specs: TensorSpec) -> None:
    known = REDUCTIONS if isinstance(attrs, ScatterReduceAttrs) else ("prod", "amax", "amin")
    if attrs.reduce not in known:
        raise ShapeError(f"{op}: expected reduce {', '.join(map(repr, known))}, got {attrs.reduce!r}")
    (_check_each if isinstance(attrs, ScatterReduceAttrs) else _check_lists)(op, attrs, *specs)


def _each(attrs: GatherAttrs, index: Array, src: Array | None) -> Written:
    """y[i, index[i, j, k], k] = src[i, j, k] for dim 1 of three."""
    if src is None:
        return Written(of_each(attrs, index), getattr(attrs, "value", None), lambda _grad: None)
    part = tuple(map(slice, index.shape))

    def back(grad: Array) -> Array:
        """Zero where no position reads it."""
        grad_src = np.zeros(src.shape, grad.dtype)
        grad_src[part] = grad
        return grad_src

    return Written(of_each(attrs, index), src[part], back)


def _slices(attrs: GatherAttrs, index: Array, src: Array) -> Written:
    """Whole slices of ``src`` to the positions in ``index``, times alpha where there is one."""
    alpha = getattr(attrs, "alpha", 1)
    if alpha == 1:
        return Written(of_slices(attrs, index), src, lambda grad: grad)
    return Written(of_slices(attrs, index), alpha * src, lambda grad: alpha * grad)


def _lists(_attrs: Any, index: Array, src: Array) -> Written:
    """y[index[o, 0], ..., index[o, k - 1]] = src[o]."""
    return Written(of_lists(0, index), src, lambda grad: grad)


def _dims(attrs: IndexPutAttrs, values: Array, *indices: Array) -> Written:
    """x[..., i, ..., j, ...] = values."""
    return Written(of_dims(attrs, *indices), values, lambda grad: summed_back(grad, values))


def _each_count(_attrs: Any, _x: TensorSpec, index: TensorSpec, _src: TensorSpec | None) -> Count:
    return product(positions=index.numel)


def _slice_count(_attrs: Any, _x: TensorSpec, _index: TensorSpec, src: TensorSpec) -> Count:
    return product(elements=src.numel)


def _dims_count(attrs: IndexPutAttrs, x: TensorSpec, _values: TensorSpec, *indices: TensorSpec) -> Count:
    return product(picked=TensorSpec(picked_shape("index_put", attrs.dims, x, indices)).numel)


def _alpha_work(attrs: IndexAddAttrs, count: Count, _specs: Any) -> Cost:
    """A multiplication each where alpha is not 1."""
    return FREE if attrs.alpha == 1 else Cost(muls=count)


def _stretched(_attrs: Any, count: Count, specs: tuple[TensorSpec, ...]) -> Cost:
    """The adds where ``values`` were stretched."""
    return unbroadcast_cost(int(count), specs[1].numel)


def _extent_of_lists(_attrs: Any, _x: TensorSpec, index: TensorSpec, _src: TensorSpec) -> Extent:
    """Any position along the dimensions that are written to."""
    return Mixes(tuple(range(index.shape[-1])))


_EACH: Any = {"place": _each, "count": _each_count, "extent": extent_along}
_SLICES: Any = {"place": _slices, "count": _slice_count, "extent": extent_along}
_LISTS: Any = {"place": _lists, "count": _slice_count, "extent": _extent_of_lists}

SCATTER = register(written_by("scatter", "none", ScatterAttrs, _check_scatter, **_EACH))
SCATTER_ADD = register(written_by("scatter_add", "sum", GatherAttrs, _check_each, **_EACH))
SCATTER_REDUCE = register(written_by("scatter_reduce", None, ScatterReduceAttrs, _check_reduction, **_EACH))
INDEX_COPY = register(written_by("index_copy", "none", GatherAttrs, _check_slices, **_SLICES))
INDEX_ADD = register(
    written_by("index_add", "sum", IndexAddAttrs, _check_slices, **_SLICES, forward_work=_alpha_work, back=_alpha_work)
)
SCATTER_ND = register(written_by("scatter_nd", "none", None, _check_lists, **_LISTS))
SCATTER_ND_ADD = register(written_by("scatter_nd_add", "sum", None, _check_lists, **_LISTS))
SCATTER_ND_REDUCE = register(written_by("scatter_nd_reduce", None, ScatterNdReduceAttrs, _check_reduction, **_LISTS))
INDEX_PUT = register(
    written_by(
        "index_put",
        lambda attrs: "sum" if attrs.accumulate else "none",
        IndexPutAttrs,
        _check_dims,
        place=_dims,
        count=_dims_count,
        extent=extent_of_dims,
        back=_stretched,
        slots=("x", "values", "*indices"),
        kind="layout",
    )
)
