"""What each tap of a sliding window meets, as columns of a matrix: what turns a convolution into a product.

Numba copies where it is installed and there are two spatial dimensions: NumPy needs a call per row there. Columns are
(C, *kernel, samples, *out_size), for a few samples at a time, in room that is kept from call to call.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from netweight import machine_code
from netweight.kernels.taps import taps
from netweight.lazy import Array, np

_SHORTEST_ROW = 5
"""Shorter rows are copied faster by NumPy, which takes many at a time where they are one element."""


class Window(NamedTuple):
    """A window that slides over planes.

    Attributes:
        kernel: Its size.
        in_size: Size of the planes.
        out_size: How many places it takes.
        stride: Step between these.
        before: Zeros before each dimension.
        dilation: Step between its elements.
    """

    kernel: tuple[int, ...]
    in_size: tuple[int, ...]
    out_size: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    dilation: tuple[int, ...]


class Columns:
    """Columns of one window.

    Attributes:
        by: What copies: an addition to the name of a kernel.
        array: The columns.

    Args:
        window: What slides.
        channels: Of the input.
        samples: How many at a time.
        dtype: Floating type.
    """

    def __init__(self, window: Window, channels: int, samples: int, dtype: Any) -> None:
        self.samples = samples
        # What no tap reaches is padding, and stays 0.
        self.array = np.zeros((channels, *window.kernel, samples, *window.out_size), dtype)
        self._numbers = (*window.stride, *window.before, *window.dilation)
        rows = len(window.kernel) == 2 and window.out_size[1] >= _SHORTEST_ROW
        self._compiled = _compiled() if rows and machine_code.is_installed() else None
        self.by = "" if self._compiled is None else ", Numba"
        self._taps = taps(
            window.kernel, window.in_size, window.out_size, window.stride, tuple((pad, 0) for pad in window.before),
            window.dilation,
        )  # fmt: skip

    def fill(self, x: Array, start: int) -> Array:
        """The columns of the samples from one on.

        Args:
            x: (C, N, *in_size), contiguous where it is copied by compiled code.
            start: The first sample.
        """
        if self._compiled is not None:
            self._compiled.fill(self.array, x, start, *self._numbers)
            return self.array
        part = x[:, start : start + self.samples]
        for at, outputs, inputs in self._taps:
            self.array[(slice(None), *at, slice(None), *outputs)] = part[(..., *inputs)]
        return self.array

    def add_to(self, x: Array, start: int) -> None:
        """Add columns that hold gradients to where columns come from: the reverse of ``fill``."""
        if self._compiled is not None:
            self._compiled.add_to(self.array, x, start, *self._numbers)
            return
        part = x[:, start : start + self.samples]
        for at, outputs, inputs in self._taps:
            part[(..., *inputs)] += self.array[(slice(None), *at, slice(None), *outputs)]


class _Compiled(NamedTuple):
    fill: Any
    add_to: Any


@cache
def _compiled() -> _Compiled:
    from netweight.kernels.column_loops import loops

    return _Compiled(*(machine_code.compiled(loops(add=add), nogil=True, error_model="numpy") for add in (False, True)))
