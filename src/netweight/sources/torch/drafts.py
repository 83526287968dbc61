"""Nodes while a module is recorded: what they do, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Site:
    """Where a call was recorded: the call of a module, and the file and line of the caller."""

    frame: int
    file: str
    line: int

    @property
    def origin(self) -> str:
        """File and line as text."""
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Draft:
    """A node whose layer and values have no names yet."""

    op: str
    attrs: Any
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    site: Site
