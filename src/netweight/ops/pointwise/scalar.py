"""Arithmetic of a tensor and one number that the graph knows: ``0.5 * x`` needs no constant tensor.

The element type stays that of ``x``, also where an integer tensor meets a fraction. One operation per element.

Source: torch.add and its siblings with a number for ``other``.
"""

from __future__ import annotations

from dataclasses import dataclass

from netweight.lazy import np
from netweight.ops.pointwise.combinator import PASSED, pointwise


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalarAttrs:
    """Attributes of arithmetic with a number.

    Attributes:
        value: The number.
    """

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowScalarAttrs:
    """Attributes of a power.

    Attributes:
        exponent: The number.
    """

    exponent: float


ADD_SCALAR = pointwise(
    "add_scalar", lambda attrs, x: x + attrs.value, {"adds": 1}, attrs=ScalarAttrs, x=PASSED, complex_with="real"
)
MUL_SCALAR = pointwise(
    "mul_scalar", lambda attrs, x: x * attrs.value, {"muls": 1}, attrs=ScalarAttrs,
    x=(lambda grad, attrs: grad * attrs.value, {"muls": 1}), complex_with="real",
)  # fmt: skip
DIV_SCALAR = pointwise(
    "div_scalar", lambda attrs, x: x / attrs.value, {"divs": 1}, attrs=ScalarAttrs,
    x=(lambda grad, attrs: grad * (1 / attrs.value), {"muls": 1}), complex_with="real",
)  # fmt: skip
RSUB_SCALAR = pointwise(
    "rsub_scalar", lambda attrs, x: attrs.value - x, {"adds": 1}, attrs=ScalarAttrs,
    x=(lambda grad: -grad, {"adds": 1}), complex_with="real",
)  # fmt: skip
RDIV_SCALAR = pointwise(
    "rdiv_scalar", lambda attrs, x: attrs.value / x, {"divs": 1}, attrs=ScalarAttrs,
    x=(lambda grad, attrs, x: grad * (-attrs.value / (x * x)), {"divs": 1, "muls": 2}),
)  # fmt: skip
POW_SCALAR = pointwise(
    "pow_scalar", lambda attrs, x: np.power(x, attrs.exponent), {"pows": 1}, attrs=PowScalarAttrs,
    x=(lambda grad, attrs, x: grad * attrs.exponent * np.power(x, attrs.exponent - 1), {"pows": 1, "muls": 2}),
)  # fmt: skip
