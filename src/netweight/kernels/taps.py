"""The elements of a window that slides: which outputs each matters to, and which inputs it meets there."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple


class Tap(NamedTuple):
    """One element of a window; where it lies in the padding, it meets nothing.

    Attributes:
        at: Where it is in the window.
        outputs: Slices of the output's dimensions.
        inputs: Slices of the input's dimensions, as many elements.
    """

    at: tuple[int, ...]
    outputs: tuple[Any, ...]
    inputs: tuple[Any, ...]


def taps(
    kernel: tuple[int, ...], in_size: tuple[int, ...], out_size: tuple[int, ...], stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...], dilation: tuple[int, ...],
) -> list[Tap]:  # fmt: skip
    """The elements that meet an input anywhere, in row-major order.

    Args:
        kernel: Size of the window.
        in_size: Size of the input's planes.
        out_size: Size of the output's planes.
        stride: Step between windows.
        padding: Elements (before, after) each dimension; those before may be fewer than none.
        dilation: Step between the elements of a window.
    """
    found = []
    for at in itertools.product(*map(range, kernel)):
        outputs, inputs = [], []
        parts = zip(at, in_size, out_size, stride, padding, dilation, strict=True)
        for tap, size, out, step, (before, _), apart in parts:
            first = tap * apart - before
            low = max(0, -(first // step))
            high = min(out, (size - 1 - first) // step + 1)
            outputs.append(slice(low, high))
            inputs.append(slice(low * step + first, (high - 1) * step + first + 1, step))
        if all(part.stop > part.start for part in outputs):
            found.append(Tap(at, tuple(outputs), tuple(inputs)))
    return found
