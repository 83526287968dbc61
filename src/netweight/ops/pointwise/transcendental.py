# ruff: noqa: PLW0108  -- every formula is a lambda, so that NumPy is not imported before one is called
"""More functions of each element alone: logarithms and exponentials, angles, hyperbolic functions, a step.

The element type stays that of ``x``. Tangents and inverse functions of angles are ``trigs`` like sines. The
hyperbolic sine and cosine are counted as (exp(x) ∓ 1 / exp(x)) / 2.

Source: torch.log2 and its siblings; ONNX operators of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from netweight.lazy import np
from netweight.ops.arrays.elementwise import per_element_backward, register_unary
from netweight.ops.table import Array, OpDef, copied


def register_formula(
    name: str,
    each: dict[str, int],
    formula: Callable[[Array], Array],
    slope: Callable[[Array], Array | float],
    *,
    of: Literal["x", "y", "nothing"],
    back: dict[str, int],
) -> OpDef:
    """Register a function of each element by its formula.

    Args:
        name: Name in the graph.
        each: Work per element, by kind.
        formula: ``y`` of ``x``.
        slope: dy/dx as a function of ``x`` or of ``y``.
        of: Which of them it reads values of.
        back: Work per element of the slope and of its product with the gradient; none for a gradient of zeros.
    """

    def forward(_attrs: None, x: Array) -> Array:
        return formula(x).astype(x.dtype, copy=False)

    def backward(_attrs: None, grad_y: Array, x: Array, *, y: Any = None) -> tuple[Array]:
        return (grad_y * slope(y if of == "y" else x),)

    return register_unary(
        name,
        each=each,
        forward=forward,
        backward=backward,
        backward_cost=per_element_backward(**back) if back else copied,
        saves=() if of == "nothing" else (of,),
    )


_HYPERBOLIC = {"exps": 1, "divs": 1, "adds": 1, "muls": 1}

LOG2 = register_formula(
    "log2", {"logs": 1}, lambda x: np.log2(x), lambda x: 1 / (x * math.log(2)), of="x", back={"muls": 1, "divs": 1}
)
LOG10 = register_formula(
    "log10", {"logs": 1}, lambda x: np.log10(x), lambda x: 1 / (x * math.log(10)), of="x", back={"muls": 1, "divs": 1}
)
LOG1P = register_formula(
    "log1p", {"adds": 1, "logs": 1}, lambda x: np.log1p(x), lambda x: 1 / (1 + x), of="x", back={"adds": 1, "divs": 1}
)
EXP2 = register_formula("exp2", {"exps": 1}, lambda x: np.exp2(x), lambda y: y * math.log(2), of="y", back={"muls": 2})
EXPM1 = register_formula(
    "expm1", {"exps": 1, "adds": 1}, lambda x: np.expm1(x), lambda y: y + 1, of="y", back={"adds": 1, "muls": 1}
)
TAN = register_formula(
    "tan", {"trigs": 1}, lambda x: np.tan(x), lambda y: 1 + y * y, of="y", back={"muls": 2, "adds": 1}
)
ASIN = register_formula(
    "asin",
    {"trigs": 1},
    lambda x: np.arcsin(x),
    lambda x: 1 / np.sqrt(1 - x * x),
    of="x",
    back={"muls": 2, "adds": 1, "sqrts": 1},
)
ACOS = register_formula(
    "acos",
    {"trigs": 1},
    lambda x: np.arccos(x),
    lambda x: -1 / np.sqrt(1 - x * x),
    of="x",
    back={"muls": 2, "adds": 1, "sqrts": 1},
)
ATAN = register_formula(
    "atan",
    {"trigs": 1},
    lambda x: np.arctan(x),
    lambda x: 1 / (1 + x * x),
    of="x",
    back={"muls": 1, "adds": 1, "divs": 1},
)
_SLOPED = {**_HYPERBOLIC, "muls": 2}
SINH = register_formula("sinh", _HYPERBOLIC, lambda x: np.sinh(x), lambda x: np.cosh(x), of="x", back=_SLOPED)
COSH = register_formula("cosh", _HYPERBOLIC, lambda x: np.cosh(x), lambda x: np.sinh(x), of="x", back=_SLOPED)
# A step: flat wherever it has a derivative.
TRUNC = register_formula("trunc", {"compares": 1}, lambda x: np.trunc(x), lambda _: 0.0, of="nothing", back={})
