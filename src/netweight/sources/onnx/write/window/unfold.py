"""Windows laid side by side, and back."""

from __future__ import annotations

import math

from netweight.lazy import np
from netweight.sources.onnx.write import writes
from netweight.sources.onnx.write.contract.conv import onnx_pads
from netweight.sources.onnx.write.step import Step


@writes("unfold")
def unfold(step: Step) -> None:
    """A convolution whose kernels pick one element each would multiply; positions picked from the flat plane do not."""
    attrs = step.attrs
    sizes = step.x.shape[2:]
    x = step.value("Pad", step.names[0], step.ints(*onnx_pads(((0, 0), (0, 0), *attrs.padding))))
    padded = tuple(size + before + after for size, (before, after) in zip(sizes, attrs.padding, strict=True))
    out = step.y.shape[2:]
    plane = np.arange(math.prod(padded)).reshape(padded)
    for dim, (kernel, windows) in enumerate(zip(attrs.kernel_size, out, strict=True)):
        taps, starts = np.arange(kernel) * attrs.dilation[dim], np.arange(windows) * attrs.stride[dim]
        plane = np.take(plane, taps[:, None] + starts, axis=2 * dim)
    rank = len(sizes)
    places = plane.transpose(*range(0, 2 * rank, 2), *range(1, 2 * rank, 2)).reshape(-1)
    flat = step.reshaped(x, (*step.x.shape[:2], math.prod(padded)))
    picked = step.value("Gather", flat, step.ints(*places.tolist()), axis=2)
    step.result("Reshape", picked, step.ints(*step.y.shape))


@writes("fold")
def fold(step: Step) -> None:
    """Col2Im."""
    attrs = step.attrs
    n, columns, *windows = step.x.shape
    flat = step.reshaped(step.names[0], (n, columns, math.prod(windows)))
    step.result(
        "Col2Im", flat, step.ints(*attrs.output_size), step.ints(*attrs.kernel_size),
        strides=attrs.stride,
        pads=onnx_pads(attrs.padding),
        dilations=attrs.dilation,
    )  # fmt: skip


@writes("window_view")
def window_view(step: Step) -> None:
    """Windows picked along the dimension, the window itself turned to the end."""
    dim, count, rank = step.attrs.dim, step.y.shape[step.attrs.dim], len(step.x.shape)
    places = [window * step.attrs.step + at for window in range(count) for at in range(step.attrs.size)]
    picked = step.value("Gather", step.names[0], step.ints(*places), axis=dim)
    shape = step.x.shape
    apart = step.reshaped(picked, (*shape[:dim], count, step.attrs.size, *shape[dim + 1 :]))
    order = [at for at in range(rank + 1) if at != dim + 1]
    step.result("Transpose", apart, perm=[*order, dim + 1])
