"""Where a program asks for the numbers in a tensor that has none: guesses, each of them said to the reader.

What follows from weights alone is known, and so is a condition that ends in an error where it is not as it should be.
What follows from choices among experts is worked out, as if they were chosen evenly. Else a condition is taken to hold,
unless it looks for NaN, infinity or negative numbers; a number is taken to be one, and a sum of whole numbers to be as
many as are added up; of elements picked by a condition, all are taken.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from netweight.ops.move.places import IndexAttrs
from netweight.ops.order.nonzero import NonzeroAttrs
from netweight.sources.torch.checks import answer_that_goes_on
from netweight.sources.torch.lower import lowers
from netweight.sources.torch.lower.move.layout import expand, flat
from netweight.sources.torch.lower.order.counted import added_up
from netweight.sources.torch.recorder import Recorder

_FAULTS = frozenset({"isnan", "isinf", "aten.isnan", "aten.isinf"})


@lowers("item", "_local_scalar_dense")
def item(rec: Recorder, self: Tensor) -> Any:
    """``item(Tensor self) -> Scalar``."""
    if self.dtype == torch.bool:
        return is_nonzero(rec, self)
    known = rec.numbers(self)
    taken = 1.0 if self.dtype.is_floating_point else added_up(rec, self)
    number = taken if known is None else known.item()
    rec.suppose(self, f"a number taken from a tensor is taken to be {number:g}")
    return number


@lowers("is_nonzero")
def is_nonzero(rec: Recorder, self: Tensor) -> Any:
    """``is_nonzero(Tensor self) -> bool``."""
    known = rec.numbers(self)
    goes_on = answer_that_goes_on() if known is None else None
    if goes_on is not None:
        return goes_on
    holds = not _looks_for_faults(rec, self) if known is None else bool(known)
    rec.suppose(self, f"a condition on a tensor is taken to be {holds}")
    return holds


@lowers("equal")
def equal(rec: Recorder, self: Tensor, other: Tensor) -> Any:
    """``equal(Tensor self, Tensor other) -> bool``."""
    alike = self.shape == other.shape and self.dtype == other.dtype
    if alike and rec.recording.value_of(self) == rec.recording.value_of(other):
        return True
    known = [rec.numbers(x) for x in (self, other)] if alike else []
    if known and known[0] is not None and known[1] is not None:
        for x in (self, other):
            rec.suppose(x, "numbers that two tensors are compared by are taken to be even")
        return torch.equal(*known)
    goes_on = answer_that_goes_on() if alike else None
    if goes_on is not None:
        return goes_on
    if alike:
        rec.guess("two tensors are taken to differ")
    return False


@lowers("allclose")
def allclose(rec: Recorder, self: Tensor, other: Tensor, *_tolerances: Any, **_named: Any) -> Any:
    """PyTorch's ``allclose``.

    allclose(Tensor self, Tensor other, float rtol=1.0000000000000001e-05, float atol=1e-08, bool equal_nan=False)
        -> bool
    """
    return equal(rec, self, other)


@lowers("nonzero")
def nonzero(rec: Recorder, self: Tensor) -> Any:
    """``nonzero(Tensor self) -> Tensor``."""
    return _found(rec, self, "condition")


@lowers("masked_select")
def masked_select(rec: Recorder, self: Tensor, mask: Tensor) -> Any:
    """``masked_select(Tensor self, Tensor mask) -> Tensor``."""
    shape = torch.broadcast_shapes(self.shape, mask.shape)
    x, picked = (flat(rec, expand(rec, part, shape)) for part in (self, mask))
    found = _found(rec, picked, "mask")
    return rec.op("index", IndexAttrs(dims=(0,)), x, flat(rec, found))


def _found(rec: Recorder, picks: Tensor, what: str) -> Tensor:
    """Places that are not zero: as many as are known to be, else all."""
    known = rec.numbers(picks)
    count = None if known is None else int(known.count_nonzero())
    share = "all elements that a {} picks are taken to be picked" if count is None else "a {} is taken to pick {} of {}"
    rec.suppose(picks, share.format(what, count, picks.numel()), sizes=True)
    found: Tensor = rec.op("nonzero", NonzeroAttrs(count=count), picks, order=(1, 0))
    return found


def _looks_for_faults(rec: Recorder, condition: Tensor) -> bool:
    """Whether a condition asks for NaN, infinity or negative numbers: it is there for when something went wrong."""
    wanted = {rec.recording.value_of(condition)}
    for node in reversed(rec.recording.nodes[-8:]):
        if wanted.isdisjoint(node.outputs):
            continue
        if node.op in _FAULTS or (node.op == "ne" and node.inputs[0] == node.inputs[1]):
            return True
        if node.op == "lt" and _is_zero(rec, node.inputs[1]):  # a variance, a weight
            return True
        wanted |= {name for name in node.inputs if name is not None}
    return False


def _is_zero(rec: Recorder, name: str | None) -> bool:
    """Whether a value is the number zero, known at capture."""
    tensor = rec.recording.tensors.get(name or "")
    return tensor is not None and tensor.device.type == "cpu" and tensor.numel() == 1 and not bool(tensor)
