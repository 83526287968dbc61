"""How results lie in memory: in the layout that PyTorch's kernels choose from those of their inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from netweight.ops.table import OpDef

_META = torch.device("meta")
_IMAGES = 4

_OF_EACH = ("elementwise", "activation", "dropout")
"""Kinds of operators whose kernels take the layout of all that they read."""

_KEEPING_ORDER = frozenset({
    "conv", "conv_transpose", "max_pool", "max_pool_with_indices", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool",
    "lp_pool", "resize", "pad", "roll", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle",
})  # fmt: skip
"""Operators whose kernels lay pictures out as their input lies, channels last or first."""

_LIKE_FIRST = frozenset({
    "argsort", "batch_norm", "batch_norm_training", "cast", "copy", "dequantize", "diagonal_scatter", "fake_quantize",
    "flip", "index_put", "local_response_norm", "masked_fill", "masked_scatter", "prelu", "quantize", "slice_scatter",
    "sort",
})  # fmt: skip
"""Operators whose result lies as their first input does."""

_BY_COLUMNS = frozenset({"cholesky", "eigh", "inverse", "qr", "solve", "solve_triangular", "svd"})
"""Operators of LAPACK, which leaves matrices column by column."""


def layout_of(
    definition: OpDef, attrs: Any, tensors: Sequence[Tensor | None]
) -> tuple[Tensor | Sequence[Tensor] | None, tuple[int, ...] | None]:
    """How PyTorch's kernels lay out what an operator makes: like which tensors, or in which order of dimensions."""
    first = tensors[0]
    if definition.name in _LIKE_FIRST:
        return first, None
    if definition.kind in _OF_EACH:
        return first if len(tensors) == 1 else [tensor for tensor in tensors if tensor is not None], None
    if definition.kind == "attention":
        return first, None  # fused attention lays its result as the queries lie
    if first is None or definition.name in _BY_COLUMNS:
        return None, _order_of_own(first)
    if definition.name not in _KEEPING_ORDER or getattr(attrs, "mode", "") == "circular":
        return None, None
    order = channels_last(first)
    if order is None and definition.name == "conv" and tensors[1] is not None:
        order = channels_last(tensors[1])
    return None, order


def _order_of_own(first: Tensor | None) -> tuple[int, ...] | None:
    """The order of matrices of LAPACK."""
    if first is None:
        return None
    rank = first.dim()
    return (*range(rank - 2), rank - 1, rank - 2)


def empty(
    shape: tuple[int, ...], dtype: torch.dtype, like: Tensor | Sequence[Tensor] | None, order: tuple[int, ...] | None
) -> Tensor:
    """A tensor without numbers.

    Args:
        shape: Its shape.
        dtype: Its element type.
        like: Tensor of that shape, or tensors that broadcast to it, whose layout an elementwise kernel keeps.
        order: Dimensions from the outermost in memory to the innermost; row-major if this and ``like`` are None.
    """
    if order is not None:
        laid = torch.empty([shape[dim] for dim in order], dtype=dtype, device=_META)
        return laid.permute([order.index(dim) for dim in range(len(order))])
    if isinstance(like, Tensor):
        like = () if like.is_contiguous() or like.shape != shape else (like,)
    if like and not all(tensor.is_contiguous() for tensor in like):
        return torch.empty_strided(shape, elementwise_strides(shape, like), dtype=dtype, device=_META)
    return torch.empty(shape, dtype=dtype, device=_META)


def elementwise_strides(shape: tuple[int, ...], tensors: Sequence[Tensor]) -> tuple[int, ...]:
    """Strides of what PyTorch's elementwise kernels make of tensors that broadcast to ``shape``.

    Inputs that lie in the same dense way pass it on. Else dimensions are sorted by their strides in the first input
    that tells them apart (``TensorIteratorBase::reorder_dimensions``), and the result lies in that order, dense.
    """
    first = tensors[0]
    same = all(tensor.shape == first.shape and tensor.stride() == first.stride() for tensor in tensors)
    if same and tuple(first.shape) == shape and _is_dense(first):
        return first.stride()
    steps = [_broadcast_strides(shape, tensor) for tensor in tensors]
    order = list(reversed(range(len(shape))))  # the innermost first
    for last in range(1, len(order)):
        at = last
        for before in reversed(range(last)):
            outer = _is_outer(shape, steps, order[before], order[at])
            if outer is False:
                break
            if outer:
                order[before], order[at] = order[at], order[before]
                at = before
    strides = [0] * len(shape)
    step = 1
    for dim in order:
        strides[dim] = step
        step *= max(shape[dim], 1)
    return tuple(strides)


def _is_outer(shape: tuple[int, ...], steps: list[tuple[int, ...]], a: int, b: int) -> bool | None:
    """Whether dimension ``a`` lies outside of ``b``; None if no input tells."""
    for strides in steps:
        if 0 in (strides[a], strides[b]):
            continue
        if strides[a] != strides[b]:
            return strides[a] > strides[b]
        if shape[a] > shape[b]:
            return True
    return None


def _broadcast_strides(shape: tuple[int, ...], tensor: Tensor) -> tuple[int, ...]:
    new = len(shape) - tensor.dim()
    pairs = zip(shape[new:], tensor.shape, tensor.stride(), strict=True)
    return (0,) * new + tuple(0 if size != own else step for size, own, step in pairs)


def _is_dense(tensor: Tensor) -> bool:
    """Whether the elements fill their memory without gaps or overlaps, in some order of dimensions."""
    expected = 1
    for stride, size in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def channels_last(x: Tensor) -> tuple[int, ...] | None:
    """Memory order of the result of a convolution or a pool: channels last where its input's are.

    As in PyTorch, a part of such a tensor counts too, and so does a convolution's weight.
    """
    if x.dim() != _IMAGES or x.is_contiguous():
        return None
    step = 0
    for dim in (1, 3, 2, 0):
        size, stride = x.shape[dim], x.stride(dim)
        if size == 0 or stride < step or (dim == 0 and step == x.stride(1)) or (dim == 1 and stride == 0):
            return None
        step = stride * size if size > 1 else stride
    return (0, 2, 3, 1)


def memory_order(x: Tensor) -> tuple[int, ...]:
    """Dimensions from the outermost in memory to the innermost."""
    strides = x.stride()
    return tuple(sorted(range(x.dim()), key=lambda dim: -strides[dim]))
