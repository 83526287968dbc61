"""Dataclasses as what JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def _plain(value: Any) -> Any:
    """Dataclasses to dicts, tuples to lists, Counts to ints, dates to texts."""
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case bool() | None | str() | float():
            return value
        case int():
            return int(value)
        case _ if hasattr(value, "isoformat"):
            return value.isoformat()
        case _:
            return fields_of(value) | ({"formulas": value.formulas} if hasattr(value, "formulas") else {})


def fields_of(value: Any) -> dict[str, Any]:
    """Fields of a dataclass by name, down to numbers and texts."""
    return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
