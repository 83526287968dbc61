"""Memory that PyTorch's functions in Python take for tensors of their own: data, and the steps that need it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from netweight.ir import Graph
from netweight.ir.graph import Temporary


def _like_x(_attrs: Any, count: int, width: int) -> int:
    return count * width


def _before_the_mean(attrs: Any, _count: int, width: int) -> int:
    """The sum that a mean over the batch divides."""
    return width if attrs.reduction == "batchmean" else 0


MADE_INSIDE: dict[str, Callable[[Any, int, int], int]] = {
    "kl_div": _before_the_mean,
    "softsign": _like_x,  # 1 + |x|
    "tanhshrink": _like_x,  # tanh x
}
"""Attributes, elements of the first input and bytes of each, to bytes that are let go of when the function is done."""


def made_inside(graph: Graph) -> Iterator[Temporary]:
    """What such functions hold besides their inputs and their result."""
    for step, node in enumerate(graph.nodes):
        size = MADE_INSIDE.get(node.op)
        if size is not None and node.inputs[0] is not None:
            x = graph.spec(node.inputs[0])
            nbytes = size(node.attrs, x.numel, x.nbytes // max(1, x.numel))
            if nbytes:
                yield Temporary(names=(), first=step, last=step, nbytes=nbytes)
