"""The element types that ONNX operators on each element take."""

from __future__ import annotations

from netweight.ir import is_floating
from netweight.ops.arrays.broadcast import joint_dtype
from netweight.sources.onnx.write.step import Step

_ON_BOOLEANS = {"Equal", "And", "Or", "Xor", "Not"}
_COMPARES = {"Less", "LessOrEqual", "Greater", "GreaterOrEqual"}
_AS_LOGIC = {"Max": "Or", "Min": "And", "BitwiseAnd": "And", "BitwiseOr": "Or", "BitwiseXor": "Xor", "Mul": "And"}


def in_floats(step: Step) -> tuple[str, str]:
    """The first input as floating numbers, and their type."""
    dtype = step.x.dtype if is_floating(step.x.dtype) else "float64"
    return step.typed(0, dtype), dtype


def joined(step: Step) -> tuple[str, list[str]]:
    """The element type that all inputs agree on, and the inputs in it."""
    dtype = joint_dtype(*(spec.dtype for spec in step.reads if spec is not None))
    return dtype, [step.typed(at, dtype) for at in range(len(step.reads))]


def together(step: Step, op_type: str) -> None:
    """An operator on tensors of one type; booleans, which most do not take, are logic or become numbers."""
    dtype, parts = joined(step)
    if dtype == "bool" and op_type in _AS_LOGIC:
        step.result(_AS_LOGIC[op_type], *parts)
    elif dtype == "bool" and op_type not in _ON_BOOLEANS:
        numbers = [step.cast(part, "bool", "int32") for part in parts]
        step.finish("bool" if op_type in _COMPARES else "int32", op_type, *numbers)
    else:
        step.result(op_type, *parts)
