"""Normalisation."""

from __future__ import annotations

import math
from typing import Any

from netweight.functions import reduce
from netweight.functions.move import copies
from netweight.functions.norm import batch_norm as by_batch
from netweight.functions.norm import group_norm as by_group
from netweight.functions.norm import layer_norm as by_layer
from netweight.functions.norm.local_response_norm import local_response_norm
from netweight.ir import bits_of
from netweight.ops.pointwise.scalar import ScalarAttrs
from netweight.ops.pointwise.unary import ClampAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.common import axes_of, axis_of, cast_to, expanded
from netweight.sources.onnx.numbers import dtype_of
from netweight.sources.onnx.tensor import Tensor

_MEAN_VARIANCE_EPS = 1e-9
_LEAST = {"float16": 6e-8, "bfloat16": 9.2e-41, "float32": 1.4e-45, "float64": 5e-324}
"""Smallest number above zero: a vector of zeros is divided by it and stays one."""
_NEWEST_BATCH_NORM = 14


@lowers("BatchNormalization")
def batch_norm(call: Call, x: Tensor, scale: Tensor, b: Tensor, mean: Tensor, var: Tensor) -> Any:
    """At inference with known statistics; in training with those of the batch."""
    for statistic in (mean, var):
        statistic.role = "buffer"
    eps = call.attr("epsilon", 1e-5)
    before = call.opset < _NEWEST_BATCH_NORM
    if not (call.wants(1) if before else call.attr("training_mode", 0)):
        return by_batch.batch_norm(call, x, mean, var, scale, b, eps=eps)[0]
    if before and (call.wants(3) or call.wants(4)):
        return NotImplemented
    keep = call.attr("momentum", 0.9)
    old = (mean, var) if call.wants(1) or call.wants(2) else (None, None)
    y, *new = by_batch.batch_norm(call, x, old[0], old[1], scale, b, True, 1 - keep, eps)
    if not new:
        return y, None, None
    new_mean, new_var = new
    return y, new_mean, _with_biased(call, new_var, var, keep, x.spec.numel // max(x.shape[1], 1))


def _with_biased(call: Call, new_var: Tensor, var: Tensor, keep: float, count: int) -> Any:
    """ONNX's new variance, from PyTorch's, in which that of the batch is larger by count / (count - 1)."""
    share = call.op("mul_scalar", ScalarAttrs(value=(count - 1) / count), new_var)
    return call.op("add", None, share, call.op("mul_scalar", ScalarAttrs(value=keep / count), var))


@lowers("LRN")
def lrn(call: Call, x: Tensor) -> Any:
    settings = call.attr("alpha", 1e-4), call.attr("beta", 0.75), call.attr("bias", 1.0)
    return local_response_norm(call, x, call.need("size"), *settings)


@lowers("LayerNormalization")
def layer_norm(call: Call, x: Tensor, scale: Tensor, b: Tensor | None = None) -> Any:
    """One operator, unless somebody reads the mean or the reciprocal deviation: then its parts."""
    axis = axis_of(call.attr("axis", -1), x.rank)
    eps = call.attr("epsilon", 1e-5)
    if call.wants(1) or call.wants(2):
        return _layer_norm_in_parts(call, x, scale, b, tuple(range(axis, x.rank)))
    sizes = x.shape[axis:]
    bias = None if b is None else expanded(call, b, sizes)
    return by_layer.layer_norm(call, x, sizes, expanded(call, scale, sizes), bias, eps)


def _layer_norm_in_parts(call: Call, x: Tensor, scale: Tensor, b: Tensor | None, dims: tuple[int, ...]) -> Any:
    """In ``stash_type`` where that is wider than ``x``; the statistics have that type in any case."""
    held = dtype_of(call.attr("stash_type", 1), call.node.op_type)
    wide = cast_to(call, x, held) if bits_of(held) > bits_of(x.dtype) else x
    mean = reduce.mean(call, wide, dims, keepdim=True)
    centered = call.op("sub", None, wide, mean)
    var = reduce.mean(call, call.op("square", None, centered), dims, keepdim=True)
    rstd = call.op("rsqrt", None, call.op("add_scalar", ScalarAttrs(value=call.attr("epsilon", 1e-5)), var))
    y = call.op("mul", None, cast_to(call, call.op("mul", None, centered, rstd), x.dtype), scale)
    y = y if b is None else call.op("add", None, y, b)
    return y, cast_to(call, mean, held), cast_to(call, rstd, held)


@lowers("RMSNormalization")
def rms_norm(call: Call, x: Tensor, scale: Tensor) -> Any:
    sizes = x.shape[axis_of(call.attr("axis", -1), x.rank) :]
    return by_layer.rms_norm(call, x, sizes, expanded(call, scale, sizes), call.attr("epsilon", 1e-5))


@lowers("GroupNormalization")
def group_norm(call: Call, x: Tensor, scale: Tensor, bias: Tensor) -> Any:
    """Until opset 20 there is one scale per group, since then one per channel."""
    groups = call.need("num_groups")
    if scale.shape == (groups,) and groups != x.shape[1]:
        scale, bias = (copies.repeat_interleave(call, part, x.shape[1] // groups, 0) for part in (scale, bias))
    return by_group.group_norm(call, x, groups, scale, bias, call.attr("epsilon", 1e-5))


@lowers("InstanceNormalization")
def instance_norm(call: Call, x: Tensor, scale: Tensor, b: Tensor) -> Any:
    """Channels of a single element have no deviation, which only the general operator takes."""
    eps = call.attr("epsilon", 1e-5)
    if math.prod(x.shape[2:]) > 1:
        return by_group.instance_norm(call, x, scale, b, eps)
    return by_group.group_norm(call, x, x.shape[1], scale, b, eps)


@lowers("MeanVarianceNormalization")
def mean_variance_norm(call: Call, x: Tensor) -> Any:
    """(x - mean) / (deviation + 1e-9)."""
    dims = axes_of(call.attr("axes", (0, 2, 3)), x.rank)
    centered = call.op("sub", None, x, reduce.mean(call, x, dims, keepdim=True))
    deviation = call.op("sqrt", None, reduce.mean(call, call.op("square", None, centered), dims, keepdim=True))
    return call.op("div", None, centered, call.op("add_scalar", ScalarAttrs(value=_MEAN_VARIANCE_EPS), deviation))


@lowers("LpNormalization")
def lp_norm(call: Call, x: Tensor) -> Any:
    """x / its length; zeros stay zeros."""
    dims = (axis_of(call.attr("axis", -1), x.rank),)
    length = reduce.vector_norm(call, x, float(call.attr("p", 2)), dims, keepdim=True)
    return call.op("div", None, x, call.op("clamp", ClampAttrs(min=_LEAST[x.dtype]), length))
