"""More reductions along dimensions, counted from the end if negative; along all of them unless told which."""

from __future__ import annotations

from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.sources.build.core import Symbol, call
from netweight.sources.build.params import from_front
from netweight.sources.build.reduce import reduce_over

Dims = int | tuple[int, ...]


def logsumexp(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "logsumexp") -> Symbol:
    """Logarithm of the sum of the exponentials."""
    return reduce_over("logsumexp", x, dim, keepdim=keepdim, name=name)


def any(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "any") -> Symbol:  # noqa: A001
    """Some element is not zero."""
    return reduce_over("any", x, dim, keepdim=keepdim, name=name)


def all(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "all") -> Symbol:  # noqa: A001
    """No element is zero."""
    return reduce_over("all", x, dim, keepdim=keepdim, name=name)


def count_nonzero(x: Symbol, dim: Dims = (), *, keepdim: bool = False, name: str = "count_nonzero") -> Symbol:
    """How many elements are not zero, as int64."""
    return reduce_over("count_nonzero", x, dim, keepdim=keepdim, name=name)


def cumprod(x: Symbol, dim: int, *, name: str = "cumprod") -> Symbol:
    """Running product along a dimension."""
    return call("cumprod", CumsumAttrs(dim=from_front(x, dim)[0]), x, name=name)
