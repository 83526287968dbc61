"""Where the tensors of a network lie in one arena, for a runtime that is to put them there: plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from netweight.results.as_json import fields_of

SCHEMA = "netweight/arena/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A tensor that has a place.

    Attributes:
        index: Its number in the file, or among those that have a place.
        name: What it is called.
        nbytes: Bytes that the plan keeps for it.
        offset_bytes: Bytes from the start of the arena.
        first_step: Step that writes it, counted from 1; 1 for an input too.
        last_step: Last step that needs it.
    """

    index: int
    name: str
    nbytes: int
    offset_bytes: int
    first_step: int
    last_step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arena:
    """A plan.

    Attributes:
        model: The network.
        convention: Whose rules say what needs a place.
        arena_bytes: Size of the arena.
        lower_bound_bytes: What no plan can do without.
        proved_optimal: Whether no plan is smaller.
        runtime_bytes: What the plan takes that the runtime would make by itself; None where that is not known.
        alignment_bytes: Offsets are multiples of this.
        tensor_count: Tensors of the file, or those that have a place.
        tensors: Those that have a place.
        notes: What is not in it.
    """

    model: str
    convention: str
    arena_bytes: int
    lower_bound_bytes: int
    proved_optimal: bool
    alignment_bytes: int
    tensor_count: int
    tensors: tuple[Placed, ...]
    runtime_bytes: int | None = None
    notes: tuple[str, ...] = ()

    def offsets(self) -> tuple[int, ...]:
        """The offset of each tensor in order; -1 for one that has no place."""
        placed = {tensor.index: tensor.offset_bytes for tensor in self.tensors}
        return tuple([placed.get(index, -1) for index in range(self.tensor_count)])

    def to_json(self) -> str:
        """JSON text of the schema ``netweight/arena/1``, with the offsets also as one list."""
        plain: dict[str, Any] = {"schema": SCHEMA, **fields_of(self), "offsets": list(self.offsets())}
        return json.dumps(plain, indent=2)
