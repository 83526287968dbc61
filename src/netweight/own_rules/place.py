"""Where a rule of the user's stands."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A line of a file.

    >>> str(Place("/home/me/rules.py", 12))
    'rules.py:12'
    """

    path: str
    line: int

    def __str__(self) -> str:
        return f"{Path(self.path).name}:{self.line}" if self.line else "no file"


def place_of(function: Callable[..., Any]) -> Place:
    """Where a function begins; of what is callable and has no code, where its class does."""
    inner = inspect.unwrap(function)
    inner = getattr(inner, "func", inner)  # functools.partial
    code = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    return Place("?", 0) if code is None else Place(code.co_filename, code.co_firstlineno)


def raised_at(rule: Place, trace: TracebackType | None) -> Place:
    """The innermost line of the rule's own file that an error went through."""
    found = rule
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == rule.path:
            found = Place(rule.path, trace.tb_lineno)
        trace = trace.tb_next
    return found
