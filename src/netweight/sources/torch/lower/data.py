"""Where a program asks for the numbers in a tensor that has none: guesses, each of them said to the reader.

A condition is taken to hold, unless it looks for NaN or infinity; a number is taken to be one; of elements picked by a
condition, all are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from netweight.sources.torch.lower import lowers

if TYPE_CHECKING:
    from netweight.sources.torch.recorder import Recorder

_FAULTS = frozenset({"isnan", "isinf", "aten.isnan", "aten.isinf"})


@lowers("item", "_local_scalar_dense")
def item(rec: Recorder, self: Tensor) -> Any:
    if self.dtype == torch.bool:
        return is_nonzero(rec, self)
    rec.guess("a number taken from a tensor is taken to be 1")
    return 1.0 if self.dtype.is_floating_point else 1


@lowers("is_nonzero")
def is_nonzero(rec: Recorder, self: Tensor) -> Any:
    holds = not _looks_for_faults(rec, self)
    rec.guess(f"a condition on a tensor is taken to be {holds}")
    return holds


@lowers("equal")
def equal(rec: Recorder, self: Tensor, other: Tensor) -> Any:
    alike = self.shape == other.shape and self.dtype == other.dtype
    if alike and rec.tape.value_of(self) == rec.tape.value_of(other):
        return True
    if alike:
        rec.guess("two tensors are taken to differ")
    return False


@lowers("allclose")
def allclose(rec: Recorder, self: Tensor, other: Tensor, *_tolerances: Any, **_named: Any) -> Any:
    return equal(rec, self, other)


@lowers("nonzero")
def nonzero(rec: Recorder, self: Tensor) -> Any:
    rec.guess("all elements that a condition picks are taken to be picked")
    return _unlisted(rec, "aten.nonzero", (self.numel(), self.dim()), torch.int64, self)


@lowers("masked_select")
def masked_select(rec: Recorder, self: Tensor, mask: Tensor) -> Any:
    rec.guess("all elements that a mask picks are taken to be picked")
    count = torch.broadcast_shapes(self.shape, mask.shape).numel()
    return _unlisted(rec, "aten.masked_select", (count,), self.dtype, self, mask)


def _unlisted(rec: Recorder, name: str, shape: tuple[int, ...], dtype: torch.dtype, *tensors: Tensor) -> Tensor:
    """Result of an operator that the table has no rule for, listed as such."""
    result = torch.empty(shape, dtype=dtype, device="meta")
    rec.tape.record(name, None, tensors, (result,))
    return result


def _looks_for_faults(rec: Recorder, condition: Tensor) -> bool:
    """Whether a condition comes from isnan or isinf: what it leads to is there for when something went wrong."""
    wanted = {rec.tape.value_of(condition)}
    for node in reversed(rec.tape.nodes[-8:]):
        if wanted.isdisjoint(node.outputs):
            continue
        if node.op in _FAULTS or (node.op == "ne" and node.inputs[0] == node.inputs[1]):
            return True
        wanted |= {name for name in node.inputs if name is not None}
    return False
