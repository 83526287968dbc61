"""One operator run by PyTorch, and what it keeps: named after the tensors that it reads and gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.utils._pytree import tree_leaves

from eager.saved import kept_pieces
from netweight.autograd.eager import as_eager
from netweight.autograd.gradients import backpropagation
from netweight.ir import Graph
from netweight.sources.torch import capture_module

Kept = list[tuple[str, int]]
"""Names of what is kept, ``"in0"``, ``"out0"`` or ``"new"``, with their bytes; sorted."""


class Lifted(torch.nn.Module):
    """A function of tensors that ask for gradients and belong to nobody: sums with a parameter, which keep nothing."""

    def __init__(self, function: Any, attrs: Any, there: list[bool], wanted: list[torch.dtype | None]) -> None:
        super().__init__()
        self.function, self.attrs, self.there, self.wanted = function, attrs, there, wanted
        zeros = (torch.zeros((), dtype=dtype) for dtype in wanted if dtype is not None)
        self.zeros = torch.nn.ParameterList(torch.nn.Parameter(zero) for zero in zeros)
        self.seen: dict[int, str] = {}
        self.held: list[Any] = []

    def forward(self, *given: Any) -> Any:
        zeros = iter(self.zeros)
        tensors = [x if dtype is None else x + next(zeros) for x, dtype in zip(given, self.wanted, strict=True)]
        self.held = [*tensors]  # a storage has its address as long as it lives
        self.seen = {x.untyped_storage()._cdata: f"in{at}" for at, x in enumerate(tensors)}
        rest = iter(tensors)
        result = self.function(self.attrs, *(next(rest) if there else None for there in self.there))
        leaves = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        for at, leaf in enumerate(leaves):
            self.seen.setdefault(leaf.untyped_storage()._cdata, f"out{at}")
        self.held += leaves
        return result


def lifted(function: Any, attrs: Any, inputs: Any) -> tuple[Lifted, tuple[Any, ...]]:
    """The function as a module, and its tensors: 32-bit floats where they float."""
    tensors = [torch.from_numpy(np.array(x)) for x in inputs if x is not None]
    tensors = [x.float() if x.dtype == torch.float64 else x for x in tensors]
    wanted = [x.dtype if x.is_floating_point() or x.is_complex() else None for x in tensors]
    return Lifted(function, attrs, [x is not None for x in inputs], wanted), tuple(tensors)


def kept_by_torch(module: Lifted, tensors: tuple[Any, ...]) -> Kept | None:
    """What a real call keeps; None if no gradient flows."""
    result, pieces = kept_pieces(module, tensors)
    flows = any(isinstance(leaf, torch.Tensor) and leaf.requires_grad for leaf in tree_leaves(result))
    named = ((module.seen.get(key, "new"), nbytes) for key, (nbytes, _) in pieces.items())
    return sorted((name, nbytes) for name, nbytes in named if nbytes) if flows else None


def kept_by_rule(module: Lifted, tensors: tuple[Any, ...]) -> Kept:
    """What netweight says that the call keeps."""
    found = capture_module(module, tensors)
    if found.error is not None:
        raise found.error
    graph = found.graph
    parameters = [name for name, value in graph.values.items() if value.kind == "parameter"]
    names = _names(graph, module.wanted)
    sizes: dict[str, int] = {}
    plan = as_eager(backpropagation(graph, parameters))
    for call in plan.calls:
        for piece in call.saved:
            sizes[piece] = call.extras[piece] if piece in call.extras else plan.nbytes(piece)
    return sorted((names.get(piece, "new"), nbytes) for piece, nbytes in sizes.items() if nbytes)


def _names(graph: Graph, wanted: list[torch.dtype | None]) -> dict[str, str]:
    """What the tensors and results are called, by the value whose memory they live in."""
    sums = iter(node.outputs[0] for node in graph.nodes)
    places = [given if dtype is None else next(sums) for given, dtype in zip(graph.inputs, wanted, strict=True)]
    names = {place: f"in{at}" for at, place in enumerate(places)}
    for at, name in enumerate(graph.outputs):
        names.setdefault(graph.values[name].storage, f"out{at}")
    return names
