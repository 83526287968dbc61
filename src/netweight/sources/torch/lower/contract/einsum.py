"""Einstein summation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.ops.contract.einsum import EinsumAttrs, canonical_equation
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.strides import memory_order

_MOST = 2


@lowers("einsum")
def einsum(rec: Recorder, equation: str, tensors: Any, *, path: Any = None) -> Any:
    """One operator for one or two tensors; for more of them PyTorch takes it apart in an order that it chooses."""
    xs = tuple(tensors)
    if len(xs) > _MOST or any(x.dtype != xs[0].dtype for x in xs):
        return NotImplemented
    explicit = canonical_equation(equation, [x.dim() for x in xs])
    if _repeats(explicit, xs):
        return NotImplemented
    # PyTorch's product leaves its result in an order of its own.
    order = memory_order(rec.native(torch.ops.aten.einsum, equation, xs))
    return rec.op("einsum", EinsumAttrs(equation=explicit), *xs, order=order)


def _repeats(equation: str, xs: tuple[Tensor, ...]) -> bool:
    """Whether a dimension of size 1 meets a larger one, which PyTorch repeats."""
    sizes: dict[str, int] = {}
    for term, x in zip(equation.partition("->")[0].split(","), xs, strict=True):
        for letter, size in zip(term, x.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                return True
    return False
