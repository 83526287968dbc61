"""Inputs by name, as users give them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any


def parts_by_name(given: Any, names: Collection[str], path: str = "") -> Iterator[tuple[str, Any]]:
    """Nested inputs by names with dots, as in ``input.1`` for ``{"input": {"1": shape}}``; ``names`` stay whole."""
    is_list = isinstance(given, list | tuple) and not all(isinstance(size, int) for size in given)
    if path in names or not (is_list or isinstance(given, Mapping)):
        yield path, given
        return
    for key, part in given.items() if isinstance(given, Mapping) else enumerate(given):
        yield from parts_by_name(part, names, f"{path}.{key}" if path else str(key))
