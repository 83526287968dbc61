# ruff: noqa: PLW0108  -- every formula is a lambda, so that NumPy is not imported before one is called
"""Functions of each element alone.

The element type stays that of ``x``. The work per element is one operation of the kind named.

Source: torch.neg and its siblings; ONNX operators of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.ir import TensorSpec, bits_of, is_floating
from netweight.lazy import np
from netweight.ops.arrays.dtypes import held_type, wrapped
from netweight.ops.arrays.elementwise import per_element_backward, register_unary
from netweight.ops.arrays.safe import erf
from netweight.ops.reach import same_position
from netweight.ops.table import FREE, Array, Cost, OpDef, Wanted, copied, free, register


def register_function(
    name: str,
    kind_of_work: str,
    formula: Callable[[Array], Array],
    derivative: Callable[[Array], Array | float],
    *,
    of: Literal["x", "y", "nothing"],
    backward_cost: Callable[..., Cost],
) -> OpDef:
    """Register a function of each element by its formula.

    Args:
        name: Name in the graph.
        kind_of_work: The kind of its one operation per element.
        formula: ``y`` of ``x``.
        derivative: dy/dx as a function of ``x`` or of ``y``.
        of: Which of them it reads values of.
        backward_cost: Work of ``derivative`` and of its product with the gradient of ``y``.
    """

    def forward(_attrs: None, x: Array) -> Array:
        return formula(x).astype(x.dtype, copy=False)

    def backward(_attrs: None, grad_y: Array, x: Array, *, y: Any = None) -> tuple[Array]:
        return (grad_y * derivative(y if of == "y" else x),)

    saves = () if of == "nothing" else (of,)
    return register_unary(
        name, each={kind_of_work: 1}, forward=forward, backward=backward, backward_cost=backward_cost, saves=saves
    )


def erf_derivative(x: Array) -> Array:
    """2 / sqrt(pi) exp(-x²)."""
    return 2 / math.sqrt(math.pi) * np.exp(-x * x)


NEG = register_function(
    "neg", "adds", lambda x: -x, lambda _: -1.0, of="nothing", backward_cost=per_element_backward(adds=1)
)
ABS = register_function(
    "abs",
    "compares",
    lambda x: np.abs(x),
    lambda x: np.sign(x),
    of="x",
    backward_cost=per_element_backward(compares=1, muls=1),
)
EXP = register_function(
    "exp", "exps", lambda x: np.exp(x), lambda y: y, of="y", backward_cost=per_element_backward(muls=1)
)
LOG = register_function(
    "log", "logs", lambda x: np.log(x), lambda x: 1 / x, of="x", backward_cost=per_element_backward(divs=1, muls=1)
)
SQRT = register_function(
    "sqrt", "sqrts", lambda x: np.sqrt(x), lambda y: 0.5 / y, of="y", backward_cost=per_element_backward(divs=1, muls=1)
)
RSQRT = register_function(
    "rsqrt",
    "sqrts",
    lambda x: 1 / np.sqrt(x),
    lambda y: -0.5 * y * y * y,
    of="y",
    backward_cost=per_element_backward(muls=4),
)
SQUARE = register_function(
    "square", "muls", lambda x: x * x, lambda x: 2 * x, of="x", backward_cost=per_element_backward(muls=2)
)
RECIPROCAL = register_function(
    "reciprocal", "divs", lambda x: 1 / x, lambda y: -y * y, of="y", backward_cost=per_element_backward(muls=2)
)
SIN = register_function(
    "sin",
    "trigs",
    lambda x: np.sin(x),
    lambda x: np.cos(x),
    of="x",
    backward_cost=per_element_backward(trigs=1, muls=1),
)
COS = register_function(
    "cos",
    "trigs",
    lambda x: np.cos(x),
    lambda x: -np.sin(x),
    of="x",
    backward_cost=per_element_backward(trigs=1, muls=1),
)
ERF = register_function("erf", "erfs", erf, erf_derivative, of="x", backward_cost=per_element_backward(exps=1, muls=3))
# Steps: flat wherever they have a derivative. Halves round to even.
FLOOR = register_function("floor", "compares", lambda x: np.floor(x), lambda _: 0.0, of="nothing", backward_cost=copied)
CEIL = register_function("ceil", "compares", lambda x: np.ceil(x), lambda _: 0.0, of="nothing", backward_cost=copied)
ROUND = register_function("round", "compares", lambda x: np.round(x), lambda _: 0.0, of="nothing", backward_cost=copied)
SIGN = register_function("sign", "compares", lambda x: np.sign(x), lambda _: 0.0, of="nothing", backward_cost=copied)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClampAttrs:
    """Attributes of a clamp.

    Attributes:
        min: Smallest result, None for no bound.
        max: Largest result, None for no bound.
    """

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CastAttrs:
    """Attributes of a cast.

    Attributes:
        dtype: New element type.
    """

    dtype: str


def clamp_shape(attrs: ClampAttrs, x: TensorSpec) -> TensorSpec:
    """Same as ``x``."""
    if attrs.min is None and attrs.max is None:
        raise ShapeError("clamp: expected min or max, got neither")
    return x


def clamp_cost(attrs: ClampAttrs, x: TensorSpec) -> Cost:
    """One comparison per element and bound."""
    bounds = (attrs.min is not None) + (attrs.max is not None)
    return Cost(compares=product(elements=x.numel, bounds=bounds))


def clamp_forward(attrs: ClampAttrs, x: Array) -> Array:
    """min(max(x, min), max)."""
    return np.clip(x, attrs.min, attrs.max).astype(x.dtype, copy=False)


def clamp_backward(attrs: ClampAttrs, grad_y: Array, x: Array) -> tuple[Array]:
    """Pass the gradient within the bounds, which are included."""
    low = -np.inf if attrs.min is None else attrs.min
    high = np.inf if attrs.max is None else attrs.max
    return (grad_y * ((x >= low) & (x <= high)),)


def clamp_backward_cost(attrs: ClampAttrs, wanted: Wanted, x: TensorSpec) -> Cost:
    """One comparison per element and bound."""
    return clamp_cost(attrs, x) if any(wanted) else FREE


def cast_shape(attrs: CastAttrs, x: TensorSpec) -> TensorSpec:
    """Same shape, new element type.

    Raises:
        UsageError: If there is no such element type.
    """
    bits_of(attrs.dtype)
    return TensorSpec(x.shape, attrs.dtype)


def cast_forward(attrs: CastAttrs, x: Array) -> Array:
    """The values in the new type, in memory of their own; fractions are cut off where it is an integer.

    Integers lose the bits that a narrower type has not.
    """
    return wrapped(x.astype(held_type(attrs.dtype)), attrs.dtype)


def cast_backward(attrs: CastAttrs, grad_y: Array, x: Array) -> tuple[Array | None]:
    """The gradient in the old type; none where either type is no floating one."""
    both_floating = is_floating(attrs.dtype) and is_floating(x.dtype.name)
    return (grad_y.astype(x.dtype) if both_floating else None,)


CLAMP = register(
    OpDef(
        name="clamp",
        kind="elementwise",
        attrs=ClampAttrs,
        inputs=("x",),
        shape=clamp_shape,
        cost=clamp_cost,
        forward=clamp_forward,
        backward=clamp_backward,
        backward_cost=clamp_backward_cost,
        saves=("x",),
        reach=same_position,
    )
)

CAST = register(
    OpDef(
        name="cast",
        kind="layout",
        attrs=CastAttrs,
        inputs=("x",),
        shape=cast_shape,
        cost=free,
        forward=cast_forward,
        backward=cast_backward,
        backward_cost=copied,
        reach=same_position,
    )
)
