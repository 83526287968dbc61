"""Whole quotients, remainders, angles and sums of exponentials: more arithmetic on two tensors that broadcast.

Shapes
    x, other  any that broadcast
    y         their broadcast shape

Source: torch.floor_divide, torch.remainder, torch.fmod, torch.atan2, torch.logaddexp; ONNX Mod.
"""

from __future__ import annotations

from netweight.lazy import np
from netweight.ops.arrays.safe import sigmoid
from netweight.ops.pointwise.binary import register_binary
from netweight.ops.table import Array


def floor_divide_formula(x: Array, other: Array) -> Array:
    """floor(x / other)."""
    return np.floor_divide(x, other)


def floor_divide_partials(grad_y: Array, _x: Array, _other: Array) -> tuple[Array, Array]:
    """Flat wherever there is a slope at all."""
    return np.zeros_like(grad_y), np.zeros_like(grad_y)


def remainder_formula(x: Array, other: Array) -> Array:
    """x - floor(x / other) * other: the sign is that of ``other``."""
    return np.remainder(x, other)


def remainder_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """The gradient itself, and minus as often as ``other`` was taken away."""
    return grad_y, -grad_y * np.floor_divide(x, other)


def fmod_formula(x: Array, other: Array) -> Array:
    """x - trunc(x / other) * other: the sign is that of ``x``."""
    return np.fmod(x, other)


def fmod_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """The gradient itself, and minus as often as ``other`` was taken away."""
    return grad_y, -grad_y * np.trunc(x / other)


def atan2_formula(x: Array, other: Array) -> Array:
    """Angle of the point (other, x), between minus pi and pi."""
    return np.arctan2(x, other)


def atan2_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """grad_y other / (x² + other²), and -grad_y x / (x² + other²)."""
    scaled = grad_y / (x * x + other * other)
    return scaled * other, -scaled * x


def logaddexp_formula(x: Array, other: Array) -> Array:
    """log(exp(x) + exp(other)) = max(x, other) + log(1 + exp(-|x - other|))."""
    return np.logaddexp(x, other)


def logaddexp_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """The share of either exponential in their sum."""
    share = sigmoid(x - other)
    return grad_y * share, grad_y * (1 - share)


_BOTH = ("x", "other")
# A quotient rounded, which is a comparison; its product with other, and a difference.
_REMAINDER = {"divs": 1, "compares": 1, "muls": 1, "adds": 1}

FLOOR_DIVIDE = register_binary(
    "floor_divide",
    each={"divs": 1, "compares": 1},
    formula=floor_divide_formula,
    partials=floor_divide_partials,
    each_partial=({"muls": 0}, {"muls": 0}),  # zeros: no work, but memory of their own
    saves=(),
)
REMAINDER = register_binary(
    "remainder",
    each=_REMAINDER,
    formula=remainder_formula,
    partials=remainder_partials,
    each_partial=({}, {"divs": 1, "compares": 1, "muls": 1}),
    saves={"x": ("other",), "other": ("other",)},
)
FMOD = register_binary(
    "fmod",
    each=_REMAINDER,
    formula=fmod_formula,
    partials=fmod_partials,
    each_partial=({}, {"divs": 1, "compares": 1, "muls": 1}),
    saves={"x": ("other",), "other": ("other",)},
)
ATAN2 = register_binary(
    "atan2",
    each={"trigs": 1},
    formula=atan2_formula,
    partials=atan2_partials,
    each_partial=({"muls": 3, "adds": 1, "divs": 1},) * 2,
    saves=_BOTH,
)
LOGADDEXP = register_binary(
    "logaddexp",
    each={"compares": 2, "adds": 3, "exps": 1, "logs": 1},
    formula=logaddexp_formula,
    partials=logaddexp_partials,
    each_partial=({"adds": 2, "exps": 1, "divs": 1, "muls": 1},) * 2,
    saves=_BOTH,
)
