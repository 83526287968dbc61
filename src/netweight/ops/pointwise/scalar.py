"""Arithmetic of a tensor and one number that the graph knows: ``0.5 * x`` needs no constant tensor.

The element type stays that of ``x``, also where an integer tensor meets a fraction. One operation per element.

Source: torch.add and its siblings with a number for ``other``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from netweight.lazy import np
from netweight.ops.arrays.elementwise import per_element_backward, register_unary
from netweight.ops.table import Array, Cost, OpDef, free


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


def register_scalar(
    name: str,
    *,
    each: dict[str, int],
    formula: Callable[[Array, float], Array],
    derivative: Callable[[Array, float], Array | float],
    backward_cost: Callable[..., Cost],
    saves: tuple[str, ...] = (),
) -> OpDef:
    """Register arithmetic of a tensor and a number by its ``formula`` and the ``derivative`` of that."""

    def forward(attrs: ScalarAttrs, x: Array) -> Array:
        return formula(x, attrs.value).astype(x.dtype, copy=False)

    def backward(attrs: ScalarAttrs, grad_y: Array, x: Array) -> tuple[Array]:
        return (grad_y * derivative(x, attrs.value),)

    return register_unary(
        name,
        each=each,
        forward=forward,
        backward=backward,
        backward_cost=backward_cost,
        saves=saves,
        attrs=ScalarAttrs,
    )


ADD_SCALAR = register_scalar(
    "add_scalar",
    each={"adds": 1},
    formula=lambda x, value: x + value,
    derivative=lambda _x, _value: 1.0,
    backward_cost=free,
)
MUL_SCALAR = register_scalar(
    "mul_scalar",
    each={"muls": 1},
    formula=lambda x, value: x * value,
    derivative=lambda _x, value: value,
    backward_cost=per_element_backward(muls=1),
)
DIV_SCALAR = register_scalar(
    "div_scalar",
    each={"divs": 1},
    formula=lambda x, value: x / value,
    derivative=lambda _x, value: 1 / value,
    backward_cost=per_element_backward(muls=1),
)
RSUB_SCALAR = register_scalar(
    "rsub_scalar",
    each={"adds": 1},
    formula=lambda x, value: value - x,
    derivative=lambda _x, _value: -1.0,
    backward_cost=per_element_backward(adds=1),
)
RDIV_SCALAR = register_scalar(
    "rdiv_scalar",
    each={"divs": 1},
    formula=lambda x, value: value / x,
    derivative=lambda x, value: -value / (x * x),
    backward_cost=per_element_backward(divs=1, muls=2),
    saves=("x",),
)


def pow_scalar_forward(attrs: PowScalarAttrs, x: Array) -> Array:
    """x ** exponent."""
    return np.power(x, attrs.exponent).astype(x.dtype, copy=False)


def pow_scalar_backward(attrs: PowScalarAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Exponent times x ** (exponent - 1)."""
    return (grad_y * attrs.exponent * np.power(x, attrs.exponent - 1),)


POW_SCALAR = register_unary(
    "pow_scalar",
    each={"pows": 1},
    forward=pow_scalar_forward,
    backward=pow_scalar_backward,
    backward_cost=per_element_backward(pows=1, muls=2),
    saves=("x",),
    attrs=PowScalarAttrs,
)
