"""Fourier transforms."""

from __future__ import annotations

from typing import Any

from netweight.functions.algebra import fft, rfft
from netweight.ops.move.rearrange import PadAttrs
from netweight.ops.move.slicing import SliceAttrs
from netweight.sources.onnx.tensor import Tensor
from netweight.sources.tflite.call import TfliteCall
from netweight.sources.tflite.lower import lowers


@lowers("RFFT2D")
def rfft2d(call: TfliteCall, x: Tensor, lengths: Tensor) -> Any:
    """Of the last two dimensions, cut or filled up with zeros to the lengths."""
    sizes = lengths.ints()
    if x.rank < 2 or len(sizes) != 2:
        return NotImplemented
    for dim, size in zip((x.rank - 2, x.rank - 1), sizes, strict=True):
        if size < x.shape[dim]:
            x = call.op("slice", SliceAttrs(dim=dim, start=0, stop=size), x)
        elif size > x.shape[dim]:
            pads = tuple((0, size - x.shape[dim]) if at == dim else (0, 0) for at in range(x.rank))
            x = call.op("pad", PadAttrs(padding=pads), x)
    return fft(call, rfft(call, x, x.rank - 1), x.rank - 2)
