"""A network as a PyTorch module that calls PyTorch's function for each operator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from netweight.engines.pytorch.calls import CALLS, Call
from netweight.errors import EngineError
from netweight.ir import Graph
from netweight.ir.lifetimes import last_reads
from netweight.lazy import Array, np

_NUMPY_LACKS = {"bfloat16": torch.bfloat16}


class Program(nn.Module):
    """The operators of a graph, one call each.

    Args:
        graph: The network.
        weights: Array per parameter, buffer and constant.

    Raises:
        EngineError: If PyTorch has no call for an operator.
    """

    def __init__(self, graph: Graph, weights: Mapping[str, Array]) -> None:
        super().__init__()
        missing = sorted({node.op for node in graph.nodes if node.op not in CALLS})
        if missing:
            raise EngineError(
                f"engine: PyTorch is called for no {', '.join(missing)}",
                fix="--engine onnxruntime, or a PyTorch module",
            )
        self._graph = graph
        self._slots: dict[str, str] = {}
        for at, name in enumerate(name for name, value in graph.values.items() if name in weights):
            self._slots[name] = f"w{at}"
            self.register_buffer(f"w{at}", _tensor(weights[name]))
        ends: dict[int, list[str]] = {}
        results = {*graph.outputs, *graph.updates.values()}
        for name, step in last_reads(graph).items():
            if name not in results:
                ends.setdefault(step, []).append(name)
        self._steps: list[tuple[Call, Any, tuple[str | None, ...], tuple[str, ...], list[str]]] = [
            (CALLS[node.op], node.attrs, node.inputs, node.outputs, ends.get(at, []))
            for at, node in enumerate(graph.nodes)
        ]

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """Outputs in the order of the graph."""
        values = self.starting(inputs)
        for step in self._steps:
            self.step(step, values)
        return tuple(values[name] for name in self._graph.outputs)

    def starting(self, inputs: tuple[Tensor, ...]) -> dict[str, Any]:
        """Values that are there before the first operator."""
        values: dict[str, Any] = {name: getattr(self, slot) for name, slot in self._slots.items()}
        values.update(zip(self._graph.inputs, inputs, strict=True))
        return values

    @property
    def steps(self) -> list[Any]:
        """The calls, in order."""
        return self._steps

    def step(self, step: Any, values: dict[str, Any]) -> None:
        """One operator."""
        call, attrs, reads, writes, ends = step
        made = call(attrs, *[None if name is None else values[name] for name in reads])
        values.update(zip(writes, made if isinstance(made, tuple | list) else (made,), strict=False))
        for name in ends:
            values.pop(name, None)


def _tensor(array: Array) -> Tensor:
    found = np.ascontiguousarray(array)
    return torch.from_numpy(found.copy() if not found.flags.writeable else found)
