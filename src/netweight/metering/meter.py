"""What a counter of energy is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A counter that can be read.

    Attributes:
        name: What it measures: ``"RAPL package-0 + dram"``.
        read_j: Joules since some moment; never less than before.
    """

    name: str
    read_j: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why there is no counter.

    Attributes:
        reason: What was found instead, and what to do.
    """

    reason: str
