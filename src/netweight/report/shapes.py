"""Sizes and settings of layers in short, as the cells of a table have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Shapes = tuple[tuple[int, ...], ...]

_MANY = 3


def shape_text(shapes: Shapes) -> str:
    """Sizes joined by x, tensors by a comma; many tensors by their number."""
    if len(shapes) > _MANY:
        return f"{len(shapes)} tensors"
    return ", ".join("x".join(map(str, shape)) or "scalar" for shape in shapes)


def field_text(field: tuple[int, ...] | None) -> str:
    """Receptive field: one number where it is the same in every dimension."""
    if not field:
        return ""
    return str(field[0]) if len(set(field)) == 1 else "x".join(map(str, field))


def settings_text(settings: Mapping[str, Any]) -> str:
    """Kernel, and of stride, padding, dilation and groups what is not the usual: ``3x3 s2 p1 g32``.

    >>> settings_text({"kernel_size": (3, 3), "stride": (2, 2), "padding": ((1, 1), (1, 1)), "groups": 32})
    '3x3 s2 p1 g32'
    >>> settings_text({"kernel_size": (5,), "stride": (1,), "padding": ((0, 4),), "dilation": (2,), "groups": 1})
    '5 p0:4 d2'
    >>> settings_text({"output_size": (1, 1)}), settings_text({"is_causal": True}), settings_text({})
    ('to 1x1', 'causal', '')
    """
    words = []
    if settings.get("kernel_size"):
        words.append("x".join(map(str, settings["kernel_size"])))
    elif settings.get("output_size"):
        words.append(f"to {'x'.join(map(str, settings['output_size']))}")
    for name, letter, usual in _LETTERS:
        text = _short(settings.get(name, usual))
        if text not in ("", str(usual)):
            words.append(f"{letter}{text}")
    if settings.get("is_causal"):
        words.append("causal")
    return " ".join(words)


_LETTERS = (("stride", "s", 1), ("padding", "p", 0), ("dilation", "d", 1), ("groups", "g", 1))


def _short(value: Any) -> str:
    """``2`` for a pair of twos, ``2x1`` for another, ``0:1`` for padding that differs before and after."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return str(value)
    parts = [_pair(item) if isinstance(item, Sequence) else str(item) for item in value]
    return parts[0] if len(set(parts)) == 1 else "x".join(parts)


def _pair(sides: Sequence[int]) -> str:
    return str(sides[0]) if len(set(sides)) == 1 else ":".join(map(str, sides))
