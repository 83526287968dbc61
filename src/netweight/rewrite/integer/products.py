"""Convolutions and products of integers: sums in 32 bits, the bias among them, and one scale for all that follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from netweight.ir import Node, TensorSpec
from netweight.lazy import Array, np
from netweight.ops.contract.integer import RequantizeAttrs
from netweight.ops.move.layout import PermuteAttrs, ReshapeAttrs
from netweight.ops.quantize.affine import ScaleAttrs
from netweight.rewrite.integer.emit import Emitter
from netweight.rewrite.integer.match import Kernel, Weight, weight_of
from netweight.rewrite.integer.net import Net


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of products, before they are brought to a scale.

    Attributes:
        name: Value of the sums.
        scales: Scales that a sum is to be multiplied by, all of them.
        dim: Dimension of the sums that has a scale per position, None for one.
        bias: Bias of floating numbers that is still to be added, None if there is none.
    """

    name: str
    scales: tuple[str, ...]
    dim: int | None
    bias: str | None = None


def write_product(net: Net, out: Emitter, kernel: Kernel, layer: str) -> None:
    """Write the kernel of a convolution or a product."""
    node = net.graph.nodes[kernel.step]
    sums = _sums(net, out, node, layer)
    quantize = net.graph.nodes[kernel.last[0]] if kernel.last else None
    tail = [net.graph.nodes[step] for step in kernel.tail]
    if quantize is not None and sums.bias is None and all(is_bound(net, part, quantize) for part in tail):
        _requantized(out, sums, quantize, layer)
        return
    end = node.outputs[0] if not tail and quantize is None and sums.bias is None else ""
    name = out.op("dequantize", ScaleAttrs(dim=sums.dim), (sums.name, _joint(out, sums, layer), None), layer, into=end)
    if sums.bias is not None:
        name = out.op("add", None, (name, sums.bias), layer, into="" if tail or quantize else node.outputs[0])
    write_tail(net, out, tail, node.outputs[0], name)
    if quantize is not None:
        name = tail[-1].outputs[0] if tail else name
        out.again(quantize, (name, *quantize.inputs[1:]), f"{layer}.quantize")


def write_tail(net: Net, out: Emitter, tail: list[Node], old: str, new: str) -> None:
    """The operators that a kernel does behind its own, reading what was written in the place of a value."""
    for part in tail:
        reads = [new if name == old else name for name in part.inputs]
        out.again(part, tuple(taken_out(net, out, name, part.layer) for name in reads), part.layer)
        old = new = part.outputs[0]


def taken_out(net: Net, out: Emitter, name: str | None, layer: str) -> str | None:
    """A value as floating numbers inside of a kernel: integers are taken out of their scale there."""
    if name not in net.graph.values:
        return name
    view = net.fixed_view(name)
    if view is not None:
        return out.op(view.op, view.attrs, (taken_out(net, out, view.inputs[0], layer),), layer)
    source = net.taken_out(name)
    if source is None:
        return name
    return out.op("dequantize", source.attrs, source.inputs, layer)


def _sums(net: Net, out: Emitter, node: Node, layer: str) -> Sums:
    x, weight = net.taken_out(node.inputs[0]), weight_of(net, node.inputs[1])
    assert x is not None  # both were matched
    assert weight is not None
    integers = _ordered(out, weight, layer)
    zero = weight.source.inputs[2]
    if node.op == "conv":
        name = out.op("integer_conv", node.attrs, (x.inputs[0], integers, x.inputs[2], zero), layer)
        dim = 1
    else:
        if node.op == "linear":
            integers = out.op("permute", PermuteAttrs(order=(1, 0)), (integers,), layer)
        name = out.op("integer_matmul", None, (x.inputs[0], integers, x.inputs[2], zero), layer)
        dim = len(out.spec(name).shape) - 1
    sums = Sums(name, scales_of(x, weight.source), None if weight.dim is None else dim)
    return _with_bias(net, out, node, sums, layer)


def scales_of(x: Node, weight: Node) -> tuple[str, ...]:
    """Scales of both operands of a product."""
    return tuple(scale for scale in (x.inputs[1], weight.inputs[1]) if scale is not None)


def _ordered(out: Emitter, weight: Weight, layer: str) -> str:
    name = weight.source.inputs[0]
    assert name is not None  # it is taken out of its scale
    return name if weight.order is None else out.op("permute", PermuteAttrs(order=weight.order), (name,), layer)


def _with_bias(net: Net, out: Emitter, node: Node, sums: Sums, layer: str) -> Sums:
    """The sums with the bias, which becomes integers of their scale if it is not such."""
    bias = node.inputs[2] if len(node.inputs) > 2 else None
    if bias is None:
        return sums
    source = net.writer(bias)
    small = net.is_fixed(bias) and source is not None and source.op == "dequantize" and net.has_stored_scale(source)
    if small and source is not None and has_scales(net, source, sums.scales):
        name = source.inputs[0] or ""
    elif small or (source is None and net.is_fixed(bias)):
        name = _as_integers(net, out, bias, source, sums)
    else:
        return Sums(sums.name, sums.scales, sums.dim, taken_out(net, out, bias, layer))
    if node.op == "conv":
        shape = (1, -1, *(1,) * (len(out.spec(sums.name).shape) - 2))
        name = out.op("reshape", ReshapeAttrs(shape=shape), (name,), layer)
    return Sums(out.op("add", None, (sums.name, name), layer), sums.scales, sums.dim)


def has_scales(net: Net, bias: Node, names: tuple[str, ...]) -> bool:
    """Whether a bias can be added to sums: integers of 32 bits and, as far as is known, of their scale."""
    if net.graph.spec(bias.inputs[0] or "").dtype != "int32":
        return False
    scales = [net.array(name) for name in names]
    scale, zero = net.array(bias.inputs[1]), net.array(bias.inputs[2])
    known = [array for array in scales if array is not None]
    if scale is None or len(known) < len(scales):
        return True
    return bool(np.allclose(scale, _product(known), rtol=1e-4)) and (zero is None or not zero.any())


def _as_integers(net: Net, out: Emitter, bias: str, source: Node | None, sums: Sums) -> str:
    """A stored bias in 32 bits and the scale of the sums."""
    stored = bias if source is None else source.inputs[0] or ""

    def make(array: Callable[[str], Any]) -> Array:
        numbers = array(stored)
        if source is not None:
            zero = 0 if source.inputs[2] is None else array(source.inputs[2])
            numbers = (numbers - zero) * array(source.inputs[1] or "")
        return np.round(numbers / _product([array(name) for name in sums.scales])).astype(np.int32)

    value = net.value(stored)
    return out.constant(f"{stored}_as_int32", TensorSpec(value.spec.shape, "int32"), make, like=value)


def _product(arrays: list[Array]) -> Array:
    result = arrays[0]
    for array in arrays[1:]:
        result = result * array
    return result


def is_bound(net: Net, part: Node, quantize: Node) -> bool:
    """Whether the integers that follow have no number that an operator behind a product would change."""
    if part.op == "relu":
        return net.starts_at_zero(quantize)
    low, high = (
        (0.0, 6.0) if part.op == "relu6" else (getattr(part.attrs, "min", None), getattr(part.attrs, "max", None))
    )
    if part.op not in ("clamp", "relu6"):
        return False
    largest = net.largest(quantize)
    below = low is None or (low == 0 and net.starts_at_zero(quantize))
    return below and (high is None or (largest is not None and largest <= high * (1 + 1e-6)))


def _joint(out: Emitter, sums: Sums, layer: str, over: str | None = None) -> str:
    """One scale instead of several."""
    names = sums.scales
    if over is None and len(names) == 1:
        return names[0]

    def make(array: Callable[[str], Any]) -> Array:
        joint = _product([array(name) for name in names])
        return np.asarray(joint if over is None else joint / array(over), joint.dtype)

    shapes = [out.spec(name).shape for name in names]
    return out.constant(f"{layer}.scale", TensorSpec(max(shapes, key=len), out.spec(names[0]).dtype), make)


def _requantized(out: Emitter, sums: Sums, quantize: Node, layer: str) -> None:
    _, scale, zero = quantize.inputs
    if zero is not None and sums.dim is not None:
        zero = _for_all(out, zero, out.spec(sums.name).shape[sums.dim], layer)
    attrs = RequantizeAttrs(dim=sums.dim, dtype=quantize.attrs.dtype)
    name = _joint(out, sums, layer, over=scale)
    out.op("requantize", attrs, (sums.name, name, zero), layer, into=quantize.outputs[0])


def _for_all(out: Emitter, zero: str, size: int, layer: str) -> str:
    """A zero point for each channel, all the same."""
    spec = TensorSpec((size,), out.spec(zero).dtype)
    return out.constant(f"{layer}.zero_point", spec, lambda array: np.broadcast_to(array(zero).reshape(-1), (size,)))
