"""What an operator reads for a part of its output, and the attributes with which it makes that part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from netweight.analysis.patching.box import Box, Interval, whole
from netweight.errors import UsageError
from netweight.ir import TensorSpec


class CutError(UsageError):
    """A part of an operator's output cannot be made from parts of its inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of an operator on whole tensors, and the parts of its outputs that are asked for.

    Attributes:
        op: Name of the operator.
        attrs: Its attributes.
        inputs: Specs of what it reads, None where an optional one is left out.
        outputs: Specs of what it writes.
        needed: The part of each output that is asked for, None for an output that nobody reads.
    """

    op: str
    attrs: Any
    inputs: tuple[TensorSpec | None, ...]
    outputs: tuple[TensorSpec, ...]
    needed: tuple[Box | None, ...]

    @property
    def x(self) -> TensorSpec:
        """Spec of the first input."""
        assert self.inputs[0] is not None
        return self.inputs[0]

    @property
    def box(self) -> Box:
        """The part of the only output."""
        assert self.needed[0] is not None
        return self.needed[0]

    def others(self) -> tuple[Box | None, ...]:
        """All inputs but the first, as they are."""
        return tuple([None if spec is None else whole(spec.shape) for spec in self.inputs[1:]])

    def is_whole(self, dim: int) -> bool:
        """Whether all positions along a dimension of the output are asked for."""
        return self.box[dim] == (0, self.outputs[0].shape[dim])

    def refuse_cut(self, *dims: int) -> None:
        """Refuse a part along dimensions of the output that the operator mixes.

        Raises:
            CutError: If one of them is cut.
        """
        for dim in dims:
            if not self.is_whole(dim):
                raise CutError(
                    f"{self.op}: expected all positions along dim {dim}, which it mixes, got a patch of them"
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A call that makes parts of the outputs.

    Attributes:
        inputs: The part of each input that it reads, None for one left out.
        attrs: Attributes of the call on these parts.
        made: The part of each output that it makes: what was needed, or more.
    """

    inputs: tuple[Box | None, ...]
    attrs: Any
    made: tuple[Box | None, ...]


Rule: TypeAlias = Callable[[Call], Part]


def taps(needed: Interval, step: int, span: int, before: int) -> Interval:
    """Input positions under the windows of some outputs, those in the padding included.

    Args:
        needed: The outputs.
        step: Distance of windows.
        span: Positions from the first to the last of a window.
        before: Padding before the input.

    >>> taps(Interval(0, 7), 2, 3, 1)
    Interval(start=-1, stop=14)
    """
    return Interval(needed.start * step - before, (needed.stop - 1) * step - before + span)


def clipped(op: str, reach: Interval, size: int) -> tuple[Interval, tuple[int, int]]:
    """Positions that the input has of those reached, and how many are padding before and after it.

    Raises:
        CutError: If all of them are padding.
    """
    inside = reach.clipped(size)
    if inside.size < 1:
        raise CutError(f"{op}: expected a patch that reads some of the input, got one of padding alone")
    return inside, (inside.start - reach.start, reach.stop - inside.stop)
