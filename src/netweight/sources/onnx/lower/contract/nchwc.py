"""Channels in blocks, of ONNX Runtime's optimised graphs: read as if the channels lay one after the other.

Weights of convolutions are stored as the loops over blocks read them: (O / b, I / b, kernel, b of I, b of O), or
(O / b, I, kernel, b of O) where the input has less than a block of channels or each channel is convolved by itself.
They are put in order when a run asks for them. Channels that fill up the last block stay, as the runtime computes them.

Source: ONNX Runtime, nchwc_transformer.cc and MlasReorderFilterOIHWBiBo, MlasReorderFilterOIHWBo.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netweight.functions.reduce import amax, mean
from netweight.lazy import Array, np
from netweight.ops.move.rearrange import PadAttrs
from netweight.sources.onnx.call import Call
from netweight.sources.onnx.lower import lowers
from netweight.sources.onnx.lower.contract.conv import conv
from netweight.sources.onnx.lower.contract.fused import activated, from_first, to_first
from netweight.sources.onnx.lower.parts import cut, made_of
from netweight.sources.onnx.lower.sample.resize import upsampled
from netweight.sources.onnx.lower.window.pool import average_pool, max_pool
from netweight.sources.onnx.tensor import Tensor

_BLOCKED = "com.microsoft.nchwc"


@lowers(f"{_BLOCKED}.Conv")
def blocked_conv(call: Call, x: Tensor, w: Tensor, b: Tensor | None = None, z: Tensor | None = None) -> Any:
    """A convolution, plus another tensor, through an activation."""
    y = conv(call, x, _in_order(call, w), b)
    y = y if z is None else call.op("add", None, y, z)
    return activated(call, y, call.attr("activation", ""), call.attr("activation_params", ()))


def _in_order(call: Call, w: Tensor) -> Tensor:
    """The weight with its channels one after the other."""
    block = call.reader.block
    outer, inner, *kernel = w.shape
    alone = inner < block or inner % block or call.attr("group", 1) == outer

    def make(array: Array) -> Array:
        if alone:
            blocks = array.reshape(outer // block, inner, *kernel, block)
        else:
            blocks = np.moveaxis(array.reshape(outer // block, inner // block, *kernel, block, block), -2, 2)
        return np.ascontiguousarray(np.moveaxis(blocks, -1, 1).reshape(w.shape))

    return made_of(call, w, ("in order",), w.shape, make)


@lowers(f"{_BLOCKED}.ReorderInput")
def reorder_input(call: Call, x: Tensor) -> Any:
    """Channels to the second place, and zeros up to a whole block."""
    x = to_first(call, x) if call.attr("channels_last", 0) else x
    missing = -x.shape[1] % call.reader.block
    if not missing:
        return x
    pads = ((0, 0), (0, missing), *((0, 0),) * (x.rank - 2))
    return call.op("pad", PadAttrs(padding=pads), x)


@lowers(f"{_BLOCKED}.ReorderOutput")
def reorder_output(call: Call, x: Tensor) -> Any:
    """Without the channels that fill up the last block."""
    y = cut(call, x, 1, 0, call.attr("channels", x.shape[1]))
    return from_first(call, y) if call.attr("channels_last", 0) else y


@lowers(f"{_BLOCKED}.MaxPool")
def blocked_max_pool(call: Call, x: Tensor) -> Any:
    return max_pool(call, x)


@lowers(f"{_BLOCKED}.AveragePool")
def blocked_average_pool(call: Call, x: Tensor) -> Any:
    return average_pool(call, x)


def _global(name: str, reduced: Callable[..., Any]) -> None:
    @lowers(f"{_BLOCKED}.{name}")
    def rule(call: Call, x: Tensor) -> Any:
        return reduced(call, x, tuple(range(2, x.rank)), keepdim=True)


@lowers(f"{_BLOCKED}.Upsample")
def blocked_upsample(call: Call, x: Tensor) -> Any:
    """Planes made larger; coordinates as ``Upsample`` has them unless the node says so."""
    scales = call.attr("scales") or (1,) * x.rank
    return upsampled(call, x, tuple(map(float, scales)), call.attr("coordinate_transformation_mode", "asymmetric"))


_global("GlobalAveragePool", mean)
_global("GlobalMaxPool", amax)
