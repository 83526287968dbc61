"""How much of its inputs an operator has to touch at the least: lookups, windows that skip, updates of a part.

A bound may never say more than a run needs, so that what is not sure to be read is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from netweight.ir import Graph, Node

_LOOKUPS = frozenset({
    "embedding", "embedding_bag", "gather", "gather_nd", "index", "index_select", "slice", "unfold", "pad", "repeat",
    "repeat_interleave", "one_hot", "diag_embed", "roll", "flip", "copy", "concat", "channel_shuffle", "pixel_shuffle",
})  # fmt: skip
"""Operators that read no more of each input than they write."""
_UPDATES = frozenset({
    "index_copy", "index_put", "index_add", "scatter", "scatter_add", "scatter_nd", "scatter_nd_add",
    "scatter_nd_reduce", "scatter_reduce", "slice_scatter", "diagonal_scatter", "write_sequence", "masked_scatter",
})  # fmt: skip
"""Operators that change a part of their first input, in its place where nobody else reads it."""
_TAPS = {"nearest": 1, "linear": 2, "cubic": 4, "bilinear": 2, "bicubic": 4}
_HALVES = frozenset({"tril", "triu"})


def reads_at_most(graph: Graph, node: Node) -> Mapping[str, int]:
    """Bytes by the name of an input, where it is not all of them.

    Args:
        graph: The network.
        node: The operator.
    """
    names = [name for name in node.inputs if name is not None]
    if not names:
        return {}
    first = names[0]
    written = sum(graph.values[name].stored_bytes for name in node.outputs)
    if node.op in _LOOKUPS:
        return dict.fromkeys(names, written)
    if node.op in _UPDATES:
        return {first: 0}
    if node.op in _HALVES:
        return {first: graph.values[first].stored_bytes // 2}
    if node.op == "nll_loss":
        picked = graph.spec(names[1]).numel
        return {first: _bytes_of(graph, first, picked)}
    taps = _taps(graph, node, first)
    return {} if taps is None else {first: _bytes_of(graph, first, taps)}


def writes_at_most(graph: Graph, node: Node) -> int | None:
    """Bytes of the outputs, where it is not all of them: of an update those that change.

    Args:
        graph: The network.
        node: The operator.
    """
    if node.op not in _UPDATES:
        return None
    sizes = [graph.spec(name).numel for name in node.inputs[1:] if name is not None]
    return _bytes_of(graph, node.outputs[0], max(sizes, default=0))


def _bytes_of(graph: Graph, name: str, count: int) -> int:
    """Bytes of so many elements of a tensor."""
    value = graph.values[name]
    return min(value.stored_bytes, -(-count * value.stored_bytes // max(value.spec.numel, 1)))


def _taps(graph: Graph, node: Node, first: str) -> int | None:
    """Elements of the first input that windows or samples can touch; None for other operators."""
    given, made = graph.spec(first).shape, graph.spec(node.outputs[0]).shape
    if node.op in ("resize", "grid_sample"):
        each = _TAPS.get(str(getattr(node.attrs, "mode", "linear")), 4) ** max(len(given) - 2, 0)
        return prod(made) * each
    kernel = _kernel(graph, node)
    if kernel is None or node.op == "conv_transpose":
        return None
    attrs = node.attrs
    sizes = zip(given[2:], made[2:], kernel, attrs.stride, attrs.dilation, attrs.padding, strict=True)
    return prod(given[:2]) * prod(_positions(*each) for each in sizes)


def _kernel(graph: Graph, node: Node) -> tuple[int, ...] | None:
    """Sizes of the window of a convolution or pooling."""
    if node.op in ("conv", "integer_conv"):
        weight = node.inputs[1]
        found = None if weight is None else graph.spec(weight).shape[2:]
    elif node.op in ("max_pool", "avg_pool", "min_pool", "lp_pool", "max_pool_with_indices"):
        found = tuple(node.attrs.kernel_size)
    else:
        return None
    wanted = ("stride", "dilation", "padding")
    return found if all(hasattr(node.attrs, name) for name in wanted) else None


_FEW = 100_000
"""Positions that are looked at one by one."""


def _positions(given: int, made: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int]) -> int:
    """Positions of one dimension that windows touch; those of the padding are nobody's.

    >>> _positions(10, 5, 1, 2, 1, (0, 0)), _positions(10, 8, 3, 1, 1, (0, 0)), _positions(224, 55, 11, 4, 1, (2, 2))
    (5, 10, 224)
    """
    before = padding[0]
    if dilation == 1 and stride <= kernel:
        return max(min(given, (made - 1) * stride + kernel - before), 0)
    if made * kernel > _FEW:
        return min(given, made)
    touched = {at * stride + tap * dilation - before for at in range(made) for tap in range(kernel)}
    return sum(0 <= position < given for position in touched)
