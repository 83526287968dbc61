"""Figures of a layer with the numbers they were made from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from netweight.count import formula, named_formula
from netweight.units import Units, exact

TITLES = {
    "params": "params", "macs": "MACs", "flops": "FLOPs", "ops_total": "OPs", "activation_count": "activations",
    "bytes_read": "bytes read", "bytes_written": "bytes written", "backward_macs": "backward MACs",
    "recomputed_macs": "MACs run again", "model_size_bytes": "size", "logics": "logic operations",
}  # fmt: skip

_UNNAMED, _SIZE = re.compile(r"\(d(\d+)\)"), r"(dimension \1)"
"""A dimension that its operator has no name for."""

_LONGEST = 240  # characters of a formula up to which it is written out


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure of a layer.

    Attributes:
        name: Field of the profile.
        value: The number.
        formula: The arithmetic; evaluating it gives ``value``.
        named: The same with the name of each factor.
    """

    name: str
    value: int
    formula: str
    named: str


def figures_of(row: object, names: Iterable[str]) -> tuple[Figure, ...]:
    """Figures of a row that are not zero."""
    values = ((name, getattr(row, name)) for name in names)
    return tuple(
        Figure(name=name, value=int(value), formula=formula(value), named=_UNNAMED.sub(_SIZE, named_formula(value)))
        for name, value in values
        if value
    )


def figure_rows(figure: Figure, units: Units) -> list[tuple[str, str]]:
    """The number, and the arithmetic below it, with and without names."""
    rows = [(TITLES.get(figure.name, figure.name), exact(figure.value, units=units))]
    if figure.formula != str(figure.value):
        rows.append(("", f"= {_short(figure.formula)}"))
        if figure.named != figure.formula:
            rows.append(("", f"= {_short(figure.named)}"))
    return rows


def _short(text: str) -> str:
    """A sum of very many parts with its middle left out."""
    parts = text.split(" + ")
    if len(text) <= _LONGEST or len(parts) < 4:
        return text
    return f"{parts[0]} + {parts[1]} + ... + {parts[-1]} ({len(parts):,} parts)"
