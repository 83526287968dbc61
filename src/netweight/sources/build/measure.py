"""More reductions along dimensions, counted from the end if negative; along all of them unless told which."""

from __future__ import annotations

from netweight.ops.cumulative import CumsumAttrs
from netweight.ops.reduce import ReduceAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front

Dims = int | tuple[int, ...]


def logsumexp(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "logsumexp") -> Symbol:
    """Logarithm of the sum of the exponentials."""
    return _reduce("logsumexp", x, dim, keepdim=keepdim, name=name)


def any(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "any") -> Symbol:  # noqa: A001
    """Some element is not zero."""
    return _reduce("any", x, dim, keepdim=keepdim, name=name)


def all(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "all") -> Symbol:  # noqa: A001
    """No element is zero."""
    return _reduce("all", x, dim, keepdim=keepdim, name=name)


def count_nonzero(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "count_nonzero") -> Symbol:
    """How many elements are not zero, as int64."""
    return _reduce("count_nonzero", x, dim, keepdim=keepdim, name=name)


def cumprod(x: Symbol, dim: int, *, name: str = "cumprod") -> Symbol:
    """Running product along a dimension."""
    return call("cumprod", CumsumAttrs(dim=from_front(x, dim)[0]), x, name=name)


def _reduce(op: str, x: Symbol, dim: Dims, *, keepdim: bool, name: str) -> Symbol:
    return call(op, ReduceAttrs(dims=from_front(x, dim), keepdim=keepdim), x, name=name)
