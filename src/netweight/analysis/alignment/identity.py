"""What a layer is, apart from where it stands: its structure as a value that can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netweight.results.profile import LayerRow

STRUCTURE = ("op", "dtype", "weight_dtype", "settings", "weight_shapes", "input_shapes", "output_shapes", "calls")
"""What is compared of two layers. The receptive field is not: a layer before this one changes it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A layer as it is aligned.

    Attributes:
        name: Its path.
        kind: Sort of operator: layers of two sorts are never one that changed.
        structure: Operator, settings, shapes and types; equal where only the name differs.
        weighted: Whether it has weights.
    """

    name: str
    kind: str
    structure: tuple[Any, ...]
    weighted: bool


def identity_of(row: LayerRow) -> Identity:
    """The same for a row that was just weighed and for one that was read from JSON."""
    structure = tuple(_frozen(getattr(row, name)) for name in STRUCTURE)
    return Identity(name=row.layer, kind=row.kind, structure=structure, weighted=bool(row.weight_shapes))


def _frozen(value: Any) -> Any:
    match value:
        case str():
            return value
        case Mapping():
            return tuple(sorted((str(key), _frozen(item)) for key, item in value.items()))
        case Sequence():
            return tuple(map(_frozen, value))
        case _:
            return value
