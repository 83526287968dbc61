"""Reductions along dimensions, counted from the end if negative; along all of them unless told which."""

from __future__ import annotations

from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.reduction import ReduceAttrs, VarAttrs
from netweight.ops.reduce.vector_norm import VectorNormAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front

Dims = int | tuple[int, ...]


def sum(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "sum") -> Symbol:  # noqa: A001
    """Sum."""
    return reduce_over("sum", x, dim, keepdim=keepdim, name=name)


def mean(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "mean") -> Symbol:
    """Mean."""
    return reduce_over("mean", x, dim, keepdim=keepdim, name=name)


def amax(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "amax") -> Symbol:
    """Largest element."""
    return reduce_over("amax", x, dim, keepdim=keepdim, name=name)


def amin(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "amin") -> Symbol:
    """Smallest element."""
    return reduce_over("amin", x, dim, keepdim=keepdim, name=name)


def prod(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "prod") -> Symbol:
    """Product."""
    return reduce_over("prod", x, dim, keepdim=keepdim, name=name)


def var(x: Symbol, dim: Dims = (), *, correction: int = 1, keepdim: bool = False, name: str = "var") -> Symbol:
    """Variance, over the number of elements less ``correction``."""
    attrs = VarAttrs(dims=from_front(x, dim), keepdim=keepdim, correction=correction)
    return call("var", attrs, x, name=name)


def std(x: Symbol, dim: Dims = (), *, correction: int = 1, keepdim: bool = False, name: str = "std") -> Symbol:
    """Standard deviation: the root of the variance, in its place."""
    return call("sqrt", None, var(x, dim, correction=correction, keepdim=keepdim), name=name, inplace=True)


def vector_norm(
    x: Symbol,
    ord: float = 2,  # noqa: A002
    dim: Dims = (),
    *,
    keepdim: bool = False,
    name: str = "vector_norm",
) -> Symbol:
    """Length of vectors: the Euclidean one, or that of another exponent."""
    attrs = VectorNormAttrs(dims=from_front(x, dim), keepdim=keepdim, ord=float(ord))
    return call("vector_norm", attrs, x, name=name)


def argmax(x: Symbol, dim: int | None = None, *, keepdim: bool = False, name: str = "argmax") -> Symbol:
    """Position of the largest element along a dimension, or in the flattened tensor."""
    return reduce_over("argmax", x, () if dim is None else dim, keepdim=keepdim, name=name)


def argmin(x: Symbol, dim: int | None = None, *, keepdim: bool = False, name: str = "argmin") -> Symbol:
    """Position of the smallest element along a dimension, or in the flattened tensor."""
    return reduce_over("argmin", x, () if dim is None else dim, keepdim=keepdim, name=name)


def cumsum(x: Symbol, dim: int, *, name: str = "cumsum") -> Symbol:
    """Running sum along a dimension."""
    return call("cumsum", CumsumAttrs(dim=from_front(x, dim)[0]), x, name=name)


def reduce_over(op: str, x: Symbol, dim: Dims, *, keepdim: bool, name: str) -> Symbol:
    """A reduction over ``dim``: one dimension, several, or all for None."""
    return call(op, ReduceAttrs(dims=from_front(x, dim), keepdim=keepdim), x, name=name)
