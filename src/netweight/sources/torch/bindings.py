"""Which value a live tensor holds, and in which memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Link = tuple[str, Any]
"""One view operator of a chain: its name and attributes."""


@dataclass(slots=True)
class Storage:
    """A piece of memory: the value that fills it, how often it was written, and how many tensors still look at it."""

    base: str
    version: int = 0
    live: int = 0


@dataclass(slots=True)
class Binding:
    """What a live tensor holds."""

    name: str
    storage: Storage
    version: int
    chain: tuple[Link, ...]
    alive: Any
