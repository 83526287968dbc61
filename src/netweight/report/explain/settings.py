"""What was set of a layer, as a reader would say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SIZES = frozenset({"kernel_size", "stride", "dilation", "output_padding", "output_size", "size"})
"""Settings with one entry per spatial dimension, written ``3x3``."""

_USUAL: Mapping[str, Any] = {
    "padding_mode": "zeros", "causal_offset": 0, "softcap": 0.0, "divisor_override": None, "correction": 1,
}  # fmt: skip
"""Settings that are not worth a word where they have these values."""

_SAID_BY_SHAPES = frozenset({"shape", "sizes"})


def settings_text(settings: Mapping[str, Any]) -> str:
    """Settings in one line.

    >>> settings_text({"kernel_size": (3, 3), "stride": (2, 2), "padding": ((0, 1), (0, 1)), "groups": 1})
    'kernel 3x3, stride 2, padding 0 before and 1 after, groups 1'
    >>> settings_text({"dim": -1, "keepdim": True, "is_causal": False})
    'dim -1, keepdim'
    >>> settings_text({"activations": (("sigmoid", 0.0, 0.0), ("tanh", 0.0, 0.0))})
    'activations sigmoid, tanh'
    """
    shown = (
        _one(name, value)
        for name, value in settings.items()
        if value is not None and value is not False and name not in _SAID_BY_SHAPES and _USUAL.get(name, ...) != value
    )
    return ", ".join(filter(None, shown))


def _one(name: str, value: Any) -> str:
    words = "kernel" if name == "kernel_size" else name.removeprefix("is_").replace("_", " ")
    if value is True:
        return words
    text = _value(name, value)
    return f"{words} {text}" if text else ""


def _value(name: str, value: Any) -> str:
    if not isinstance(value, tuple):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if value and all(isinstance(item, tuple) and len(item) == 2 for item in value) and "padding" in name:
        return _padding(value)
    if name in _SIZES:
        alike = len(set(value)) == 1 and name != "kernel_size" and "size" not in name
        return str(value[0]) if alike else "x".join(map(str, value))
    return ", ".join(
        str(item[0] if isinstance(item, tuple) and item and isinstance(item[0], str) else item) for item in value
    )


def _padding(pads: tuple[tuple[int, int], ...]) -> str:
    """``2`` on all sides, ``1x2`` by dimension, or before and after."""
    if len(set(pads)) == 1 and pads[0][0] != pads[0][1]:
        return f"{pads[0][0]} before and {pads[0][1]} after"
    if all(before == after for before, after in pads):
        sizes = [before for before, _ in pads]
        return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
    return " and ".join(f"{before}:{after}" for before, after in pads)
