"""Arithmetic of two tensors, with an activation behind it."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.lazy import np
from netweight.ops.contract.integer import RequantizeAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers
from netweight.sources.tflite.lower.pointwise.aligned import aligned
from netweight.sources.tflite.lower.scales import activated, centred, in_reals, is_quantized, need, requantized
from netweight.sources.tflite.tensors import weigh

_SHIFT = 20
"""Bits below the point with which integers of two scales are added up: as many as the kernels have."""
_SHIFT_16 = 15
"""The same for integers of 16 bits."""


def _sum(name: str, op: str) -> None:
    @lowers(name)
    def rule(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
        if not is_quantized(call.ins[0]):
            return aligned(call, lambda x, y: activated(call, call.op(op, None, x, y)), a, b)
        return aligned(call, lambda x, y: _of_integers(call, op, x, y), a, b)


def _of_integers(call: TfliteCall, op: str, a: Tensor, b: Tensor) -> Tensor:
    """Both in the larger of their scales, with bits below the point; their sum; and back."""
    both = [call.ins[at] for at in (0, 1)]
    scales = [need(info) for info in both if info is not None]
    if len(scales) != len(both):
        raise FormatError(f"{call.kind}: expected two tensors, got one")
    shift = _SHIFT if call.out.dtype != "int16" else _SHIFT_16
    unit = 2 * max(scale.scale[0] for scale in scales) / 2**shift
    wide = [_in_unit(call, x, at, unit, shift) for at, x in enumerate((a, b))]
    return requantized(call, call.op(op, None, *wide), [unit])


def _in_unit(call: TfliteCall, x: Tensor, at: int, unit: float, shift: int) -> Tensor:
    """The differences to the zero point in multiples of ``unit``, with ``shift`` bits below the point at first."""
    info = call.ins[at]
    assert info is not None  # checked above
    weigh(x, info)
    scales = need(info)
    attrs = RequantizeAttrs(dtype="int32", rounding="fixed_point", x_zero=scales.zero, fraction_bits=shift)
    factor = scales.scale[0] / (unit * 2**shift)
    made: Tensor = call.op("requantize", attrs, x, call.constant(np.asarray(factor, np.float64)), None)
    return made


_sum("ADD", "add")
_sum("SUB", "sub")


@lowers("MUL")
def mul(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
    if not is_quantized(call.ins[0]):
        return aligned(call, lambda x, y: activated(call, call.op("mul", None, x, y)), a, b)

    def integers(x: Tensor, y: Tensor) -> Tensor:
        first, second = call.ins[0], call.ins[1]
        assert first is not None  # both were given
        assert second is not None
        product = call.op("mul", None, centred(call, x, 0), centred(call, y, 1))
        return requantized(call, product, [need(first).scale[0] * need(second).scale[0]])

    return aligned(call, integers, a, b)


@lowers("DIV")
def div(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
    return aligned(
        call, lambda x, y: in_reals(call, lambda p, q: activated(call, call.op("div", None, p, q)), x, y), a, b
    )


@lowers("SQUARED_DIFFERENCE")
def squared_difference(call: TfliteCall, a: Tensor, b: Tensor) -> Any:
    def compute(x: Tensor, y: Tensor) -> Any:
        return call.op("square", None, call.op("sub", None, x, y))

    return aligned(call, lambda x, y: in_reals(call, compute, x, y), a, b)


@lowers("ADD_N")
def add_n(call: TfliteCall, first: Tensor, *others: Tensor) -> Any:
    y = first
    for other in others:
        y = call.op("add", None, y, other)
    return y
