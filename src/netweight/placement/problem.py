"""Buffers that need room in an arena, and where they got it.

Lifetimes are half-open, as in MiniMalloc's files: a buffer with ``lower=2`` and ``upper=5`` is alive at steps 2, 3, 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import gcd

from netweight.errors import UsageError


@dataclass(frozen=True, slots=True)
class Buffer:
    """Bytes that are needed for some time.

    Attributes:
        id: Name, unlike that of all others.
        lower: First step at which it is alive.
        upper: First step at which it is no longer alive.
        size: Bytes.
        alignment: Its offset is a multiple of this.
        offset: Where it has to lie; None where the planner says.
        banks: Banks of memory where it may lie, the one it likes best first; empty for any, in their own order.
    """

    id: str
    lower: int
    upper: int
    size: int
    alignment: int = 1
    offset: int | None = None
    banks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0:
            raise UsageError(
                f"buffer {self.id}: expected a size from 0 bytes on, got {self.size}",
                fix="bytes, from 0 on; look at the order of the columns",
            )
        if self.lower >= self.upper:
            raise UsageError(
                f"buffer {self.id}: expected lower < upper, got a lifetime of {self.lower} to {self.upper}",
                fix="upper is the step after the last: alive at step 2 alone is lower 2, upper 3",
            )
        if self.alignment < 1:
            raise UsageError(f"buffer {self.id}: expected an alignment from 1 byte on, got {self.alignment}")
        if self.offset is not None and self.offset < 0:
            raise UsageError(f"buffer {self.id}: expected an offset from 0 on, got {self.offset}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where each buffer lies.

    Attributes:
        offsets: First byte of each buffer, by its id.
        height: Bytes of the arena: the end of the buffer that reaches highest.
        lower_bound: Bytes that no plan for these buffers can do without.
        proved: Whether no plan is lower.
        method: What found it: ``"size"``, ``"search"``.
        nodes: Buffers that were placed, also in vain, before it was found.
    """

    offsets: Mapping[str, int] = field(hash=False)
    height: int
    lower_bound: int
    proved: bool
    method: str
    nodes: int = 0

    @property
    def gap(self) -> int:
        """Bytes by which a better plan could be lower, as far as is known."""
        return self.height - self.lower_bound


def height_of(buffers: Iterable[Buffer], offsets: Mapping[str, int]) -> int:
    """The end of the buffer that reaches highest; 0 where there is none."""
    return max((offsets[buffer.id] + buffer.size for buffer in buffers), default=0)


def aligned(size: int, alignment: int) -> int:
    """The next multiple of an alignment.

    >>> aligned(17, 16), aligned(32, 16)
    (32, 32)
    """
    return -(-size // alignment) * alignment


def check_pins(buffers: Iterable[Buffer]) -> None:
    """Refuse pinned buffers that lie on each other, or out of line.

    Raises:
        UsageError: If two that live at the same time do, or an offset is no multiple of the alignment.
    """
    pinned = [buffer for buffer in buffers if buffer.offset is not None and buffer.size]
    for number, one in enumerate(pinned):
        if (one.offset or 0) % one.alignment:
            raise UsageError(
                f"buffer {one.id}: expected an offset that {one.alignment} divides, got {one.offset}",
                fix=f"an alignment of {gcd(one.alignment, *(b.offset or 0 for b in pinned))}, or no offset",
            )
        for other in pinned[:number]:
            if on_each_other(one, one.offset or 0, other, other.offset or 0):
                raise UsageError(
                    f"buffer {one.id}: expected an offset that leaves {other.id!r} alone, got {one.offset}",
                    fix="--check lists all overlaps; without offsets the buffers are planned anew",
                )


def on_each_other(one: Buffer, offset: int, other: Buffer, other_offset: int) -> bool:
    """Whether two buffers at these offsets share bytes at some step."""
    at_once = one.lower < other.upper and other.lower < one.upper
    return at_once and offset < other_offset + other.size and other_offset < offset + one.size


def check_ids(buffers: Iterable[Buffer]) -> None:
    """Refuse two buffers of one name.

    Raises:
        UsageError: If there are.
    """
    seen: set[str] = set()
    for buffer in buffers:
        if buffer.id in seen:
            raise UsageError(f"buffer {buffer.id}: expected each id once, got it twice")
        seen.add(buffer.id)
