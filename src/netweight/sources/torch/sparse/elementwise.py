"""Operators on each element of sparse tensors: what is not stored stays zero."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from netweight.sources.torch.lower import RULES
from netweight.sources.torch.lower.move.layout import expand
from netweight.sources.torch.lower.pointwise.elementwise import times
from netweight.sources.torch.recorder import Recorder
from netweight.sources.torch.sparse.layout import coalesced, joined
from netweight.sources.torch.sparse.places import positions
from netweight.sources.torch.sparse.rules import of_sparse
from netweight.sources.torch.sparse.stored import Sparse

KEEPING_ZERO = frozenset({
    "abs", "asin", "asinh", "atan", "atanh", "ceil", "clone", "conj", "deg2rad", "detach", "erf", "expm1", "floor",
    "log1p", "neg", "positive", "pow", "rad2deg", "relu", "round", "sgn", "sign", "sin", "sinh", "sqrt", "square",
    "tan", "tanh", "to", "_to_copy", "trunc", "alias", "dropout",
})  # fmt: skip
"""Functions of each element that give zero for zero."""


LINEAR = frozenset({"alias", "clone", "conj", "detach", "dropout", "neg", "positive", "to", "_to_copy"})
"""Those of them that may work on parts of an element that is stored in several."""


@of_sparse("mul", "multiply")
def mul(rec: Recorder, x: Any, other: Any) -> Any:
    """Products of what is stored with a number, or with what a dense tensor has in the same places."""
    if not isinstance(x, Sparse):
        x, other = other, x
    if isinstance(other, Sparse):
        same = x.places is other.places and x.pointers is other.pointers
        return x.with_values(RULES["mul"](rec, x.values, other.values)) if same else NotImplemented
    if isinstance(other, Tensor) and other.dim():
        other = _in_places(rec, x, other)
    return x.with_values(RULES["mul"](rec, x.values, other))


@of_sparse("div", "true_divide", "divide")
def div(rec: Recorder, x: Any, other: Any) -> Any:
    """Quotients of what is stored and a number, or what a dense tensor has in the same places."""
    if not isinstance(x, Sparse) or isinstance(other, Sparse):
        return NotImplemented
    if isinstance(other, Tensor) and other.dim():
        other = _in_places(rec, x, other)
    return x.with_values(RULES["div"](rec, x.values, other))


@of_sparse("sparse_mask")
def masked(rec: Recorder, x: Any, mask: Sparse, *_flags: bool) -> Any:
    """What a dense tensor has in the places of a sparse one."""
    return mask.with_values(_in_places(rec, mask, x)) if isinstance(x, Tensor) else NotImplemented


def _in_places(rec: Recorder, x: Sparse, dense: Tensor) -> Tensor:
    wide = dense if tuple(dense.shape) == x.shape else expand(rec, dense, x.shape)
    found: Tensor = RULES["index"](rec, wide, list(positions(rec, x)))
    return found


@of_sparse("sub", "subtract")
def sub(rec: Recorder, x: Any, other: Any, *, alpha: float = 1) -> Any:
    """Their difference."""
    return add(rec, x, other, alpha=-alpha)


@of_sparse("add")
def add(rec: Recorder, x: Any, other: Any, *, alpha: float = 1) -> Any:
    """The sum of two sparse tensors, or of a dense one and what is stored."""
    if isinstance(x, Sparse) and isinstance(other, Sparse):
        scaled = other.with_values(times(rec, other.values, alpha))
        if x.places is other.places and x.pointers is other.pointers:
            return x.with_values(rec.op("add", None, x.values, scaled.values))
        both = coalesced(rec, joined(rec, [x, scaled]))
        return both if x.layout == "coo" else NotImplemented
    if isinstance(x, Sparse):
        if not isinstance(other, Tensor) or alpha != 1:
            return NotImplemented
        x, other = other, x
    return RULES["index_put"](rec, x, list(positions(rec, other)), times(rec, other.values, alpha), accumulate=True)
