"""Functions of each element alone, bounds, and other element types.

The element type stays that of ``x``. Tangents and inverse functions of angles are ``trigs`` like sines. Hyperbolic
functions are counted as what they are: sinh and cosh as (exp(x) ∓ 1 / exp(x)) / 2, asinh x = log(x + sqrt(x² + 1)),
acosh x = log(x + sqrt(x² - 1)), atanh x = log((1 + x) / (1 - x)) / 2.

Source: torch.neg and its siblings; ONNX operators of the same names.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from netweight.errors import ShapeError
from netweight.ir import TensorSpec, bits_of, is_floating
from netweight.lazy import Array, np
from netweight.ops.arrays.dtypes import held_type, wrapped
from netweight.ops.arrays.safe import erf
from netweight.ops.extent import same_position
from netweight.ops.move.define import define_move
from netweight.ops.pointwise.combinator import ZEROS, pointwise
from netweight.ops.table import Spelled, copied

_TIMES, _COMPARED = {"muls": 1}, {"compares": 1}
_HYPERBOLIC = {"exps": 1, "divs": 1, "adds": 1, "muls": 1}
_ROOT = {"muls": 1, "adds": 2, "sqrts": 1, "logs": 1}
_OVER_ROOT = {"muls": 2, "adds": 1, "sqrts": 1}
_LN_2, _LN_10, _ERF_SLOPE = math.log(2), math.log(10), 2 / math.sqrt(math.pi)

NEG = pointwise(
    "neg", lambda x: -x, {"adds": 1}, x=(lambda grad: -grad, {"adds": 1}),
    says="-x.", spelled=Spelled(aten="neg negative"),
)  # fmt: skip
ABS = pointwise(
    "abs", lambda x: np.abs(x), _COMPARED, x=(lambda grad, x: grad * np.sign(x), {"compares": 1, "muls": 1}),
    says="Absolute value.",
)  # fmt: skip
EXP = pointwise(
    "exp", lambda x: np.exp(x), {"exps": 1}, x=(lambda grad, y: grad * y, _TIMES),
    says="e to the power of x.", spelled=Spelled(aten="exp", onnx="Exp", floating=True),
)  # fmt: skip
EXP2 = pointwise(
    "exp2", lambda x: np.exp2(x), {"exps": 1}, x=(lambda grad, y: grad * y * _LN_2, {"muls": 2}),
    says="2 to the power of x.", spelled=Spelled(aten="exp2 special_exp2", floating=True),
)  # fmt: skip
EXPM1 = pointwise(
    "expm1", lambda x: np.expm1(x), {"exps": 1, "adds": 1}, x=(lambda grad, y: grad * (y + 1), {"adds": 1, "muls": 1}),
    says="exp(x) - 1.", spelled=Spelled(aten="expm1 special_expm1", floating=True),
)  # fmt: skip
LOG = pointwise(
    "log", lambda x: np.log(x), {"logs": 1}, x=(lambda grad, x: grad * (1 / x), {"divs": 1, "muls": 1}),
    says="Natural logarithm.", spelled=Spelled(aten="log", onnx="Log", floating=True),
)  # fmt: skip
LOG2 = pointwise(
    "log2", lambda x: np.log2(x), {"logs": 1}, x=(lambda grad, x: grad / (x * _LN_2), {"muls": 1, "divs": 1}),
    says="Logarithm to base 2.", spelled=Spelled(aten="log2", floating=True),
)  # fmt: skip
LOG10 = pointwise(
    "log10", lambda x: np.log10(x), {"logs": 1}, x=(lambda grad, x: grad / (x * _LN_10), {"muls": 1, "divs": 1}),
    says="Logarithm to base 10.", spelled=Spelled(aten="log10", floating=True),
)  # fmt: skip
LOG1P = pointwise(
    "log1p", lambda x: np.log1p(x), {"adds": 1, "logs": 1}, x=(lambda grad, x: grad / (1 + x), {"adds": 1, "divs": 1}),
    says="log(1 + x).", spelled=Spelled(aten="log1p special_log1p", floating=True),
)  # fmt: skip
SQRT = pointwise(
    "sqrt", lambda x: np.sqrt(x), {"sqrts": 1}, x=(lambda grad, y: grad * (0.5 / y), {"divs": 1, "muls": 1}),
    says="Square root.", spelled=Spelled(aten="sqrt", onnx="Sqrt", floating=True),
)  # fmt: skip
RSQRT = pointwise(
    "rsqrt", lambda x: 1 / np.sqrt(x), {"sqrts": 1}, x=(lambda grad, y: grad * (-0.5 * y * y * y), {"muls": 4}),
    says="1 / sqrt(x).", spelled=Spelled(aten="rsqrt", floating=True),
)  # fmt: skip
SQUARE = pointwise(
    "square", lambda x: x * x, _TIMES, x=(lambda grad, x: grad * (2 * x), {"muls": 2}),
    says="x * x.", spelled=Spelled(aten="square"),
)  # fmt: skip
RECIPROCAL = pointwise(
    "reciprocal", lambda x: 1 / x, {"divs": 1}, x=(lambda grad, y: grad * (-y * y), {"muls": 2}),
    says="1 / x.", spelled=Spelled(aten="reciprocal", onnx="Reciprocal", floating=True),
)  # fmt: skip
ERF = pointwise(
    "erf", lambda x: erf(x), {"erfs": 1},
    x=(lambda grad, x: grad * (_ERF_SLOPE * np.exp(-x * x)), {"exps": 1, "muls": 3}),
    says="Error function.", spelled=Spelled(aten="erf special_erf", onnx="Erf", floating=True),
)  # fmt: skip
SIN = pointwise(
    "sin", lambda x: np.sin(x), {"trigs": 1}, x=(lambda grad, x: grad * np.cos(x), {"trigs": 1, "muls": 1}),
    says="Sine.", spelled=Spelled(aten="sin", onnx="Sin", floating=True),
)  # fmt: skip
COS = pointwise(
    "cos", lambda x: np.cos(x), {"trigs": 1}, x=(lambda grad, x: grad * -np.sin(x), {"trigs": 1, "muls": 1}),
    says="Cosine.", spelled=Spelled(aten="cos", onnx="Cos", floating=True),
)  # fmt: skip
TAN = pointwise(
    "tan", lambda x: np.tan(x), {"trigs": 1}, x=(lambda grad, y: grad * (1 + y * y), {"muls": 2, "adds": 1}),
    says="Tangent.", spelled=Spelled(aten="tan", onnx="Tan", floating=True),
)  # fmt: skip
ASIN = pointwise(
    "asin", lambda x: np.arcsin(x), {"trigs": 1}, x=(lambda grad, x: grad * (1 / np.sqrt(1 - x * x)), _OVER_ROOT),
    says="Inverse sine.", spelled=Spelled(aten="asin arcsin", onnx="Asin", floating=True),
)  # fmt: skip
ACOS = pointwise(
    "acos", lambda x: np.arccos(x), {"trigs": 1}, x=(lambda grad, x: grad * (-1 / np.sqrt(1 - x * x)), _OVER_ROOT),
    says="Inverse cosine.", spelled=Spelled(aten="acos arccos", onnx="Acos", floating=True),
)  # fmt: skip
ATAN = pointwise(
    "atan", lambda x: np.arctan(x), {"trigs": 1},
    x=(lambda grad, x: grad / (1 + x * x), {"muls": 1, "adds": 1, "divs": 1}),
    says="Inverse tangent.", spelled=Spelled(aten="atan arctan", onnx="Atan", floating=True),
)  # fmt: skip
SINH = pointwise(
    "sinh", lambda x: np.sinh(x), _HYPERBOLIC, x=(lambda grad, x: grad * np.cosh(x), _HYPERBOLIC | {"muls": 2}),
    says="Hyperbolic sine.", spelled=Spelled(aten="sinh", onnx="Sinh", floating=True),
)  # fmt: skip
COSH = pointwise(
    "cosh", lambda x: np.cosh(x), _HYPERBOLIC, x=(lambda grad, x: grad * np.sinh(x), _HYPERBOLIC | {"muls": 2}),
    says="Hyperbolic cosine.", spelled=Spelled(aten="cosh", onnx="Cosh", floating=True),
)  # fmt: skip
ASINH = pointwise(
    "asinh", lambda x: np.arcsinh(x), _ROOT, x=(lambda grad, x: grad * (1 / np.sqrt(x * x + 1)), _OVER_ROOT),
    says="Inverse hyperbolic sine.", spelled=Spelled(aten="asinh arcsinh", onnx="Asinh", floating=True),
)  # fmt: skip
ACOSH = pointwise(
    "acosh", lambda x: np.arccosh(x), _ROOT, x=(lambda grad, x: grad * (1 / np.sqrt(x * x - 1)), _OVER_ROOT),
    says="Inverse hyperbolic cosine.", spelled=Spelled(aten="acosh arccosh", onnx="Acosh", floating=True),
)  # fmt: skip
ATANH = pointwise(
    "atanh", lambda x: np.arctanh(x), {"adds": 2, "divs": 1, "logs": 1, "muls": 1},
    x=(lambda grad, x: grad / (1 - x * x), {"muls": 1, "adds": 1, "divs": 1}),
    says="Inverse hyperbolic tangent.", spelled=Spelled(aten="atanh arctanh", onnx="Atanh", floating=True),
)  # fmt: skip
# Steps: flat wherever they have a derivative. Halves round to even.
FLOOR = pointwise(
    "floor", lambda x: np.floor(x), _COMPARED, x=ZEROS,
    says="Largest whole number that is not above x.", spelled=Spelled(aten="floor"),
)  # fmt: skip
CEIL = pointwise(
    "ceil", lambda x: np.ceil(x), _COMPARED, x=ZEROS,
    says="Smallest whole number that is not below x.", spelled=Spelled(aten="ceil"),
)  # fmt: skip
ROUND = pointwise(
    "round", lambda x: np.round(x), _COMPARED, x=ZEROS,
    says="Nearest whole number, halves to the even one.", spelled=Spelled(aten="round.default"),
)  # fmt: skip
TRUNC = pointwise(
    "trunc", lambda x: np.trunc(x), _COMPARED, x=ZEROS,
    says="x without its fraction.", spelled=Spelled(aten="trunc fix"),
)  # fmt: skip
SIGN = pointwise(
    "sign", lambda x: np.sign(x), _COMPARED, x=ZEROS, says="-1, 0 or 1.", spelled=Spelled(aten="sign sgn"),
)  # fmt: skip


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


def _has_bound(attrs: ClampAttrs, _x: TensorSpec) -> None:
    if attrs.min is None and attrs.max is None:
        raise ShapeError("clamp: expected min or max, got neither")


def _bounds(attrs: ClampAttrs, *_: TensorSpec) -> Mapping[str, int]:
    """One comparison per element and bound."""
    return {"compares": (attrs.min is not None) + (attrs.max is not None)}


def _within(grad: Array, attrs: ClampAttrs, x: Array) -> Array:
    """The gradient within the bounds, which are included."""
    low = -np.inf if attrs.min is None else attrs.min
    high = np.inf if attrs.max is None else attrs.max
    return grad * ((x >= low) & (x <= high))


CLAMP = pointwise(
    "clamp", lambda attrs, x: np.clip(x, attrs.min, attrs.max), _bounds,
    attrs=ClampAttrs, check=_has_bound, x=(_within, _bounds),
)  # fmt: skip


def cast_shape(attrs: CastAttrs, x: TensorSpec) -> TensorSpec:
    """Same shape, new element type.

    Raises:
        UsageError: If there is no such element type.
    """
    bits_of(attrs.dtype)
    return TensorSpec(x.shape, attrs.dtype)


def cast_forward(attrs: CastAttrs, x: Array) -> Array:
    """The values in the new type, in memory of their own; fractions are cut off where it is an integer.

    Integers lose the bits that a narrower type does not have.
    """
    return wrapped(x.astype(held_type(attrs.dtype)), attrs.dtype)


def cast_backward(attrs: CastAttrs, grad_y: Array, x: Array) -> tuple[Array | None]:
    """The gradient in the old type; none where either type is not a floating one."""
    both_floating = is_floating(attrs.dtype) and is_floating(x.dtype.name)
    if not both_floating:
        return (None,)
    real = grad_y.real if grad_y.dtype.kind == "c" and x.dtype.kind != "c" else grad_y
    return (real.astype(x.dtype),)


CAST = define_move(
    name="cast",
    attrs=CastAttrs,
    shape=cast_shape,
    forward=cast_forward,
    backward=cast_backward,
    backward_cost=copied,
    extent=same_position,
)
