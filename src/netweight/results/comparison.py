"""What differs between two reports: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from netweight.results.as_json import fields_of
from netweight.results.profile import ModelInfo

SCHEMA = "netweight/comparison/1"

Status = Literal["same", "changed", "moved", "renamed", "added", "removed"]
STATUSES: tuple[Status, ...] = ("same", "changed", "moved", "renamed", "added", "removed")
FIGURES = (
    "params", "buffers", "model_size_bytes", "macs", "flops", "ops_total", "activation_count", "activation_bytes",
    "bytes_read", "bytes_written",
)  # fmt: skip
"""What is compared of each layer, under its name in a profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A figure on both sides.

    Attributes:
        before: In the first; 0 where it has no such layer, None where it is unknown.
        after: In the second.
        difference: Second minus first; None where one of them is unknown.
        reason: Why the difference is unknown; empty where it is not.
    """

    before: int | None
    after: int | None
    difference: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Something other than a figure that changed: a setting, a shape, a type; empty where a side has none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerChange:
    """A layer of either report.

    Attributes:
        status: ``"changed"`` before ``"moved"`` before ``"renamed"``, where several hold.
        before: Its path in the first; None where it was added.
        after: Its path in the second; None where it was removed.
        op: Operator, that of the second if there is one.
        moved: Whether it stands elsewhere among the layers that both have.
        settings: What changed besides figures.
        figures: Each of ``FIGURES``.
    """

    status: Status
    before: str | None
    after: str | None
    op: str
    moved: bool
    settings: tuple[Setting, ...]
    figures: Mapping[str, Delta]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The fewest layers that make up most of the change of a figure.

    Attributes:
        layers: Their paths, the largest change first.
        explained: Sum of their changes, each without its sign.
        whole: The same sum over all layers; None where a layer's change is unknown.
        reason: Why it is unknown.
    """

    layers: tuple[str, ...]
    explained: int
    whole: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two reports, layer by layer.

    Attributes:
        before: What the first is about.
        after: What the second is about.
        totals: Each figure of the whole network, and peaks of activations by convention.
        layers: The layers of both, in the order of the second; those that were removed where they had stood.
        explained: By figure, the fewest layers that make up ``share`` of its change.
        share: That part: 0.95.
        notes: What a reader must know.
    """

    before: ModelInfo
    after: ModelInfo
    totals: Mapping[str, Delta]
    layers: tuple[LayerChange, ...]
    explained: Mapping[str, Explained]
    share: float
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Status, int]:
        """How many layers there are of each status."""
        return {status: sum(row.status == status for row in self.layers) for status in STATUSES}

    @property
    def differs(self) -> bool:
        """Whether any layer, or any figure of the whole, is another one."""
        return any(row.status != "same" for row in self.layers) or any(
            total.before != total.after for total in self.totals.values()
        )

    def to_dict(self) -> dict[str, Any]:
        """Nested dicts and lists of the JSON schema ``netweight/comparison/1``."""
        return {"schema": SCHEMA, "differs": self.differs, "counts": self.counts, **fields_of(self)}

    def to_json(self, *, indent: int | None = 2) -> str:
        """JSON text; integers are exact and have their unit in the key."""
        return json.dumps(self.to_dict(), indent=indent)
