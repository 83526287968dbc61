"""Seconds as text."""

from __future__ import annotations

_STEPS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def seconds(value: float | None) -> str:
    """Three digits and a unit that leaves one before the point at least; ``?`` where it is unknown.

    >>> seconds(0.0136), seconds(4.2e-7), seconds(75.0), seconds(0.0), seconds(None)
    ('13.6 ms', '420 ns', '75.0 s', '0 s', '?')
    """
    if value is None:
        return "?"
    if value == 0:
        return "0 s"
    scale, unit = next(((scale, unit) for scale, unit in _STEPS if value >= 0.9995 * scale), _STEPS[-1])
    number = value / scale
    places = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:,.{places}f} {unit}"
