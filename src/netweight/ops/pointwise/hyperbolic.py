# ruff: noqa: PLW0108  -- every formula is a lambda, so that NumPy is not imported before one is called
"""Inverse hyperbolic functions, and the sign of one number given to another.

The inverse functions are counted as what they are: asinh x = log(x + sqrt(x² + 1)), acosh x = log(x + sqrt(x² - 1)),
atanh x = log((1 + x) / (1 - x)) / 2.

Source: torch.asinh, torch.acosh, torch.atanh, torch.copysign; ONNX operators of the same names.
"""

from __future__ import annotations

from netweight.lazy import np
from netweight.ops.pointwise.binary import register_binary
from netweight.ops.pointwise.transcendental import register_formula
from netweight.ops.table import Array


def copysign_formula(x: Array, other: Array) -> Array:
    """The size of ``x`` with the sign of ``other``, which zero has as well."""
    return np.copysign(x, other)


def copysign_partials(grad_y: Array, x: Array, other: Array) -> tuple[Array, Array]:
    """The gradient, with its sign turned where that of ``x`` was; nothing for ``other``."""
    return grad_y * np.sign(x) * np.copysign(np.ones((), grad_y.dtype), other), np.zeros_like(grad_y)


_ROOT = {"muls": 1, "adds": 2, "sqrts": 1, "logs": 1}
_SLOPE = {"muls": 2, "adds": 1, "sqrts": 1}

ASINH = register_formula("asinh", _ROOT, lambda x: np.arcsinh(x), lambda x: 1 / np.sqrt(x * x + 1), of="x", back=_SLOPE)
ACOSH = register_formula("acosh", _ROOT, lambda x: np.arccosh(x), lambda x: 1 / np.sqrt(x * x - 1), of="x", back=_SLOPE)
ATANH = register_formula(
    "atanh",
    {"adds": 2, "divs": 1, "logs": 1, "muls": 1},
    lambda x: np.arctanh(x),
    lambda x: 1 / (1 - x * x),
    of="x",
    back={"muls": 1, "adds": 1, "divs": 1},
)
COPYSIGN = register_binary(
    "copysign",
    each={"compares": 1},
    formula=copysign_formula,
    partials=copysign_partials,
    each_partial=({"compares": 1, "muls": 2}, {"muls": 0}),
    saves={"x": ("x",), "other": ("x",)},
)
