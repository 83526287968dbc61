"""The slope of a function of one number by finite differences, with how far it can be trusted.

Central differences with a step and with half of it are combined so that their errors of second order cancel
(Richardson). Near a kink they disagree, or those to the two sides do; then a smaller step is tried, and where none
settles the slope has no value.

Source: Ridders 1982, "Accurate computation of F'(x) and F'(x) F''(x)"; Press et al. 2007, section 5.7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

STEPS = (1e-5, 1e-6, 1e-7)
"""Steps that are tried, as parts of the scale of what is moved."""
_EPS = 2.0**-52
_ROUNDINGS = 64
"""Roundings of one unit that a value of a network is taken to have been through."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope.

    Attributes:
        value: What the differences say.
        noise: How much of it rounding may be.
        kink: Whether the differences disagree at every step, so that there is no slope.
    """

    value: float
    noise: float
    kink: bool


def slope(along: Callable[[float], float], *, scale: float, size: float, accuracy: float, typical: float) -> Slope:
    """The slope at 0 of a function that is 0 there.

    Args:
        along: The function.
        scale: Size of what is moved.
        size: Size of the numbers that the value is a sum of, of which rounding takes its part.
        accuracy: Part of the slope by which the differences may disagree.
        typical: Size of such slopes; a smaller one may be as far off as one of this size.
    """
    value = noise = 0.0
    for part in STEPS:
        step = part * scale
        ahead, behind, near_ahead, near_behind = (along(at * step) for at in (1.0, -1.0, 0.5, -0.5))
        wide, near = (ahead - behind) / (2 * step), (near_ahead - near_behind) / step
        bend, near_bend = (ahead + behind) / step, (near_ahead + near_behind) / (step / 2)
        noise = _ROUNDINGS * _EPS * size / step
        # A smooth function bends half as much over half of the step, one with a kink at 0 bends as much.
        apart = max(abs(wide - near), abs(2 * near_bend - bend) / 2)
        value = (4 * near - wide) / 3
        if apart <= max(accuracy * max(abs(value), typical), noise):
            return Slope(value, noise, kink=False)
    return Slope(value, noise, kink=True)
