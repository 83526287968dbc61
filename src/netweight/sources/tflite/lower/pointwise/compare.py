"""Two tensors, element by element: comparisons, logic, extremes, choices, and arithmetic without an activation."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.sources.onnx.lower.common import cast_to, reshaped
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.pointwise.aligned import aligned
from netweight.sources.tflite.lower.scales import in_reals, is_quantized, real, rescaled
from netweight.sources.tflite.tensors import weigh

_COMPARED = {
    "EQUAL": "eq", "NOT_EQUAL": "ne", "LESS": "lt", "LESS_EQUAL": "le", "GREATER": "gt", "GREATER_EQUAL": "ge",
}  # fmt: skip
_PLAIN = {
    "ATAN2": "atan2", "BITWISE_XOR": "bitwise_xor", "FLOOR_DIV": "floor_divide", "FLOOR_MOD": "remainder",
    "LOGICAL_AND": "logical_and", "LOGICAL_OR": "logical_or", "POW": "pow", "RIGHT_SHIFT": "bitwise_right_shift",
    "STABLEHLO_ADD": "add", "STABLEHLO_DIVIDE": "div", "STABLEHLO_MAXIMUM": "maximum", "STABLEHLO_MINIMUM": "minimum",
    "STABLEHLO_MULTIPLY": "mul", "STABLEHLO_POWER": "pow", "STABLEHLO_REMAINDER": "fmod",
    "STABLEHLO_SHIFT_LEFT": "bitwise_left_shift", "STABLEHLO_SUBTRACT": "sub",
}  # fmt: skip
_DIRECTIONS = {"EQ": "eq", "NE": "ne", "GE": "ge", "GT": "gt", "LE": "le", "LT": "lt"}


def _compared(name: str, op: str) -> None:
    @lowers(name)
    def rule(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
        return aligned(call, lambda x, y: call.op(op, None, real(call, x, 0), real(call, y, 1)), a, b)


def _plain(name: str, op: str) -> None:
    @lowers(name)
    def rule(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
        return aligned(call, lambda x, y: in_reals(call, lambda p, q: call.op(op, None, p, q), x, y), a, b)


for _name, _op in _COMPARED.items():
    _compared(_name, _op)
for _name, _op in _PLAIN.items():
    _plain(_name, _op)


def _logic(name: str, on_bools: str, on_integers: str) -> None:
    @lowers(name)
    def rule(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
        return call.op(on_bools if a.dtype == "bool" else on_integers, None, a, b)


_logic("STABLEHLO_AND", "logical_and", "bitwise_and")
_logic("STABLEHLO_OR", "logical_or", "bitwise_or")


@lowers("STABLEHLO_COMPARE")
def stablehlo_compare(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
    word = call.word("comparison_direction", "StablehloComparisonDirection").rpartition("_")[2]
    if word not in _DIRECTIONS:
        raise FormatError(f"{call.kind}: expected a direction of {', '.join(_DIRECTIONS)}, got {word}")
    return call.op(_DIRECTIONS[word], None, a, b)


def _extreme(name: str, op: str) -> None:
    @lowers(name)
    def rule(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
        """Of integers as they are: both have the scale of the result, or are brought to it."""
        if not is_quantized(call.ins[0]):
            return aligned(call, lambda x, y: call.op(op, None, x, y), a, b)

        def integers(x: Tensor, y: Tensor) -> Tensor:
            for at, tensor in enumerate((x, y)):
                weigh(tensor, call.ins[at])
            result: Tensor = call.op(op, None, rescaled(call, x, 0), rescaled(call, y, 1))
            return result

        return aligned(call, integers, a, b)


_extreme("MAXIMUM", "maximum")
_extreme("MINIMUM", "minimum")


@lowers("SELECT_V2", "STABLEHLO_SELECT")
def select_v2(call: TfliteCall, condition: Tensor, a: Tensor, b: Tensor) -> Any:
    for at, tensor in enumerate((condition, a, b)):
        if is_quantized(call.ins[at]):
            weigh(tensor, call.ins[at])
    return call.op("where", None, condition, a, b)


@lowers("SELECT")
def select(call: TfliteCall, condition: Tensor, a: Tensor, b: Tensor) -> Any:
    """A condition of one dimension chooses whole rows."""
    if condition.rank == 1 and a.rank > 1:
        condition = reshaped(call, condition, (condition.shape[0], *(1,) * (a.rank - 1)))
    return select_v2(call, condition, a, b)


@lowers("BUCKETIZE")
def bucketize(call: TfliteCall, x: Tensor) -> Any:
    """How many of the boundaries in the settings are no more than each number."""
    from netweight.functions.order import searchsorted
    from netweight.lazy import np

    boundaries = call.constant(np.asarray(call.numbers("boundaries"), np.float32))
    found: Tensor = searchsorted(call, boundaries, cast_to(call, x, "float32"), right=True)
    return cast_to(call, found, call.out.dtype)
