"""Reductions along dimensions, counted from the end if negative; along all of them unless told which. Running ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol, TypeAlias

from netweight.functions.recorder import Recorder, T, from_front
from netweight.ops.pointwise.unary import CastAttrs
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.reduction import ReduceAttrs, VarAttrs
from netweight.ops.reduce.vector_norm import VectorNormAttrs

Dims: TypeAlias = "int | Sequence[int] | None"


class Reducing(Protocol):
    """A reduction, as all of them are called."""

    def __call__(self, rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:
        """``x`` with these dimensions left out, or kept with size 1."""


class Running(Protocol):
    """A running reduction."""

    def __call__(self, rec: Recorder, x: T, dim: int) -> T:
        """What the elements up to each one come to, along a dimension."""


def _reducing(op: str, says: str) -> Reducing:
    """A function that is one operator of the table, named like it."""

    def function(rec: Recorder, x: T, dim: Dims = (), *, keepdim: bool = False) -> T:
        return rec.op(op, ReduceAttrs(dims=_dims(rec, x, dim), keepdim=keepdim), x)

    function.__name__ = function.__qualname__ = op
    function.__doc__ = says
    return function


def _running(op: str, says: str) -> Running:
    def function(rec: Recorder, x: T, dim: int) -> T:
        return rec.op(op, CumsumAttrs(dim=from_front(rec, x, dim)[0]), x)

    function.__name__ = function.__qualname__ = op
    function.__doc__ = says
    return function


sum = _reducing("sum", "Sum.")  # noqa: A001  -- PyTorch's name
mean = _reducing("mean", "Mean.")
amax = _reducing("amax", "Largest element.")
amin = _reducing("amin", "Smallest element.")
prod = _reducing("prod", "Product.")
logsumexp = _reducing("logsumexp", "Logarithm of the sum of the exponentials.")
any = _reducing("any", "Some element is not zero.")  # noqa: A001  -- PyTorch's name
all = _reducing("all", "No element is zero.")  # noqa: A001  -- PyTorch's name
count_nonzero = _reducing("count_nonzero", "How many elements are not zero, as int64.")
argmax = _reducing("argmax", "Position of the largest element along a dimension, or in the flattened tensor.")
argmin = _reducing("argmin", "Position of the smallest element along a dimension, or in the flattened tensor.")
cumsum = _running("cumsum", "Running sum along a dimension.")
cumprod = _running("cumprod", "Running product along a dimension.")
logcumsumexp = _running("logcumsumexp", "Logarithm of the running sum of exponentials.")


def aminmax(rec: Recorder, x: T, *, dim: int | None = None, keepdim: bool = False) -> tuple[T, T]:
    """Smallest and largest element."""
    return amin(rec, x, dim, keepdim=keepdim), amax(rec, x, dim, keepdim=keepdim)


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
        return (amax if ord > 0 else amin)(rec, rec.op("abs", None, x), dim, keepdim=keepdim)
    if ord == 0:
        count = count_nonzero(rec, x, dim, keepdim=keepdim)
        return rec.op("cast", CastAttrs(dtype=rec.spec(x).dtype), count)
    return rec.op("vector_norm", VectorNormAttrs(dims=_dims(rec, x, dim), keepdim=keepdim, ord=float(ord)), x)


def cummax(rec: Recorder, x: T, dim: int) -> tuple[T, T]:
    """The largest element so far along a dimension, and where it was."""
    return rec.op("cummax", CumsumAttrs(dim=from_front(rec, x, dim)[0]), x)


def cummin(rec: Recorder, x: T, dim: int) -> tuple[T, T]:
    """The smallest element so far along a dimension, and where it was."""
    return rec.op("cummin", CumsumAttrs(dim=from_front(rec, x, dim)[0]), x)


def _dims(rec: Recorder, x: T, dim: Dims) -> tuple[int, ...]:
    """Dimensions counted from the front; none for all of them, as for a tensor that does not have any."""
    if dim is None or not rec.spec(x).shape:
        return ()
    return from_front(rec, x, dim if isinstance(dim, int) else tuple(dim))
