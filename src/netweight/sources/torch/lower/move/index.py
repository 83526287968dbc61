"""Reading and writing at positions that tensors name: indexing, gather and scatter and their relatives."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions.move import copies
from netweight.functions.move import index as functions
from netweight.ops.move.places import IndexAttrs
from netweight.ops.move.scatter import IndexPutAttrs
from netweight.ops.pointwise.masking import MaskedFillAttrs
from netweight.sources.torch.lower import RULES, bind, lowers
from netweight.sources.torch.lower.common import cast
from netweight.sources.torch.lower.move.layout import expand, flat, reshaped, unsqueeze
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.strides import memory_order

aten = torch.ops.aten

_MASKS = (torch.bool, torch.uint8)


@lowers("index", "_unsafe_index")
def index(rec: Recorder, self: Tensor, indices: Any) -> Any:
    """``index.Tensor(Tensor self, Tensor?[] indices) -> Tensor``."""
    found = _positions(rec, indices)
    if found is None:
        return NotImplemented
    dims, tensors = found
    order = None
    if not self.is_contiguous():
        key = [tensors[dims.index(dim)] if dim in dims else None for dim in range(dims[-1] + 1)]
        order = memory_order(rec.native(aten.index, self, key))
    return rec.op("index", IndexAttrs(dims=dims), self, *tensors, order=order)


@lowers("index_put", "_index_put_impl", "_unsafe_index_put")
def index_put(
    rec: Recorder, self: Tensor, indices: Any, values: Tensor, accumulate: bool = False, unsafe: bool = False
) -> Any:
    """``index_put(Tensor self, Tensor?[] indices, Tensor values, bool accumulate=False) -> Tensor``."""
    given = [(dim, at) for dim, at in enumerate(indices) if at is not None]
    if len(given) == 1 and given[0][1].dtype in _MASKS and values.numel() == 1 and not accumulate:
        return _fill_masked(rec, self, *given[0], values)
    found = _positions(rec, indices)
    if found is None:
        return NotImplemented
    dims, tensors = found
    attrs = IndexPutAttrs(dims=dims, accumulate=accumulate)
    return rec.op("index_put", attrs, self, cast(rec, values, self.dtype), *tensors)


def _fill_masked(rec: Recorder, x: Tensor, dim: int, mask: Tensor, values: Tensor) -> Any:
    """x[..., mask] = number: no position needs to be known."""
    behind = x.dim() - dim - mask.dim()
    mask = cast(rec, reshaped(rec, mask, (*mask.shape, *(1,) * behind)), torch.bool)
    if values.device.type != "meta":
        return rec.op("masked_fill", MaskedFillAttrs(value=float(values)), x, mask)
    single = reshaped(rec, cast(rec, values, x.dtype), ())
    return rec.op("where", None, mask, single, x, like=x)


def _positions(rec: Recorder, indices: Any) -> tuple[tuple[int, ...], list[Tensor]] | None:
    """Dimensions and the positions along each; those of a mask are what ``nonzero`` finds. None without its rule."""
    dims: list[int] = []
    tensors: list[Tensor] = []
    dim = 0
    for at in indices:
        if at is None:
            dim += 1
        elif at.dtype in _MASKS:
            found = _where_true(rec, at)
            if found is None:
                return None
            dims += range(dim, dim + at.dim())
            tensors += found
            dim += at.dim()
        else:
            dims.append(dim)
            tensors.append(at)
            dim += 1
    return tuple(dims), tensors


def _where_true(rec: Recorder, mask: Tensor) -> list[Tensor] | None:
    if mask.device.type != "meta" and not rec.recording.is_fed(mask):
        return list(mask.nonzero().unbind(1))
    if "nonzero" not in RULES:
        return None
    found = RULES["nonzero"](rec, mask)
    return None if found is NotImplemented else list(RULES["unbind"](rec, found, 1))


@lowers("gather")
def gather(rec: Recorder, self: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Any:
    """``gather(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor``."""
    if self.dim() == 0 or index.dim() == 0:
        return NotImplemented
    return functions.gather(rec, self, dim, index)


@lowers("take_along_dim")
def take_along_dim(rec: Recorder, self: Tensor, indices: Tensor, dim: int | None = None) -> Any:
    """``take_along_dim(Tensor self, Tensor indices, int? dim=None) -> Tensor``."""
    if dim is None:
        return gather(rec, flat(rec, self), 0, flat(rec, indices))
    dim %= self.dim()
    shape = torch.broadcast_shapes(*((*x.shape[:dim], 1, *x.shape[dim + 1 :]) for x in (self, indices)))
    x, index = (expand(rec, part, (*shape[:dim], part.shape[dim], *shape[dim + 1 :])) for part in (self, indices))
    return gather(rec, x, dim, index)


@lowers("index_select")
def index_select(rec: Recorder, self: Tensor, dim: int, index: Tensor) -> Any:
    """``index_select(Tensor self, int dim, Tensor index) -> Tensor``."""
    if self.dim() == 0:
        return NotImplemented
    return functions.index_select(rec, self, dim, _listed(rec, index))


@lowers("take")
def take(rec: Recorder, self: Tensor, index: Tensor) -> Any:
    """``take(Tensor self, Tensor index) -> Tensor``."""
    return functions.index(rec, flat(rec, self), [index])


@lowers("index_add")
def index_add(rec: Recorder, self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Any:
    """``index_add(Tensor self, int dim, Tensor index, Tensor source, *, Scalar alpha=1) -> Tensor``."""
    if self.dim() == 0:
        return NotImplemented
    return functions.index_add(rec, self, dim, _listed(rec, index), source, alpha=alpha)


@lowers("index_copy")
def index_copy(rec: Recorder, self: Tensor, dim: int, index: Tensor, source: Tensor) -> Any:
    """``index_copy(Tensor self, int dim, Tensor index, Tensor source) -> Tensor``."""
    if self.dim() == 0 or source.dim() != self.dim():
        return NotImplemented
    return functions.index_copy(rec, self, dim, _listed(rec, index), source)


@lowers("index_fill.int_Scalar", "index_fill.int_Tensor")
def index_fill(rec: Recorder, self: Tensor, dim: int, index: Tensor, value: Any) -> Any:
    """``index_fill.int_Scalar(Tensor self, int dim, Tensor index, Scalar value) -> Tensor``."""
    if self.dim() == 0:
        return NotImplemented
    number = cast(rec, value, self.dtype) if isinstance(value, Tensor) else torch.tensor(value, dtype=self.dtype)
    return functions.index_put(rec, self, [*(None,) * (dim % self.dim()), _listed(rec, index)], number)


def _scattering(function: Any, *names: str) -> None:
    @lowers(*names)
    def rule(rec: Recorder, self: Tensor, dim: int, index: Tensor, src: Any, *rest: Any, **named: Any) -> Any:
        if self.dim() == 0 or index.dim() == 0:
            return NotImplemented
        return function(rec, self, dim, index, src, *rest, **named)


_scattering(functions.scatter, "scatter.src", "scatter.value")
_scattering(functions.scatter_add, "scatter_add")
_scattering(functions.scatter_reduce, "scatter.reduce", "scatter_reduce.two")


@lowers("scatter.value_reduce")
def scatter_value_reduce(rec: Recorder, self: Tensor, dim: int, index: Tensor, value: float, *, reduce: str) -> Any:
    """``scatter.value_reduce(Tensor self, int dim, Tensor index, Scalar value, *, str reduce) -> Tensor``."""
    number = expand(rec, torch.tensor(value, dtype=self.dtype), index.shape)
    return functions.scatter_reduce(rec, self, dim, index, number, reduce)


@lowers("index_reduce")
def index_reduce(
    rec: Recorder, self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Any:
    """One position for a whole slice."""
    if self.dim() == 0 or index.dim() == 0:
        return NotImplemented
    dim %= self.dim()
    listed = reshaped(rec, index, [-1 if d == dim else 1 for d in range(self.dim())])
    at = expand(rec, listed, source.shape)
    return functions.scatter_reduce(rec, self, dim, at, source, reduce, include_self=include_self)


bind(copies.slice_scatter)


@lowers("select_scatter")
def select_scatter(rec: Recorder, self: Tensor, src: Tensor, dim: int, index: int) -> Any:
    """``select_scatter(Tensor self, Tensor src, int dim, SymInt index) -> Tensor``."""
    dim %= self.dim()
    at = index % self.shape[dim]
    return copies.slice_scatter(rec, self, unsqueeze(rec, src, dim), dim, at, at + 1)


def _listed(rec: Recorder, index: Tensor) -> Tensor:
    """A single position as a list of one."""
    return unsqueeze(rec, index, 0) if index.dim() == 0 else index


@lowers("masked_scatter")
def masked_scatter(rec: Recorder, self: Tensor, mask: Tensor, source: Tensor) -> Any:
    """``masked_scatter(Tensor self, Tensor mask, Tensor source) -> Tensor``."""
    return functions.masked_scatter(rec, self, cast(rec, mask, torch.bool), source)


@lowers("put")
def put(rec: Recorder, self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Any:
    """Elements of the flattened tensor replaced."""
    written = functions.index_put(rec, flat(rec, self), [flat(rec, index)], flat(rec, source), accumulate)
    return reshaped(rec, written, self.shape)
