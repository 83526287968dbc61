"""Padding: how many elements, and which ones.

A padded position along one dimension reads one source position, or none (a zero). That index map is the whole
definition: the forward gathers along it, the backward adds along it, every mode alike.
"""

from __future__ import annotations

import math
from typing import Literal

from netweight.count import product
from netweight.errors import ShapeError
from netweight.lazy import Array, np
from netweight.ops.table import FREE, Cost

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]
PaddingAmount = int | str | tuple[int | tuple[int, int], ...]
Pads = tuple[tuple[int, int], ...]


def resolve_padding(
    padding: PaddingAmount, in_size: tuple[int, ...], kernel_size: tuple[int, ...], stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Pads:  # fmt: skip
    """Padding as (before, after) per spatial dimension.

    ``valid`` is none; ``full`` is kernel span - 1 on both sides; ``same`` (or ``same_upper``) makes the output
    ``ceil(in / stride)`` with the odd element after, ``same_lower`` with the odd element before.

    >>> resolve_padding("same_lower", (6,), (4,), (1,), (1,))
    ((2, 1),)
    """
    if isinstance(padding, int):
        return ((padding, padding),) * len(in_size)
    if isinstance(padding, str):
        if len(in_size) != len(kernel_size):
            raise ShapeError(
                f"padding: expected {len(kernel_size)} spatial dimensions, as the kernel has, got {in_size}"
            )
        spans = [d * (k - 1) + 1 for d, k in zip(dilation, kernel_size, strict=True)]
        match padding:
            case "valid":
                return ((0, 0),) * len(in_size)
            case "full":
                return tuple((span - 1, span - 1) for span in spans)
            case "same" | "same_upper" | "same_lower":
                totals = [
                    max((-(-size // step) - 1) * step + span - size, 0)
                    for size, step, span in zip(in_size, stride, spans, strict=True)
                ]
                halves = [(amount // 2, amount - amount // 2) for amount in totals]
                return tuple((b, a) if padding != "same_lower" else (a, b) for b, a in halves)
            case _:
                known = "a number, a tuple, 'valid', 'same', 'same_upper', 'same_lower' or 'full'"
                raise ShapeError(f"padding: expected {known}, got {padding!r}")
    if len(padding) != len(in_size):
        raise ShapeError(f"padding: expected one entry per spatial dimension ({len(in_size)}), got {padding}")
    pads = tuple([(entry, entry) if isinstance(entry, int) else entry for entry in padding])
    if any([len(pad) != 2 for pad in pads]):  # noqa: C419 (a list is quicker where all of it is looked at)
        raise ShapeError(f"padding: expected a number or a (before, after) pair per spatial dimension, got {padding}")
    return pads


def check_padding(op: str, in_size: tuple[int, ...], padding: Pads, mode: PaddingMode) -> None:
    """Refuse amounts that a mode cannot fill."""
    limit = {"reflect": -1, "circular": 0}.get(mode)
    if limit is None:
        return
    for size, pad in zip(in_size, padding, strict=True):
        if max(pad) > size + limit:
            raise ShapeError(
                f"{op}: expected {mode} padding of at most {size + limit}, got {pad} for input size {size}"
            )


def source_index(size: int, pad: tuple[int, int], mode: PaddingMode) -> Array:
    """For each padded position the source position it copies, or -1 for a zero; negative padding crops.

    >>> source_index(3, (2, 1), "reflect").tolist()
    [2, 1, 0, 1, 2, 1]
    """
    position = np.arange(-pad[0], size + pad[1])
    match mode:
        case "zeros":
            return np.where((position >= 0) & (position < size), position, -1)
        case "replicate":
            return np.clip(position, 0, size - 1)
        case "circular":
            return position % size
        case "reflect":
            period = max(2 * (size - 1), 1)
            folded = position % period
            return np.minimum(folded, period - folded) if size > 1 else np.zeros_like(position)


def pad_array(x: Array, padding: Pads, mode: PaddingMode = "zeros", value: float = 0.0) -> Array:
    """``x`` with its last ``len(padding)`` dimensions padded; zeros become ``value``."""
    for dim, pad in enumerate(padding, start=x.ndim - len(padding)):
        if pad == (0, 0):
            continue
        index = source_index(x.shape[dim], pad, mode)
        x = np.take(x, np.maximum(index, 0), axis=dim)
        x[(slice(None),) * dim + (index < 0,)] = value
    return x


def unpad_gradient(grad_padded: Array, in_size: tuple[int, ...], padding: Pads, mode: PaddingMode = "zeros") -> Array:
    """Transpose of ``pad_array``: every padded position's gradient is added to the position it copied."""
    first = grad_padded.ndim - len(padding)
    for dim, (size, pad) in enumerate(zip(in_size, padding, strict=True), start=first):
        if pad == (0, 0):
            continue
        index = source_index(size, pad, mode)
        moved = np.moveaxis(grad_padded, dim, 0)
        grad = np.zeros((size, *moved.shape[1:]), grad_padded.dtype)
        np.add.at(grad, index[index >= 0], moved[index >= 0])
        grad_padded = np.moveaxis(grad, 0, dim)
    return grad_padded


def unpad_cost(shape: tuple[int, ...], padding: Pads, mode: PaddingMode = "zeros") -> Cost:
    """Adds that ``unpad_gradient`` takes to get to ``shape``: one per element that the padding copied."""
    if mode == "zeros":
        return FREE
    rest, padded = shape[: len(shape) - len(padding)], shape[len(shape) - len(padding) :]
    grown = math.prod(size + sum(pad) for size, pad in zip(padded, padding, strict=True))
    copies = math.prod(rest) * (grown - math.prod(padded))
    return Cost(adds=product(copies=copies)) if copies else FREE
