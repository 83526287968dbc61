"""Where a program is when an operator is recorded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Site:
    """Where an operator was recorded: the call of a module, the file and line of the caller, and if autograd saw it."""

    call: int
    file: str
    line: int
    grad: bool = True

    @property
    def origin(self) -> str:
        """File and line as text."""
        return f"{self.file}:{self.line}"
