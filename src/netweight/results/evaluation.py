"""How often a network is right: plain data, the same in Python and in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass

from netweight.results.as_json import fields_of

SCHEMA = "netweight/evaluation/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfClass:
    """How often a network is right with the pictures of one class.

    Attributes:
        name: Of the class.
        images: Pictures of it.
        right: Those of them whose highest score is that of the class: ``recall`` is their share.
        said: Pictures whose highest score is that of the class, of whatever class they are.
        recall: Share of its pictures that are recognised; None where it has none.
        precision: Share of ``said`` that are of it; None where there are none.
    """

    name: str
    images: int
    right: int
    said: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evaluation:
    """How often a network is right.

    Attributes:
        model: The network, as it was named.
        data: The pictures, as they were named.
        part: Which part of them: ``"train"``, ``"validation"``, ``"test"`` or ``"all"``.
        images: Pictures.
        right: Those whose class has the highest score.
        loss: Mean cross entropy.
        top1: Share of the pictures whose class has the highest score; of equal scores the first class has it.
        top5: Share of those whose class is among the five highest.
        classes: By class.
        confusion: Pictures by their class (rows) and the class of the highest score (columns); one of which no score
            is a number is in no column.
    """

    model: str
    data: str
    part: str
    images: int
    right: int
    loss: float
    top1: float
    top5: float
    classes: tuple[OfClass, ...]
    confusion: tuple[tuple[int, ...], ...]

    def to_json(self) -> str:
        """All of it as JSON."""
        return json.dumps({"schema": SCHEMA, **fields_of(self)}, indent=2)
