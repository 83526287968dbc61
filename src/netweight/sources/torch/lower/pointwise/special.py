"""More functions of each element, and what else is made of the table's operators."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.ops.move.indexing import IndexPutAttrs
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.reduce.reduction import ReduceAttrs
from netweight.sources.torch.lower import RULES, lowers
from netweight.sources.torch.lower.move.layout import flat
from netweight.sources.torch.lower.pointwise.elementwise import Operand, add, binary, cast, div, mul, sub, where
from netweight.sources.torch.lower.pointwise.math import _one, floating, over, over_number

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

for _ours, _theirs in {
    "acosh": ("acosh", "arccosh"), "asinh": ("asinh", "arcsinh"), "atanh": ("atanh", "arctanh"),
}.items():  # fmt: skip
    _one(_ours, *_theirs, promotes=True)


@lowers("copysign")
def copysign(rec: Recorder, self: Operand, other: Operand) -> Any:
    return binary(rec, "copysign", self, other, floating=True)


@lowers("signbit")
def signbit(rec: Recorder, self: Tensor) -> Any:
    if not self.dtype.is_floating_point:
        return binary(rec, "lt", self, 0)
    return binary(rec, "lt", binary(rec, "copysign", torch.ones((), dtype=self.dtype), self), 0)


@lowers("isposinf")
def isposinf(rec: Recorder, self: Tensor) -> Any:
    return binary(rec, "eq", self, math.inf)


@lowers("isneginf")
def isneginf(rec: Recorder, self: Tensor) -> Any:
    return binary(rec, "eq", self, -math.inf)


@lowers("heaviside")
def heaviside(rec: Recorder, self: Tensor, values: Tensor) -> Any:
    """0 below zero, 1 above, ``values`` at it."""
    step = cast(rec, binary(rec, "gt", self, 0), self.dtype)
    return where(rec, binary(rec, "eq", self, 0), values, step)


def _scaling(name: str, factor: float) -> None:
    @lowers(name)
    def rule(rec: Recorder, self: Tensor) -> Any:
        x = floating(rec, self)
        return rec.op("mul_scalar", ScalarAttrs(value=factor), x, like=x)


_scaling("deg2rad", math.pi / 180)
_scaling("rad2deg", 180 / math.pi)


def _extreme(name: str, picks: str) -> None:
    """The other one where one is NaN."""

    @lowers(name)
    def rule(rec: Recorder, self: Tensor, other: Tensor) -> Any:
        found = binary(rec, picks, self, other)
        if not found.dtype.is_floating_point:
            return found
        found = where(rec, rec.op("isnan", None, other, like=other), self, found)
        return where(rec, rec.op("isnan", None, self, like=self), other, found)


_extreme("fmax", "maximum")
_extreme("fmin", "minimum")


@lowers("logaddexp2")
def logaddexp2(rec: Recorder, self: Tensor, other: Tensor) -> Any:
    """``logaddexp`` to base 2."""
    scaled = [rec.op("mul_scalar", ScalarAttrs(value=math.log(2)), x, like=x) for x in (self, other)]
    return over_number(rec, binary(rec, "logaddexp", *scaled, floating=True), "div_scalar", math.log(2))


@lowers("ldexp.Tensor", "ldexp.default")
def ldexp(rec: Recorder, self: Tensor, other: Tensor) -> Any:
    return mul(rec, self, rec.op("exp2", None, floating(rec, other), like=other))


@lowers("sinc", "special_sinc")
def sinc(rec: Recorder, self: Tensor) -> Any:
    """sin(pi x) / (pi x), 1 at zero."""
    x = floating(rec, self)
    turned = rec.op("mul_scalar", ScalarAttrs(value=math.pi), x, like=x)
    ratio = div(rec, rec.op("sin", None, turned, like=turned), turned)
    return where(rec, binary(rec, "eq", x, 0), torch.ones((), dtype=x.dtype), ratio)


@lowers("special_entr")
def entr(rec: Recorder, self: Tensor) -> Any:
    """-x log x, 0 at zero, minus infinity below."""
    x = floating(rec, self)
    product = over(rec, mul(rec, x, rec.op("log", None, x, like=x)), "neg")
    inside = where(rec, binary(rec, "eq", x, 0), torch.zeros((), dtype=x.dtype), product)
    return where(rec, binary(rec, "lt", x, 0), torch.tensor(-math.inf, dtype=x.dtype), inside)


@lowers("special_xlog1py")
def xlog1py(rec: Recorder, self: Operand, other: Operand) -> Any:
    """x log(1 + y), zero where x is."""
    if not (isinstance(self, Tensor) and isinstance(other, Tensor)):
        return NotImplemented
    product = mul(rec, self, rec.op("log1p", None, floating(rec, other), like=other))
    return where(rec, binary(rec, "eq", self, 0), torch.zeros((), dtype=product.dtype), product)


@lowers("round.decimals")
def round_decimals(rec: Recorder, self: Tensor, *, decimals: int) -> Any:
    """Moved, rounded and moved back."""
    if decimals == 0 or not self.dtype.is_floating_point:
        return rec.op("round", None, self, like=self)
    there, back = ("mul_scalar", "div_scalar") if decimals > 0 else ("div_scalar", "mul_scalar")
    factor = ScalarAttrs(value=10.0 ** abs(decimals))
    moved = rec.op(there, factor, self, like=self)
    return over(rec, over(rec, moved, "round"), back, attrs=factor)


@lowers("addr")
def addr(rec: Recorder, self: Tensor, vec1: Tensor, vec2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    from netweight.sources.torch.lower.move.layout import unsqueeze
    from netweight.sources.torch.lower.pointwise.elementwise import scaled

    product = scaled(rec, mul(rec, unsqueeze(rec, vec1, -1), vec2), alpha)
    return product if beta == 0 else add(rec, product, scaled(rec, self, beta))


@lowers("addbmm")
def addbmm(rec: Recorder, self: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Any:
    """Products of matrices, added up."""
    from netweight.sources.torch.lower.pointwise.elementwise import scaled

    products = rec.op("matmul", None, batch1, batch2)
    total = scaled(rec, rec.op("sum", ReduceAttrs(dims=(0,)), products), alpha)
    return total if beta == 0 else add(rec, total, scaled(rec, self, beta))


@lowers("nansum")
def nansum(rec: Recorder, self: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """Zeros for what is no number."""
    x = self
    if x.dtype.is_floating_point:
        x = where(rec, rec.op("isnan", None, x, like=x), torch.zeros((), dtype=x.dtype), x)
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
    from netweight.ops.move.gather import GatherAttrs

    first, second = torch.triu_indices(self.shape[0], self.shape[0], 1)
    if not len(first):
        return NotImplemented
    rows = [rec.op("index_select", GatherAttrs(dim=0), self, at.contiguous()) for at in (first, second)]
    return RULES["linalg_vector_norm"](rec, sub(rec, *rows), p, [1])


@lowers("masked_scatter")
def masked_scatter(rec: Recorder, self: Tensor, mask: Tensor, source: Tensor) -> Any:
    return rec.op("masked_scatter", None, self, cast(rec, mask, torch.bool), source, like=self)


@lowers("put")
def put(rec: Recorder, self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Any:
    """Elements of the flattened tensor replaced."""
    from netweight.sources.torch.lower.move.layout import reshaped

    attrs = IndexPutAttrs(dims=(0,), accumulate=accumulate)
    written = rec.op("index_put", attrs, flat(rec, self), flat(rec, source), flat(rec, index))
    return reshaped(rec, written, self.shape)


@lowers("soft_margin_loss")
def soft_margin_loss(rec: Recorder, self: Tensor, target: Tensor, reduction: int = 1) -> Any:
    """log(1 + exp(-y x)), its mean or sum."""
    z = over(rec, over(rec, mul(rec, self, target), "neg"), "exp")
    loss = over(rec, z, "log1p")
    return loss if reduction == 0 else RULES["mean" if reduction == 1 else "sum"](rec, loss)


@lowers("_prelu_kernel")
def prelu_kernel(rec: Recorder, self: Tensor, weight: Tensor) -> Any:
    scaled = mul(rec, self, weight)
    return where(rec, binary(rec, "gt", self, 0), self, scaled)


@lowers("linspace.Tensor_Tensor", "linspace.Tensor_Scalar", "linspace.Scalar_Tensor")
def linspace(rec: Recorder, start: Operand, end: Operand, steps: int, *, dtype: Any = None, **_others: Any) -> Any:
    """start + share (end - start)."""
    wanted = dtype or torch.get_default_dtype()
    if not wanted.is_floating_point:
        return NotImplemented
    bounds = [cast(rec, v, wanted) if isinstance(v, Tensor) else torch.tensor(v, dtype=wanted) for v in (start, end)]
    shares = torch.linspace(0, 1, steps, dtype=wanted)
    return add(rec, mul(rec, shares, sub(rec, bounds[1], bounds[0])), bounds[0])
