"""Mixtures of experts as ONNX Runtime fuses them: each token through the few experts that its router likes best.

Rows are sorted by expert, so that the products of all experts are one operator; how many rows each has follows from
the numbers, how many there are together does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from netweight.errors import FormatError
from netweight.functions import reduce
from netweight.functions.move.embed import embedding
from netweight.functions.order import topk
from netweight.ir import Quantization, bits_of
from netweight.lazy import Array, np
from netweight.ops.move.places import GatherAttrs
from netweight.ops.move.slicing import SliceAttrs
from netweight.ops.norm.softmax import SoftmaxAttrs
from netweight.ops.order.sort import SortAttrs
from netweight.ops.pointwise.activation_smooth import GeluAttrs
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.ops.quantize.blocks import BlockAttrs
from netweight.ops.reduce.cumulative import CumsumAttrs
from netweight.ops.reduce.histogram import HistcAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import cast_to, permuted, reshaped, scaled
from netweight.sources.onnx.lower.parts import made_of
from netweight.sources.onnx.lower.quantize.layers import learned_if, setting
from netweight.sources.onnx.lower.quantize.microsoft import unpacked
from netweight.sources.onnx.tensor import Tensor

Layer: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Rows, the expert of each, and where each expert's rows end, to the rows after a linear layer of their experts."""

_BYTE = 8


@lowers("com.microsoft.MoE")
def experts(
    call: Call, x: Tensor, router: Tensor, w1: Tensor, b1: Tensor | None, w2: Tensor, b2: Tensor | None = None,
    w3: Tensor | None = None, b3: Tensor | None = None,
) -> Any:  # fmt: skip
    """Weights (experts, out, in), biases (experts, out)."""
    gate = None if w3 is None else _layer(call, w3, b3, None)
    layers = _layer(call, w1, b1, None), _layer(call, w2, b2, None), gate
    return _mixed(call, x, router, layers, normalized=bool(call.attr("normalize_routing_weights", 0)))


@lowers("com.microsoft.QMoE")
def quantized_experts(
    call: Call, x: Tensor, router: Tensor, w1: Tensor, s1: Tensor | None, b1: Tensor | None, w2: Tensor,
    s2: Tensor | None, b2: Tensor | None = None, w3: Tensor | None = None, s3: Tensor | None = None,
    b3: Tensor | None = None, *others: Tensor | None,
) -> Any:  # fmt: skip
    """Weights of a few bits, with a scale per output, or per block of inputs; the chosen experts share the whole."""
    stored = w1.stored and w2.stored and (w3 is None or w3.stored)
    plain = call.attr("quant_type", "int") == "int" and call.attr("weights_prepacked", -1) <= 0
    if any(other is not None for other in others) or not stored or not plain or s1 is None or s2 is None:
        return NotImplemented
    first, second = _unpacked(call, w1, s1, "fc1"), _unpacked(call, w2, s2, "fc2")
    gate = None if w3 is None or s3 is None else _layer(call, _unpacked(call, w3, s3, "fc3"), b3, s3)
    return _mixed(call, x, router, (_layer(call, first, b1, s1), _layer(call, second, b2, s2), gate), normalized=True)


def _unpacked(call: Call, packed: Tensor, scales: Tensor, which: str) -> Tensor:
    """Integers (experts, out, in), the middle of their range being zero."""
    bits = call.attr(f"{which}_expert_weight_bits") or call.attr("expert_weight_bits", 4)
    count, rows, size = packed.shape
    columns = size * _BYTE // bits

    def make(array: Array) -> Array:
        return (unpacked(array, bits).astype(np.int16) - 2 ** (bits - 1)).astype(np.int8)

    weight = made_of(call, packed, ("experts",), (count, rows, columns), make, dtype=f"int{bits}")
    weight.role = "parameter"
    groups = max(scales.spec.numel, 1)
    weight.quantization = Quantization(group_size=weight.spec.numel // groups, scale_bits=bits_of(scales.dtype))
    return weight


def _layer(call: Call, weight: Tensor, bias: Tensor | None, scales: Tensor | None) -> Layer:
    """A linear layer of every expert; a scale per output is one of the result, one per block one of the weight."""

    def lookup(table: Tensor, chosen: Tensor) -> Tensor:
        return embedding(call, chosen, table)

    def apply(rows: Tensor, chosen: Tensor, ends: Tensor) -> Tensor:
        wide = weight
        if scales is not None and scales.rank == 3:
            attrs = BlockAttrs(dim=2, block_size=weight.shape[2] // scales.shape[2])
            wide = call.op("dequantize_blocks", attrs, weight, setting(call, scales, scales.shape), None)
            wide = learned_if(weight, wide)
        y: Tensor = call.op("grouped_matmul", None, rows, learned_if(wide, permuted(call, wide, (0, 2, 1))), ends)
        if scales is not None and scales.rank == 2:
            y = call.op("mul", None, y, lookup(setting(call, scales, scales.shape), chosen))
        if bias is not None:
            y = call.op("add", None, y, lookup(bias, chosen))
        return y

    return apply


def _mixed(
    call: Call, x: Tensor, router: Tensor, layers: tuple[Layer, Layer, Layer | None], *, normalized: bool
) -> Any:
    """Tokens to their experts, and back with the router's weights."""
    tokens, count, k = router.shape[0], router.shape[1], call.attr("k", 1)
    flat = reshaped(call, x, (tokens, x.shape[-1]))
    shares, chosen = _chosen(call, router, k, normalized=normalized)
    ids = reshaped(call, chosen, (tokens * k,))
    order = call.op("argsort", SortAttrs(dim=0), ids)
    ids = call.op("index_select", GatherAttrs(dim=0), ids, order)
    owners = call.made((tokens * k,), "int64", lambda: np.repeat(np.arange(tokens), k))
    owners = call.op("index_select", GatherAttrs(dim=0), owners, order)
    ends = call.op("cumsum", CumsumAttrs(dim=0), call.op("histc", HistcAttrs(bins=count, min=0.0, max=count), ids))
    rows = call.op("index_select", GatherAttrs(dim=0), flat, owners)
    first, second, gate = layers
    hidden = _activated(call, first(rows, ids, ends))
    if gate is not None:
        hidden = call.op("mul", None, hidden, gate(rows, ids, ends))
    back = call.op("argsort", SortAttrs(dim=0), order)
    y = call.op("index_select", GatherAttrs(dim=0), second(hidden, ids, ends), back)
    weighed = call.op("mul", None, reshaped(call, y, (tokens, k, y.shape[1])), reshaped(call, shares, (tokens, k, 1)))
    return reshaped(call, reduce.sum(call, weighed, 1), x.shape)


def _chosen(call: Call, router: Tensor, k: int, *, normalized: bool) -> tuple[Tensor, Tensor]:
    """Weights of the experts of each token, and which they are."""
    p = call.op("softmax", SoftmaxAttrs(dim=1), router)
    shares, chosen = topk(call, p, k, 1)
    if normalized:
        shares = call.op("div", None, shares, reduce.sum(call, shares, 1, keepdim=True))
    return shares, cast_to(call, chosen, "int64")


def _activated(call: Call, x: Tensor) -> Tensor:
    """The rows after the activation of the experts.

    Raises:
        FormatError: If there is no such activation.
    """
    name = call.attr("activation_type", "relu")
    if name == "identity":
        return x
    if name in ("relu", "silu"):
        plain: Tensor = call.op(name, None, x)
        return plain
    if name == "gelu":
        smooth: Tensor = call.op("gelu", GeluAttrs(approximate="tanh"), x)
        return smooth
    if name != "swiglu" or not call.attr("swiglu_fusion", 0):
        raise FormatError(f"{call.node.op_type}: expected relu, gelu, silu, identity or a fused swiglu, got {name!r}")
    return _gated(call, x)


def _gated(call: Call, x: Tensor) -> Tensor:
    """g sigmoid(alpha g) (l + beta) of two halves, or of neighbours, each within a limit."""
    width = x.shape[1]
    half = width // 2
    bounds = ((0, width, 2), (1, width, 2)) if call.attr("swiglu_fusion") == 1 else ((0, half, 1), (half, width, 1))
    gate, linear = (
        call.op("slice", SliceAttrs(dim=1, start=start, stop=stop, step=step), x) for start, stop, step in bounds
    )
    limit = call.attr("swiglu_limit")
    if limit is not None:
        gate = call.op("clamp", ClampAttrs(max=limit), gate)
        linear = call.op("clamp", ClampAttrs(min=-limit, max=limit), linear)
    beta = call.attr("activation_beta", 0.0)
    linear = linear if beta == 0.0 else call.op("add", None, linear, call.like(beta, linear))
    swish = call.op("mul", None, gate, call.op("sigmoid", None, scaled(call, gate, call.attr("activation_alpha", 1.0))))
    result: Tensor = call.op("mul", None, swish, linear)
    return result
