"""Arithmetic on two tensors that broadcast.

The element type of ``y`` is that of ``x`` where both agree, the floating one where a floating and an integer meet
(``joint_dtype``). Gradients of complex numbers take the conjugate; where both are equal, that of ``x`` is taken.

Source: torch.add and its siblings; ONNX Add, Sub, Mul, Div, Pow, Max, Min, Mod.
"""

from __future__ import annotations

from netweight.lazy import Array, np
from netweight.ops.arrays.safe import sigmoid
from netweight.ops.pointwise.combinator import PASSED, ZEROS, pointwise
from netweight.ops.table import Spelled

_COMPARED, _TIMES = {"compares": 1}, {"muls": 1}
# A quotient rounded, which is a comparison; its product with other, and a difference.
_REMAINDER, _TAKEN_AWAY = {"divs": 1, "compares": 1, "muls": 1, "adds": 1}, {"divs": 1, "compares": 1, "muls": 1}
_ANGLE, _SHARE = {"muls": 3, "adds": 1, "divs": 1}, {"adds": 2, "exps": 1, "divs": 1, "muls": 1}


def _quotient(x: Array, other: Array) -> Array:
    """Of integers the whole part, exact in 64 bits and towards zero; 0 where one is divided by 0."""
    if x.dtype.kind not in "iu" or other.dtype.kind not in "iu":
        return np.asarray(np.divide(x, other))
    with np.errstate(divide="ignore", over="ignore"):
        down, rest = np.divmod(x, other)
    return np.asarray(down + ((rest != 0) & ((x < 0) != (other < 0))).astype(down.dtype))


def _power(x: Array, other: Array) -> Array:
    """Of integers the whole part, where the exponent is negative."""
    if x.dtype.kind in "iu" and other.dtype.kind == "i" and (other < 0).any():
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.power(x.astype("float64"), other).astype(x.dtype))
    return np.asarray(np.power(x, other))


ADD = pointwise("add", lambda x, other: x + other, {"adds": 1}, x=PASSED, other=PASSED, spelled=Spelled(onnx="Add"))
SUB = pointwise(
    "sub", lambda x, other: x - other, {"adds": 1}, x=PASSED, other=(lambda grad: -grad, {"adds": 1}),
    spelled=Spelled(onnx="Sub"),
)  # fmt: skip
MUL = pointwise(
    "mul", lambda x, other: x * other, _TIMES,
    x=(lambda grad, other: grad * other.conj(), _TIMES),
    other=(lambda grad, x: grad * x.conj(), _TIMES),
    spelled=Spelled(onnx="Mul"),
)  # fmt: skip
DIV = pointwise(  # integers divide to integers, rounded towards zero, as in ONNX Div
    "div", lambda x, other: _quotient(x, other), {"divs": 1},
    x=(lambda grad, other: grad / other.conj(), {"divs": 1}),
    other=(lambda grad, x, other: -grad * x.conj() / (other * other).conj(), {"divs": 1, "muls": 2}),
)  # fmt: skip
POW = pointwise(  # the gradient of the exponent is 0 where x is
    "pow", lambda x, other: _power(x, other), {"pows": 1},
    x=(lambda grad, x, other: grad * other * np.power(x, other - 1), {"adds": 1, "pows": 1, "muls": 2}),
    other=(
        lambda grad, x, other: grad * np.power(x, other) * np.log(np.where(x > 0, x, 1)),
        {"compares": 1, "pows": 1, "logs": 1, "muls": 2},
    ),
)  # fmt: skip
MAXIMUM = pointwise(
    "maximum", lambda x, other: np.maximum(x, other), _COMPARED,
    x=(lambda grad, x, other: grad * (x >= other), _COMPARED),
    other=(lambda grad, x, other: grad * (x < other), _COMPARED),
    says="The larger of both, element by element; against a number, use ``clamp``.",
    spelled=Spelled(aten="maximum max.other"),
)  # fmt: skip
MINIMUM = pointwise(
    "minimum", lambda x, other: np.minimum(x, other), _COMPARED,
    x=(lambda grad, x, other: grad * (x <= other), _COMPARED),
    other=(lambda grad, x, other: grad * (x > other), _COMPARED),
    says="The smaller of both, element by element; against a number, use ``clamp``.",
    spelled=Spelled(aten="minimum min.other"),
)  # fmt: skip
FLOOR_DIVIDE = pointwise(
    "floor_divide", lambda x, other: np.floor_divide(x, other), {"divs": 1, "compares": 1}, x=ZEROS, other=ZEROS,
    says="floor(x / other).", spelled=Spelled(aten="floor_divide"),
)  # fmt: skip
REMAINDER = pointwise(
    "remainder", lambda x, other: np.remainder(x, other), _REMAINDER,
    x=PASSED, other=(lambda grad, x, other: -grad * np.floor_divide(x, other), _TAKEN_AWAY),
    says="x less whole multiples of other; the sign is that of ``other``.", spelled=Spelled(aten="remainder"),
)  # fmt: skip
FMOD = pointwise(
    "fmod", lambda x, other: np.fmod(x, other), _REMAINDER,
    x=PASSED, other=(lambda grad, x, other: -grad * np.trunc(x / other), _TAKEN_AWAY),
    says="x less whole multiples of other; the sign is that of ``x``.", spelled=Spelled(aten="fmod"),
)  # fmt: skip
ATAN2 = pointwise(
    "atan2", lambda x, other: np.arctan2(x, other), {"trigs": 1},
    x=(lambda grad, x, other: grad / (x * x + other * other) * other, _ANGLE),
    other=(lambda grad, x, other: -grad / (x * x + other * other) * x, _ANGLE),
    says="Angle of the point (other, x), between minus pi and pi.",
    spelled=Spelled(aten="atan2 arctan2", floating=True),
)  # fmt: skip
LOGADDEXP = pointwise(  # max(x, other) + log(1 + exp(-|x - other|)); the share of either exponential in their sum
    "logaddexp", lambda x, other: np.logaddexp(x, other), {"compares": 2, "adds": 3, "exps": 1, "logs": 1},
    x=(lambda grad, x, other: grad * sigmoid(x - other), _SHARE),
    other=(lambda grad, x, other: grad * sigmoid(other - x), _SHARE),
    says="log(exp(x) + exp(other)).", spelled=Spelled(aten="logaddexp", floating=True),
)  # fmt: skip
COPYSIGN = pointwise(  # zero has a sign as well
    "copysign", lambda x, other: np.copysign(x, other), _COMPARED,
    x=(
        lambda grad, x, other: grad * np.sign(x) * np.copysign(np.ones((), grad.dtype), other),
        {"compares": 2, "muls": 2},
    ),
    other=ZEROS,
    says="The size of ``x`` with the sign of ``other``.", spelled=Spelled(aten="copysign", floating=True),
)  # fmt: skip
