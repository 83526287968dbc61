"""Whether a network fits, and what would make it fit: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from netweight.results.as_json import fields_of
from netweight.results.profile import ModelInfo

SCHEMA = "netweight/fit/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a network needs of one kind of memory, and what there is.

    Attributes:
        kind: ``"memory"``, what it writes while it runs; ``"flash"``, what it is stored in.
        needed_bytes: What it needs.
        limit_bytes: What there is.
        where: Layer that needs the most; empty where that is all of them.
        fits: Whether it is enough.
    """

    kind: str
    needed_bytes: int
    limit_bytes: int
    where: str
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A change that needs less.

    Attributes:
        name: What is changed.
        kind: The kind of memory that it is meant for.
        needed_bytes: What the network needs then; None where the change cannot be made.
        fits: Whether that is enough.
        price: What it costs, or why it cannot be made.
        how: Flags of the command that shows it.
    """

    name: str
    kind: str
    needed_bytes: int | None
    fits: bool
    price: str
    how: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Whether a network fits.

    Attributes:
        model: What was asked about.
        device: Name of the device, empty where there is none.
        convention: How activation memory is counted; ``"training"`` for a step of training.
        needs: What it needs, by kind.
        remedies: Changes that need less, each by itself or with those that its name gives.
        notes: What a reader must know.
    """

    model: ModelInfo
    device: str
    convention: str
    needs: tuple[Need, ...]
    remedies: tuple[Remedy, ...]
    notes: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether all of it does."""
        return all(need.fits for need in self.needs)

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/fit/1``."""
        return {"schema": SCHEMA, "fits": self.fits, **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; integers are exact and have their unit in the key."""
        return json.dumps(self.to_dict(), indent=indent)
