"""Sliding windows over the last dimensions: what convolution, pooling and unfolding share."""

from __future__ import annotations

import itertools
from typing import Any

from netweight.errors import ShapeError
from netweight.lazy import Array, np
from netweight.ops.arrays.padding import Pads

Sizes = tuple[int, ...]


def span_of(kernel_size: Sizes, dilation: Sizes) -> Sizes:
    """Input elements from the first to the last tap of the dilated kernel, per dimension."""
    return tuple([d * (k - 1) + 1 for d, k in zip(dilation, kernel_size, strict=True)])


def out_sizes(
    op: str,
    in_size: Sizes,
    kernel_size: Sizes,
    stride: Sizes,
    padding: Pads,
    dilation: Sizes,
    *,
    ceil_mode: bool = False,
) -> Sizes:
    """floor((in + padding - span) / stride) + 1 per dimension.

    ``ceil_mode`` rounds up, so that a window may reach beyond the padding, and drops a last one that would start in the
    padding after the input.
    """
    if min((*stride, *dilation, *kernel_size), default=1) < 1:
        raise ShapeError(
            f"{op}: expected kernel_size, stride and dilation of at least 1, "
            f"got kernel_size {kernel_size}, stride {stride}, dilation {dilation}"
        )
    span = span_of(kernel_size, dilation)
    sizes = []
    for size, (before, after), reach, step in zip(in_size, padding, span, stride, strict=True):
        room = size + before + after - reach
        count = -(-room // step) + 1 if ceil_mode else room // step + 1
        if ceil_mode and (count - 1) * step >= size + before:
            count -= 1
        if count < 1:
            raise ShapeError(
                f"{op}: expected the dilated kernel to fit in the padded input, "
                f"got kernel span {span} for input size {in_size} with padding {padding}"
            )
        sizes.append(count)
    return tuple(sizes)


def windows(padded: Array, kernel_size: Sizes, stride: Sizes, dilation: Sizes, out_size: Sizes) -> Array:
    """View of the last dimensions as (..., *out_size, *kernel_size); nothing is copied."""
    n = len(kernel_size)
    span = span_of(kernel_size, dilation)
    view = np.lib.stride_tricks.sliding_window_view(padded, span, axis=tuple(range(-n, 0)))
    steps = (slice(None, None, step) for step in stride)
    taps = (slice(None, None, step) for step in dilation)
    spaced: Any = (..., *steps, *taps)
    cropped: Any = (..., *(slice(size) for size in out_size), *(slice(None),) * n)
    return view[spaced][cropped]


def add_windows(taps: Array, padded_shape: Sizes, stride: Sizes, dilation: Sizes) -> Array:
    """Transpose of ``windows``: add every tap back to the position it was read from.

    Args:
        taps: (..., *out_size, *kernel_size).
        padded_shape: Shape of the padded input.
        stride: Step between windows.
        dilation: Step between taps.
    """
    n = len(stride)
    padded = np.zeros(padded_shape, taps.dtype)
    out_size, kernel_size = taps.shape[-2 * n : -n], taps.shape[-n:]
    for tap in itertools.product(*map(range, kernel_size)):
        where: Any = tuple(
            slice(t * d, t * d + (size - 1) * step + 1, step)
            for t, d, size, step in zip(tap, dilation, out_size, stride, strict=True)
        )
        at: Any = (..., *tap)
        padded[(..., *where)] += taps[at]
    return padded
