"""Reductions along dimensions, counted from the end if negative; along all of them unless told which. Running ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from netweight.functions.recorder import Recorder, T, from_front
from netweight.ops.pointwise.unary import CastAttrs
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.reduction import ReduceAttrs, VarAttrs
from netweight.ops.reduce.vector_norm import VectorNormAttrs

Dims: TypeAlias = "int | Sequence[int] | None"


def sum(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:  # noqa: A001  -- PyTorch's name
    """Sum."""
    return rec.op("sum", _attrs(rec, x, dim, keepdim=keepdim), x)


def mean(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:
    """Mean."""
    return rec.op("mean", _attrs(rec, x, dim, keepdim=keepdim), x)


def amax(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:
    """Largest element."""
    return rec.op("amax", _attrs(rec, x, dim, keepdim=keepdim), x)


def amin(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:
    """Smallest element."""
    return rec.op("amin", _attrs(rec, x, dim, keepdim=keepdim), x)


def aminmax(rec: Recorder, x: T, *, dim: int | None = None, keepdim: bool = False) -> tuple[T, T]:
    """Smallest and largest element."""
    return amin(rec, x, dim, keepdim=keepdim), amax(rec, x, dim, keepdim=keepdim)


def prod(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:
    """Product."""
    return rec.op("prod", _attrs(rec, x, dim, keepdim=keepdim), x)


def var(rec: Recorder, x: T, dim: Dims = (), *, correction: int = 1, keepdim: bool = False) -> T:
    """Variance, over the number of elements less ``correction``."""
    attrs = VarAttrs(dims=_dims(rec, x, dim), keepdim=keepdim, correction=correction)
    return rec.op("var", attrs, x)


def std(rec: Recorder, x: T, dim: Dims = (), *, correction: int = 1, keepdim: bool = False) -> T:
    """Standard deviation: the root of the variance, in its place."""
    return rec.over("sqrt", None, var(rec, x, dim, correction=correction, keepdim=keepdim))


def var_mean(rec: Recorder, x: T, dim: Dims = (), *, correction: int = 1, keepdim: bool = False) -> tuple[T, T]:
    """Variance and mean."""
    return var(rec, x, dim, correction=correction, keepdim=keepdim), mean(rec, x, dim, keepdim=keepdim)


def std_mean(rec: Recorder, x: T, dim: Dims = (), *, correction: int = 1, keepdim: bool = False) -> tuple[T, T]:
    """Standard deviation and mean."""
    return std(rec, x, dim, correction=correction, keepdim=keepdim), mean(rec, x, dim, keepdim=keepdim)


def logsumexp(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:
    """Logarithm of the sum of the exponentials."""
    return rec.op("logsumexp", _attrs(rec, x, dim, keepdim=keepdim), x)


def vector_norm(
    rec: Recorder,
    x: T,
    ord: float = 2,  # noqa: A002  -- PyTorch's name
    dim: Dims = (),
    *,
    keepdim: bool = False,
) -> T:
    """Length of vectors: the Euclidean one, or that of another exponent.

    Infinity is the largest absolute value, minus infinity the smallest one, 0 the number of elements other than 0.
    """
    if math.isinf(ord):
        return rec.op("amax" if ord > 0 else "amin", _attrs(rec, x, dim, keepdim=keepdim), rec.op("abs", None, x))
    if ord == 0:
        count = count_nonzero(rec, x, dim, keepdim=keepdim)
        return rec.op("cast", CastAttrs(dtype=rec.spec(x).dtype), count)
    return rec.op("vector_norm", VectorNormAttrs(dims=_dims(rec, x, dim), keepdim=keepdim, ord=float(ord)), x)


def any(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:  # noqa: A001  -- PyTorch's name
    """Some element is not zero."""
    return rec.op("any", _attrs(rec, x, dim, keepdim=keepdim), x)


def all(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:  # noqa: A001  -- PyTorch's name
    """No element is zero."""
    return rec.op("all", _attrs(rec, x, dim, keepdim=keepdim), x)


def count_nonzero(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:
    """How many elements are not zero, as int64."""
    return rec.op("count_nonzero", _attrs(rec, x, dim, keepdim=keepdim), x)


def argmax(rec: Recorder, x: T, dim: int | None = None, *, keepdim: bool = False) -> T:
    """Position of the largest element along a dimension, or in the flattened tensor."""
    return rec.op("argmax", _attrs(rec, x, dim, keepdim=keepdim), x)


def argmin(rec: Recorder, x: T, dim: int | None = None, *, keepdim: bool = False) -> T:
    """Position of the smallest element along a dimension, or in the flattened tensor."""
    return rec.op("argmin", _attrs(rec, x, dim, keepdim=keepdim), x)


def cumsum(rec: Recorder, x: T, dim: int) -> T:
    """Running sum along a dimension."""
    return rec.op("cumsum", _along(rec, x, dim), x)


def cumprod(rec: Recorder, x: T, dim: int) -> T:
    """Running product along a dimension."""
    return rec.op("cumprod", _along(rec, x, dim), x)


def cummax(rec: Recorder, x: T, dim: int) -> tuple[T, T]:
    """The largest element so far along a dimension, and where it was."""
    return rec.op("cummax", _along(rec, x, dim), x)


def cummin(rec: Recorder, x: T, dim: int) -> tuple[T, T]:
    """The smallest element so far along a dimension, and where it was."""
    return rec.op("cummin", _along(rec, x, dim), x)


def logcumsumexp(rec: Recorder, x: T, dim: int) -> T:
    """Logarithm of the running sum of exponentials."""
    return rec.op("logcumsumexp", _along(rec, x, dim), x)


def _attrs(rec: Recorder, x: T, dim: Dims, *, keepdim: bool) -> ReduceAttrs:
    return ReduceAttrs(dims=_dims(rec, x, dim), keepdim=keepdim)


def _dims(rec: Recorder, x: T, dim: Dims) -> tuple[int, ...]:
    """Dimensions counted from the front; none for all of them, as for a tensor that does not have any."""
    if dim is None or not rec.spec(x).shape:
        return ()
    return from_front(rec, x, dim if isinstance(dim, int) else tuple(dim))


def _along(rec: Recorder, x: T, dim: int) -> CumsumAttrs:
    return CumsumAttrs(dim=from_front(rec, x, dim)[0])
