"""Reductions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.move.places import GatherAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.reduction import ReduceAttrs, VarAttrs
from netweight.ops.reduce.vector_norm import VectorNormAttrs
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.common import binary, cast, floating, over
from netweight.sources.torch.lower.move.layout import flat
from netweight.sources.torch.lower.pointwise.elementwise import mul, sub, where

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder


def dims_of(x: Tensor, dim: Any) -> tuple[int, ...]:
    """Dimensions, none negative; all of them for None or an empty list."""
    if dim is None or dim in ([], ()) or x.dim() == 0:
        return tuple(range(x.dim()))
    given = (dim,) if isinstance(dim, int) else dim
    return tuple(sorted(entry % max(x.dim(), 1) for entry in given))


def _summing(name: str) -> None:
    @lowers(name)
    def rule(rec: Recorder, self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        if dtype is not None:
            self = cast(rec, self, dtype)
        elif name in ("sum", "prod") and not (self.dtype.is_floating_point or self.dtype.is_complex):
            self = cast(rec, self, torch.int64)
        return rec.op(name, ReduceAttrs(dims=dims_of(self, dim), keepdim=keepdim), self)


for _name in ("sum", "mean", "prod", "amax", "amin"):
    _summing(_name)


@lowers("var.correction", "var.dim", "var")
def var(
    rec: Recorder, self: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
    correction: float | None = None,
) -> Any:  # fmt: skip
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is not None and correction != int(correction):
        return NotImplemented
    amount = int(correction) if correction is not None else int(unbiased if unbiased is not None else True)
    return rec.op("var", VarAttrs(dims=dims_of(self, dim), keepdim=keepdim, correction=amount), self)


@lowers("std.correction", "std.dim", "std")
def std(rec: Recorder, self: Tensor, *args: Any, **kwargs: Any) -> Any:
    spread = var(rec, self, *args, **kwargs)
    return spread if spread is NotImplemented else rec.op("sqrt", None, spread)


def _arg(name: str) -> None:
    @lowers(name)
    def rule(rec: Recorder, self: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
        if dim is None:
            self, dim = flat(rec, self), 0
        return rec.op(name, ReduceAttrs(dims=dims_of(self, dim), keepdim=keepdim), self)


_arg("argmax")
_arg("argmin")


def _logical(name: str, picks: str) -> None:
    """Largest or smallest of truth values."""

    @lowers(name)
    def rule(rec: Recorder, self: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
        y = rec.op(picks, ReduceAttrs(dims=dims_of(self, dim), keepdim=keepdim), cast(rec, self, torch.bool))
        return cast(rec, y, torch.uint8) if self.dtype == torch.uint8 else y


_logical("any", "amax")
_logical("all", "amin")


@lowers("max.default")
def largest(rec: Recorder, self: Tensor) -> Any:
    return rec.op("amax", ReduceAttrs(dims=dims_of(self, None)), self)


@lowers("min.default")
def smallest(rec: Recorder, self: Tensor) -> Any:
    return rec.op("amin", ReduceAttrs(dims=dims_of(self, None)), self)


@lowers("aminmax")
def aminmax(rec: Recorder, self: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    attrs = ReduceAttrs(dims=dims_of(self, dim), keepdim=keepdim)
    return rec.op("amin", attrs, self), rec.op("amax", attrs, self)


@lowers("count_nonzero")
def count_nonzero(rec: Recorder, self: Tensor, dim: Any = None) -> Any:
    return rec.op("sum", ReduceAttrs(dims=dims_of(self, dim)), cast(rec, self, torch.bool))


@lowers("var_mean.correction", "var_mean.dim", "var_mean")
def var_mean(rec: Recorder, self: Tensor, *args: Any, **kwargs: Any) -> Any:
    spread = var(rec, self, *args, **kwargs)
    return spread if spread is NotImplemented else (spread, _mean_beside(rec, self, *args, **kwargs))


@lowers("std_mean.correction", "std_mean.dim", "std_mean")
def std_mean(rec: Recorder, self: Tensor, *args: Any, **kwargs: Any) -> Any:
    spread = std(rec, self, *args, **kwargs)
    return spread if spread is NotImplemented else (spread, _mean_beside(rec, self, *args, **kwargs))


def _mean_beside(
    rec: Recorder, x: Tensor, dim: Any = None, unbiased: Any = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    dims = dims_of(x, None if isinstance(dim, bool) else dim)
    return rec.op("mean", ReduceAttrs(dims=dims, keepdim=keepdim), x)


@lowers("logsumexp")
def logsumexp(rec: Recorder, self: Tensor, dim: Any, keepdim: bool = False) -> Any:
    """Shifted by the largest element, which the kernel does too."""
    x = floating(rec, self)
    dims = dims_of(x, dim)
    largest = rec.op("amax", ReduceAttrs(dims=dims, keepdim=True), x)
    powers = over(rec, binary(rec, "sub", x, largest), "exp")
    total = over(rec, rec.op("sum", ReduceAttrs(dims=dims, keepdim=keepdim), powers), "log")
    if not keepdim:
        largest = rec.op("amax", ReduceAttrs(dims=dims, keepdim=False), x)
    return over(rec, total, "add", largest)


@lowers("linalg_vector_norm")
def vector_norm(
    rec: Recorder, self: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    x = self if dtype is None else cast(rec, self, dtype)
    dims, power = dims_of(x, dim), float(ord)
    if power in (math.inf, -math.inf):
        size = rec.op("abs", None, x)
        return rec.op("amax" if power > 0 else "amin", ReduceAttrs(dims=dims, keepdim=keepdim), size)
    if power == 0:
        different = rec.op("sum", ReduceAttrs(dims=dims, keepdim=keepdim), cast(rec, x, torch.bool))
        return cast(rec, different, x.dtype)
    if power < 0:
        return NotImplemented
    return rec.op("vector_norm", VectorNormAttrs(dims=dims, keepdim=keepdim, ord=power), x)


@lowers("norm")
def norm(rec: Recorder, self: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return vector_norm(rec, self, 2 if p is None else p, dim, keepdim, dtype=dtype)


@lowers("cumsum")
def cumsum(rec: Recorder, self: Tensor, dim: int, *, dtype: Any = None) -> Any:
    if dtype is not None:
        self = cast(rec, self, dtype)
    elif not (self.dtype.is_floating_point or self.dtype.is_complex):
        self = cast(rec, self, torch.int64)
    return self if self.dim() == 0 else rec.op("cumsum", CumsumAttrs(dim=dim % self.dim()), self)


@lowers("nansum")
def nansum(rec: Recorder, self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Zeros for what is no number."""
    x = self
    if x.dtype.is_floating_point:
        x = where(rec, rec.op("isnan", None, x), torch.zeros((), dtype=x.dtype), x)
    return RULES["sum"](rec, x, dim, keepdim, dtype=dtype)


@lowers("dist")
def dist(rec: Recorder, self: Tensor, other: Tensor, p: float = 2) -> Any:
    return RULES["linalg_vector_norm"](rec, sub(rec, self, other), p)


@lowers("renorm")
def renorm(rec: Recorder, self: Tensor, p: float, dim: int, maxnorm: float) -> Any:
    """Slices that are longer are shortened to ``maxnorm``."""
    others = [d for d in range(self.dim()) if d != dim % self.dim()]
    length = RULES["linalg_vector_norm"](rec, self, p, others, True)
    if length is NotImplemented:
        return length
    nearly = rec.op("add_scalar", ScalarAttrs(value=1e-7), length)
    factor = over(rec, nearly, "rdiv_scalar", attrs=ScalarAttrs(value=float(maxnorm)))
    longer = binary(rec, "gt", length, maxnorm)
    return mul(rec, self, where(rec, longer, factor, torch.ones((), dtype=self.dtype)))


@lowers("_pdist_forward")
def pdist(rec: Recorder, self: Tensor, p: float = 2) -> Any:
    """Lengths of the differences of all pairs of rows."""
    first, second = torch.triu_indices(self.shape[0], self.shape[0], 1)
    if not len(first):
        return NotImplemented
    rows = [rec.op("index_select", GatherAttrs(dim=0), self, at.contiguous()) for at in (first, second)]
    return RULES["linalg_vector_norm"](rec, sub(rec, *rows), p, [1])
