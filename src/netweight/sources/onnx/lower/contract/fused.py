"""Fused layers of ONNX Runtime's optimised graphs: products, activations, normalisation, embeddings."""

from __future__ import annotations

from typing import Any

from netweight.errors import FormatError
from netweight.functions import reduce
from netweight.functions.move.embed import embedding
from netweight.lazy import np
from netweight.ops.norm.layer_norm import LayerNormAttrs
from netweight.ops.pointwise.activation import HardsigmoidAttrs, LeakyReluAttrs
from netweight.ops.pointwise.activation_smooth import GeluAttrs
from netweight.ops.pointwise.unary import CastAttrs, ClampAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import permuted, scaled, transposed
from netweight.sources.onnx.lower.contract.conv import conv, gemm
from netweight.sources.onnx.lower.window.pool import max_pool
from netweight.sources.onnx.tensor import Tensor

_MICROSOFT = "com.microsoft"
_PLAIN = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid", "HardSwish": "hardswish"}


def activated(call: Call, x: Tensor, name: str, params: tuple[float, ...]) -> Any:
    """``x`` after the activation that the node names.

    Raises:
        FormatError: If there is no such activation.
    """
    match name:
        case "":
            return x
        case "LeakyRelu":
            return call.op("leaky_relu", LeakyReluAttrs(negative_slope=_nth(params, 0, 0.01)), x)
        case "Clip":
            return call.op("clamp", ClampAttrs(min=_nth(params, 0, None), max=_nth(params, 1, None)), x)
        case "HardSigmoid":
            attrs = HardsigmoidAttrs(alpha=_nth(params, 0, 0.2), beta=_nth(params, 1, 0.5))
            return call.op("hardsigmoid", attrs, x)
        case _:
            if name not in _PLAIN:
                known = ", ".join(sorted([*_PLAIN, "LeakyRelu", "Clip", "HardSigmoid"]))
                raise FormatError(f"{call.node.op_type}: expected an activation of {known}, got {name!r}")
            return call.op(_PLAIN[name], None, x)


def _nth(params: tuple[float, ...], at: int, default: Any) -> Any:
    return params[at] if at < len(params) else default


@lowers(f"{_MICROSOFT}.FusedConv")
def fused_conv(call: Call, x: Tensor, w: Tensor, b: Tensor | None = None, z: Tensor | None = None) -> Any:
    """A convolution, plus another tensor, through an activation."""
    y = conv(call, x, w, b)
    y = y if z is None else call.op("add", None, y, z)
    return activated(call, y, call.attr("activation", ""), call.attr("activation_params", ()))


@lowers(f"{_MICROSOFT}.NhwcConv", f"{_MICROSOFT}.NhwcFusedConv")
def nhwc_conv(call: Call, x: Tensor, w: Tensor, b: Tensor | None = None, z: Tensor | None = None) -> Any:
    """A fused convolution with channels last; its weight has channels first."""
    y = from_first(call, conv(call, to_first(call, x), w, b))
    y = y if z is None else call.op("add", None, y, z)
    return activated(call, y, call.attr("activation", ""), call.attr("activation_params", ()))


@lowers(f"{_MICROSOFT}.NhwcMaxPool")
def nhwc_max_pool(call: Call, x: Tensor) -> Any:
    return from_first(call, max_pool(call, to_first(call, x)))


def to_first(call: Call, x: Tensor) -> Tensor:
    """Channels from last to second."""
    return permuted(call, x, (0, x.rank - 1, *range(1, x.rank - 1)))


def from_first(call: Call, x: Tensor) -> Tensor:
    """Channels from second to last."""
    return permuted(call, x, (0, *range(2, x.rank), 1))


@lowers(f"{_MICROSOFT}.FusedGemm")
def fused_gemm(call: Call, a: Tensor, b: Tensor, c: Tensor | None = None) -> Any:
    given = [call.attr(f"activation_{name}") for name in ("alpha", "beta", "gamma")]
    params = tuple(value for value in given if value is not None)
    return activated(call, gemm(call, a, b, c), call.attr("activation", ""), params)


@lowers(f"{_MICROSOFT}.FusedMatMul", f"{_MICROSOFT}.TransposeMatMul", f"{_MICROSOFT}.FusedMatMulActivation")
def fused_matmul(call: Call, a: Tensor, b: Tensor) -> Any:
    """A product of transposed operands, times a number, through an activation."""
    left = _turned(call, a, call.attr("transBatchA", 0), call.attr("transA", 0))
    right = _turned(call, b, call.attr("transBatchB", 0), call.attr("transB", 0))
    y = scaled(call, call.op("matmul", None, left, right), call.attr("alpha", 1.0))
    given = [call.attr(f"activation_{name}") for name in ("alpha", "beta", "gamma")]
    params = tuple(value for value in given if value is not None)
    return activated(call, y, call.attr("activation", ""), params)


def _turned(call: Call, x: Tensor, batch: int, last: int) -> Tensor:
    if batch:
        x = permuted(call, x, (*range(1, x.rank - 1), 0, x.rank - 1))
    return transposed(call, x) if last and x.rank > 1 else x


def _gelu(*names: str, approximate: Any) -> None:
    @lowers(*names)
    def rule(call: Call, x: Tensor, bias: Tensor | None = None) -> Any:
        whole = x if bias is None else call.op("add", None, x, bias)
        return call.op("gelu", GeluAttrs(approximate=approximate), whole)


_gelu(f"{_MICROSOFT}.Gelu", f"{_MICROSOFT}.BiasGelu", approximate="none")
_gelu(f"{_MICROSOFT}.FastGelu", approximate="tanh")


@lowers(f"{_MICROSOFT}.QuickGelu")
def quick_gelu(call: Call, x: Tensor) -> Any:
    """x * sigmoid(alpha x)."""
    alpha = call.attr("alpha", 1.702)
    if alpha == 1.0:
        return call.op("silu", None, x)
    return call.op("mul", None, x, call.op("sigmoid", None, scaled(call, x, alpha)))


@lowers(f"{_MICROSOFT}.BiasAdd")
def bias_add(call: Call, x: Tensor, bias: Tensor, skip: Tensor) -> Any:
    return call.op("add", None, call.op("add", None, x, bias), skip)


@lowers("SimplifiedLayerNormalization", f"{_MICROSOFT}.SimplifiedLayerNormalization")
def simplified_layer_norm(call: Call, x: Tensor, scale: Tensor) -> Any:
    """Divided by the root of the mean square of the last dimensions."""
    axis = call.attr("axis", -1) % x.rank
    if call.wants(1):
        return NotImplemented
    return call.op("rms_norm", _norm_attrs(call, x, axis), x, scale)


def _norm_attrs(call: Call, x: Tensor, axis: int) -> LayerNormAttrs:
    default = 1e-5 if "Simplified" in call.node.op_type else 1e-12
    return LayerNormAttrs(normalized_shape=x.shape[axis:], eps=call.attr("epsilon", default))


@lowers(f"{_MICROSOFT}.SkipLayerNormalization")
def skip_layer_norm(
    call: Call, x: Tensor, skip: Tensor, gamma: Tensor, beta: Tensor | None = None, bias: Tensor | None = None
) -> Any:
    """The sum of two branches, and of a bias, normalised; the sum is the fourth output."""
    if call.wants(1) or call.wants(2):  # statistics that only training reads
        return NotImplemented
    whole = _skipped(call, x, skip, bias)
    y = call.op("layer_norm", _norm_attrs(call, whole, whole.rank - 1), whole, gamma, beta)
    return y, None, None, whole


@lowers(f"{_MICROSOFT}.SkipSimplifiedLayerNormalization")
def skip_rms_norm(call: Call, x: Tensor, skip: Tensor, gamma: Tensor, bias: Tensor | None = None) -> Any:
    if call.wants(1) or call.wants(2):
        return NotImplemented
    whole = _skipped(call, x, skip, bias)
    y = call.op("rms_norm", _norm_attrs(call, whole, whole.rank - 1), whole, gamma)
    return y, None, None, whole


def _skipped(call: Call, x: Tensor, skip: Tensor, bias: Tensor | None) -> Tensor:
    whole: Tensor = call.op("add", None, x, skip)
    if bias is not None:
        whole = call.op("add", None, whole, bias)
    return whole


@lowers(f"{_MICROSOFT}.EmbedLayerNormalization")
def embed_layer_norm(
    call: Call, ids: Tensor, segments: Tensor | None, words: Tensor, positions: Tensor,
    segment_table: Tensor | None, gamma: Tensor, beta: Tensor, mask: Tensor | None = None,
    position_ids: Tensor | None = None,
) -> Any:  # fmt: skip
    """Embeddings of words, positions and segments, added up and normalised; and how long each sample is."""
    batch, steps = ids.shape
    if position_ids is None:
        position_ids = call.made((1, steps), "int64", lambda: np.arange(steps)[None])
    whole = embedding(call, ids, words)
    whole = call.op("add", None, whole, embedding(call, position_ids, positions))
    if segments is not None and segment_table is not None:
        whole = call.op("add", None, whole, embedding(call, segments, segment_table))
    y = call.op("layer_norm", _norm_attrs(call, whole, 2), whole, gamma, beta)
    lengths: Any = None
    if call.wants(1):
        lengths = (
            call.made((batch,), "int32", lambda: np.zeros(batch, np.int32)) if mask is None else _counted(call, mask)
        )
    return y, lengths, whole


def _counted(call: Call, mask: Tensor) -> Tensor:
    counted = reduce.sum(call, mask, 1)
    result: Tensor = counted if counted.dtype == "int32" else call.op("cast", CastAttrs(dtype="int32"), counted)
    return result


def _zeros(call: Call, count: int) -> Tensor:
    return call.made((count,), "int32", lambda: np.zeros(count, np.int32))
