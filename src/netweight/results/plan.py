"""Where buffers lie, and whether a plan holds: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from netweight.results.as_json import fields_of

PLAN_SCHEMA, AUDIT_SCHEMA = "netweight/plan/1", "netweight/audit/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A buffer and its place.

    Attributes:
        id: Its name.
        lower: First step at which it is alive.
        upper: First step at which it is no longer alive.
        size_bytes: Its size.
        offset_bytes: Its first byte in the arena.
        fits: Whether it ends within the capacity.
    """

    id: str
    lower: int
    upper: int
    size_bytes: int
    offset_bytes: int
    fits: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where buffers lie.

    Attributes:
        name: Of the problem.
        method: What found it: ``"size"``, ``"search"``, ``"cp-sat"``.
        height_bytes: Size of the arena.
        lower_bound_bytes: What no plan can do without.
        capacity_bytes: What there is; None where nobody says.
        proved: Whether no plan is lower.
        nodes: Buffers that the search placed, also in vain.
        seed: Of what it draws at random.
        buffers: Each with its place.
        notes: What a reader must know.
        pinned_count: Buffers that stay at the offset that they came with.
    """

    name: str
    method: str
    height_bytes: int
    lower_bound_bytes: int
    capacity_bytes: int | None
    proved: bool
    nodes: int
    seed: int
    buffers: tuple[Placed, ...]
    notes: tuple[str, ...] = ()
    pinned_count: int = 0

    @property
    def fits(self) -> bool:
        """Whether all buffers end within the capacity."""
        return self.capacity_bytes is None or self.height_bytes <= self.capacity_bytes

    @property
    def left_out(self) -> tuple[str, ...]:
        """Ids of the buffers that do not fit."""
        return tuple(buffer.id for buffer in self.buffers if not buffer.fits)

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/plan/1``."""
        return {"schema": PLAN_SCHEMA, "fits": self.fits, "left_out": list(self.left_out), **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; integers are exact and have their unit in the key."""
        return json.dumps(self.to_dict(), indent=indent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Two buffers on the same bytes.

    Attributes:
        one: The one that is born later.
        other: The other.
        overlap_bytes: Bytes that both have.
        step: First step at which both are alive.
    """

    one: str
    other: str
    overlap_bytes: int
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Misaligned:
    """A buffer whose offset is no multiple of its alignment.

    Attributes:
        id: Its name.
        offset_bytes: Its first byte.
        alignment_bytes: What the offset should be a multiple of.
    """

    id: str
    offset_bytes: int
    alignment_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Whether a plan holds.

    Attributes:
        name: Of the plan.
        buffer_count: Buffers of it.
        height_bytes: Size of its arena.
        lower_bound_bytes: What no plan can do without.
        wasted_bytes: Bytes above the bound; a perfect plan may need some of them.
        capacity_bytes: What there is; None where nobody says.
        clashes: Buffers on each other, the first hundred in order of time.
        misaligned: Buffers whose offset is no multiple of their alignment.
    """

    name: str
    buffer_count: int
    height_bytes: int
    lower_bound_bytes: int
    wasted_bytes: int
    capacity_bytes: int | None
    clashes: tuple[Clash, ...]
    misaligned: tuple[Misaligned, ...]

    @property
    def out_of_line(self) -> tuple[str, ...]:
        """Ids of the buffers that are misaligned."""
        return tuple(buffer.id for buffer in self.misaligned)

    @property
    def sound(self) -> bool:
        """Whether a runtime can follow it."""
        within = self.capacity_bytes is None or self.height_bytes <= self.capacity_bytes
        return within and not self.clashes and not self.out_of_line

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/audit/1``."""
        return {"schema": AUDIT_SCHEMA, "sound": self.sound, "out_of_line": list(self.out_of_line), **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; integers are exact and have their unit in the key."""
        return json.dumps(self.to_dict(), indent=indent)
