"""PyTorch's calls: reduction."""

from __future__ import annotations

from typing import Any

import torch


def _all(attrs: Any, x: Any) -> tuple[int, ...]:
    return attrs.dims or tuple(range(x.ndim))


def _over(name: str) -> Any:
    return lambda attrs, x: getattr(torch, name)(x, dim=_all(attrs, x), keepdim=attrs.keepdim)


def prod(attrs: Any, x: Any) -> Any:
    """One dimension after the other, as PyTorch's takes one."""
    for dim in _all(attrs, x):
        x = x.prod(dim, keepdim=True)
    return x if attrs.keepdim else x.reshape([s for d, s in enumerate(x.shape) if attrs.dims and d not in attrs.dims])


def var(attrs: Any, x: Any) -> Any:
    return x.var(_all(attrs, x), correction=attrs.correction, keepdim=attrs.keepdim)


def vector_norm(attrs: Any, x: Any) -> Any:
    return torch.linalg.vector_norm(x, attrs.ord, _all(attrs, x), attrs.keepdim)


def _position(name: str) -> Any:
    def witness(attrs: Any, x: Any) -> Any:
        dim = attrs.dims[0] if attrs.dims else None
        return getattr(torch, name)(x, dim=dim, keepdim=attrs.keepdim)

    return witness


CALLS = {
    **{name: _over(name) for name in ("sum", "mean", "amax", "amin")},
    "argmax": _position("argmax"),
    "argmin": _position("argmin"),
    "prod": prod,
    "var": var,
    "vector_norm": vector_norm,
    "cumsum": lambda attrs, x: torch.cumsum(x, attrs.dim),
    "cummax": lambda attrs, x: tuple(torch.cummax(x, attrs.dim)),
    "cummin": lambda attrs, x: tuple(torch.cummin(x, attrs.dim)),
    "logcumsumexp": lambda attrs, x: torch.logcumsumexp(x, attrs.dim),
}
