"""Reductions."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.functions import reduce
from netweight.functions.move.layout import reshape
from netweight.ops.move.places import GatherAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.histogram import HistcAttrs
from netweight.sources.torch.lower import RULES, bind, lowers
from netweight.sources.torch.lower.common import binary, cast, floating, over
from netweight.sources.torch.lower.pointwise.complex import imag, real
from netweight.sources.torch.lower.pointwise.elementwise import mul, sub, where
from netweight.sources.torch.recorder import Recorder

_COUNTING = ("sum", "prod", "cumsum", "cumprod")
"""Functions whose results are int64 for whole numbers of any type."""


def _typed(rec: Recorder, name: str, x: Tensor, dtype: Any) -> Tensor:
    """The type that PyTorch computes in."""
    if dtype is not None:
        return cast(rec, x, dtype)
    if name == "logsumexp":
        return floating(rec, x)
    whole = name in _COUNTING and not (x.dtype.is_floating_point or x.dtype.is_complex)
    return cast(rec, x, torch.int64) if whole else x


def _reducing(name: str) -> None:
    @lowers(name)
    def rule(rec: Recorder, self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
        y = getattr(reduce, name)(rec, _typed(rec, name, self, dtype), dim, keepdim=keepdim)
        return cast(rec, y, torch.uint8) if name in ("any", "all") and self.dtype == torch.uint8 else y


for _name in (
    "sum", "mean", "prod", "amax", "amin", "logsumexp", "any", "all", "count_nonzero", "argmax", "argmin",
):  # fmt: skip
    _reducing(_name)


@lowers("_is_all_true")
def is_all_true(rec: Recorder, self: Tensor) -> Any:
    """``_is_all_true(Tensor self) -> Tensor``."""
    return reduce.all(rec, self, None)


@lowers("_is_any_true")
def is_any_true(rec: Recorder, self: Tensor) -> Any:
    """``_is_any_true(Tensor self) -> Tensor``."""
    return reduce.any(rec, self, None)


def _running(name: str) -> None:
    @lowers(name)
    def rule(rec: Recorder, self: Tensor, dim: int, *, dtype: Any = None) -> Any:
        self = _typed(rec, name, self, dtype)
        if self.dim():
            return getattr(reduce, name)(rec, self, dim)
        found = getattr(reduce, name)(rec, reshape(rec, self, 1), 0)
        return tuple([reshape(rec, one) for one in found]) if isinstance(found, tuple) else reshape(rec, found)


for _name in ("cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"):
    _running(_name)


def _spreading(name: str) -> None:
    """``(x, unbiased)``, ``(x, dim, unbiased, keepdim)`` or ``(x, dim, *, correction, keepdim)``."""

    @lowers(f"{name}.correction", f"{name}.dim", name)
    def rule(
        rec: Recorder, self: Tensor, dim: Any = None, unbiased: bool = True, keepdim: bool = False, *,
        correction: float | None = None,
    ) -> Any:  # fmt: skip
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        amount = int(unbiased) if correction is None else correction
        if amount != int(amount):
            return NotImplemented
        if self.dtype.is_complex:
            return _of_complex(rec, name, self, dim, correction=int(amount), keepdim=keepdim)
        return getattr(reduce, name)(rec, self, dim, correction=int(amount), keepdim=keepdim)


def _of_complex(rec: Recorder, name: str, x: Tensor, dim: Any, **settings: Any) -> Any:
    """The variances of both parts together; a mean stays complex."""
    variances = [reduce.var(rec, part, dim, **settings) for part in (real(rec, x), imag(rec, x))]
    spread = rec.op("add", None, *variances)
    if name.startswith("std"):
        spread = rec.op("sqrt", None, spread)
    return (spread, reduce.mean(rec, x, dim, keepdim=settings["keepdim"])) if name.endswith("mean") else spread


for _name in ("var", "std", "var_mean", "std_mean"):
    _spreading(_name)


@lowers("max.default")
def largest(rec: Recorder, self: Tensor) -> Any:
    """``max(Tensor self) -> Tensor``."""
    return reduce.amax(rec, self)


@lowers("min.default")
def smallest(rec: Recorder, self: Tensor) -> Any:
    """``min(Tensor self) -> Tensor``."""
    return reduce.amin(rec, self)


bind(reduce.aminmax)


@lowers("linalg_vector_norm")
def vector_norm(
    rec: Recorder, self: Tensor, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """PyTorch's ``linalg_vector_norm``.

    linalg_vector_norm(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *, ScalarType? dtype=None)
        -> Tensor
    """
    x = self if dtype is None else cast(rec, self, dtype)
    if x.is_complex() and ord != 0:
        x = RULES["abs"](rec, x)
    return reduce.vector_norm(rec, x, ord, dim, keepdim=keepdim)


@lowers("norm")
def norm(rec: Recorder, self: Tensor, p: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """``norm.Scalar(Tensor self, Scalar p=2) -> Tensor``."""
    return vector_norm(rec, self, 2 if p is None else p, dim, keepdim, dtype=dtype)


@lowers("histc")
def histc(rec: Recorder, self: Tensor, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """The range of the data, which ``min = max`` asks for, is not known."""
    if min == max:
        return NotImplemented
    return rec.op("histc", HistcAttrs(bins=bins, min=float(min), max=float(max)), self)


@lowers("nansum")
def nansum(rec: Recorder, self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Zeros for what is not a number."""
    x = self
    if x.dtype.is_floating_point:
        x = where(rec, rec.op("isnan", None, x), torch.zeros((), dtype=x.dtype), x)
    return RULES["sum"](rec, x, dim, keepdim, dtype=dtype)


@lowers("dist")
def dist(rec: Recorder, self: Tensor, other: Tensor, p: float = 2) -> Any:
    """``dist(Tensor self, Tensor other, Scalar p=2) -> Tensor``."""
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
