"""Small integers and back."""

from __future__ import annotations

from netweight.ops.quantize.scales import integer_range
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.step import Step, proto_type


@writes("quantize")
def quantize(step: Step) -> None:
    """QuantizeLinear, whose zero point says the type; wider types rounded by hand."""
    attrs = step.attrs
    if attrs.dtype not in ("int8", "uint8"):
        dtype = step.x.dtype
        rounded(step, step.value("Div", step.names[0], along(step, step.typed(1, dtype))), dtype)
        return
    x, scale, _ = step.names
    zero = step.typed(2, attrs.dtype)
    step.result("QuantizeLinear", x, scale, zero or step.filled(0, step.spec(1).shape, attrs.dtype), axis=attrs.dim)


@writes("dequantize")
def dequantize(step: Step) -> None:
    """DequantizeLinear; integers that it does not take are cast and multiplied."""
    attrs = step.attrs
    if step.x.dtype in ("int8", "uint8", "int32"):
        step.result("DequantizeLinear", step.names[0], step.names[1], step.typed(2, step.x.dtype), axis=attrs.dim)
        return
    dtype = step.y.dtype
    zero = step.typed(2, dtype)
    away = step.typed(0, dtype)
    if zero:
        away = step.value("Sub", away, along(step, zero))
    step.result("Mul", away, along(step, step.names[1]))


def along(step: Step, name: str) -> str:
    """A number per channel, in the place of its dimension."""
    if step.attrs.dim is None:
        return name
    size = step.x.shape[step.attrs.dim]
    return step.reshaped(name, (size, *(1,) * (len(step.x.shape) - step.attrs.dim - 1)))


@writes("fake_quantize")
def fake_quantize(step: Step) -> None:
    """Round, Clip and back, in floating numbers."""
    attrs, dtype = step.attrs, step.x.dtype
    scale = along(step, step.typed(1, dtype))
    zero = step.typed(2, dtype)
    low, high = step.scalar(attrs.quant_min), step.scalar(attrs.quant_max)
    rounded = step.value("Round", step.value("Div", step.names[0], scale))
    if not zero:
        step.result("Mul", step.value("Clip", rounded, low, high), scale)
        return
    zero = along(step, zero)
    q = step.value("Clip", step.value("Add", rounded, zero), low, high)
    step.result("Mul", step.value("Sub", q, zero), scale)


def _spread(step: Step, name: str) -> str:
    """The number of a block for each of its elements."""
    attrs = step.attrs
    places = [at // attrs.block_size for at in range(step.x.shape[attrs.dim])]
    return step.value("Gather", name, step.ints(*places), axis=attrs.dim)


@writes("dequantize_blocks")
def dequantize_blocks(step: Step) -> None:
    """Sub and Mul: DequantizeLinear has blocks from operator set 21 on."""
    dtype = step.y.dtype
    away = step.typed(0, dtype)
    if step.reads[2] is not None:
        away = step.value("Sub", away, _spread(step, step.typed(2, dtype)))
    step.result("Mul", away, _spread(step, step.typed(1, dtype)))


@writes("quantize_blocks")
def quantize_blocks(step: Step) -> None:
    """Div, Round, Add, Clip, Cast."""
    dtype = step.x.dtype
    scaled = step.value("Div", step.names[0], _spread(step, step.typed(1, dtype)))
    zero = _spread(step, step.typed(2, dtype)) if step.reads[2] is not None else ""
    _bounded(step, scaled, zero, dtype)


@writes("dynamic_quantize")
def dynamic_quantize(step: Step) -> None:
    """DynamicQuantizeLinear."""
    step.result("DynamicQuantizeLinear", *step.names)


def rounded(step: Step, scaled: str, dtype: str) -> None:
    """To the nearest whole number, moved to the zero point, within the bounds of the type."""
    _bounded(step, scaled, along(step, step.typed(2, dtype)) if step.reads[2] is not None else "", dtype)


def _bounded(step: Step, scaled: str, zero: str, dtype: str) -> None:
    attrs = step.attrs
    y = step.value("Round", scaled)
    y = step.value("Add", y, zero) if zero else y
    low, high = integer_range(attrs.dtype)
    bounded = step.value("Clip", y, step.scalar(low, dtype), step.scalar(high, dtype))
    step.result("Cast", bounded, to=proto_type(attrs.dtype))
