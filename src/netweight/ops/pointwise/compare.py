"""Comparisons, logic on truth values and on bits, and the choice between two tensors by a condition.

A comparison is one of ``compares`` per element of ``y``; logic, on all bits of an element together, and a choice one of
``logics``. Numbers other than zero are true.

Source: torch.eq and its siblings, torch.bitwise_and and its siblings, torch.isnan, torch.where; ONNX operators of the
same names, BitShift.
"""

from __future__ import annotations

from typing import Any

from netweight.errors import ShapeError
from netweight.ir import TensorSpec, is_floating
from netweight.lazy import np
from netweight.ops.arrays.broadcast import joint_dtype
from netweight.ops.pointwise.combinator import pointwise
from netweight.ops.table import Spelled

_COMPARED, _LOGIC, _BOTH = {"compares": 1}, {"logics": 1}, ("x", "other")

EQ = pointwise("eq", lambda x, other: np.equal(x, other), _COMPARED, boolean=True, spelled=Spelled("eq", "Equal"))
NE = pointwise(
    "ne", lambda x, other: np.not_equal(x, other), _COMPARED, boolean=True, spelled=Spelled("ne not_equal"),
)  # fmt: skip
LT = pointwise("lt", lambda x, other: np.less(x, other), _COMPARED, boolean=True, spelled=Spelled("lt less", "Less"))
LE = pointwise(
    "le", lambda x, other: np.less_equal(x, other), _COMPARED, boolean=True,
    spelled=Spelled("le less_equal", "LessOrEqual"),
)  # fmt: skip
GT = pointwise(
    "gt", lambda x, other: np.greater(x, other), _COMPARED, boolean=True, spelled=Spelled("gt greater", "Greater"),
)  # fmt: skip
GE = pointwise(
    "ge", lambda x, other: np.greater_equal(x, other), _COMPARED, boolean=True,
    spelled=Spelled("ge greater_equal", "GreaterOrEqual"),
)  # fmt: skip
ISNAN = pointwise(
    "isnan", lambda x: np.isnan(x), _COMPARED, boolean=True, says="It is not a number.", spelled=Spelled("isnan"),
)  # fmt: skip
ISINF = pointwise(
    "isinf", lambda x: np.isinf(x), _COMPARED, boolean=True,
    says="It is plus or minus infinity.", spelled=Spelled("isinf"),
)  # fmt: skip
ISFINITE = pointwise(
    "isfinite", lambda x: np.isfinite(x), _COMPARED, boolean=True,
    says="It is a number, and finite.", spelled=Spelled("isfinite"),
)  # fmt: skip
LOGICAL_AND = pointwise(
    "logical_and", lambda x, other: x & other, _LOGIC, flags=_BOTH, boolean=True,
    says="Both are true; numbers other than zero are.", spelled=Spelled("logical_and", "And"),
)  # fmt: skip
LOGICAL_OR = pointwise(
    "logical_or", lambda x, other: x | other, _LOGIC, flags=_BOTH, boolean=True,
    says="One or both are true.", spelled=Spelled("logical_or", "Or"),
)  # fmt: skip
LOGICAL_XOR = pointwise(
    "logical_xor", lambda x, other: x ^ other, _LOGIC, flags=_BOTH, boolean=True,
    says="Just one is true.", spelled=Spelled("logical_xor", "Xor"),
)  # fmt: skip
LOGICAL_NOT = pointwise(
    "logical_not", lambda x: ~x, _LOGIC, flags=("x",), boolean=True,
    says="It is not true.", spelled=Spelled("logical_not", "Not"),
)  # fmt: skip
WHERE = pointwise(
    "where", lambda condition, x, other: np.where(condition, x, other), _LOGIC, flags=("condition",),
    x=(lambda grad, condition: grad * condition, _LOGIC),
    other=(lambda grad, condition: grad * ~condition, _LOGIC),
)  # fmt: skip


def _bitwise(name: str, formula: Any, says: str, spelled: Spelled) -> None:
    def check(_attrs: None, *xs: TensorSpec) -> None:
        if is_floating(joint_dtype(*(x.dtype for x in xs))):
            raise ShapeError(f"{name}: expected integers or booleans, got {' and '.join(x.dtype for x in xs)}")

    pointwise(name, formula, _LOGIC, check=check, says=says, spelled=spelled)


_bitwise("bitwise_not", lambda x: ~x, "Every bit turned round.", Spelled())
_bitwise("bitwise_and", lambda x, other: x & other, "Bits that both have.", Spelled(onnx="BitwiseAnd"))
_bitwise("bitwise_or", lambda x, other: x | other, "Bits that one or both have.", Spelled(onnx="BitwiseOr"))
_bitwise("bitwise_xor", lambda x, other: x ^ other, "Bits that just one has.", Spelled(onnx="BitwiseXor"))
_bitwise(
    "bitwise_left_shift", lambda x, other: x << other, "Bits moved up by ``other`` places.",
    Spelled("bitwise_left_shift __lshift__"),
)  # fmt: skip
_bitwise(
    "bitwise_right_shift", lambda x, other: x >> other, "Bits moved down by ``other`` places.",
    Spelled("bitwise_right_shift __rshift__"),
)  # fmt: skip
