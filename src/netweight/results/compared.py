"""How far the outputs of several engines are apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How an output of one engine differs from that of the first.

    Attributes:
        output: Its name.
        largest: Largest difference of two numbers; None where shapes or types of numbers differ.
        relative: The same as a part of the largest number of the first.
        where: Place of it.
        reason: Why there is none.
    """

    output: str
    largest: float | None
    relative: float | None
    where: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnEngine:
    """A run on one engine.

    Attributes:
        engine: Its name.
        version: Version of its package.
        precision: What it computes in, by its own account.
        refused: Precision that was asked for, where it computes in another; empty otherwise.
        reason: Why it did not run; empty if it did.
        differences: By output, from the first engine that ran; none of that one itself.
    """

    engine: str
    version: str
    precision: str
    refused: str = ""
    reason: str = ""
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The same network and inputs on several engines.

    Attributes:
        model: Name of the network.
        rows: One per engine.
        outputs: Outputs of the first that ran.
        notes: What a reader must know.
    """

    model: str
    rows: tuple[OnEngine, ...]
    outputs: Mapping[str, Any]
    notes: tuple[str, ...] = ()
