"""What a graph costs, in figures that do not depend on what its values and layers are called."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from netweight.analysis.conventions import CONVENTIONS
from netweight.analysis.cost import weigh_graph
from netweight.analysis.training import training_cost
from netweight.ir import Graph, Node, TensorSpec, Value
from netweight.ops import REGISTRY, output_specs
from netweight.ops.table import WORK_KINDS
from netweight.sources.torch import capture_module


def one_node(op: str, attrs: Any, inputs: tuple[Any, ...]) -> Graph:
    """A graph of one operator that reads inputs only."""
    specs = [None if x is None else TensorSpec(x.shape, x.dtype.name) for x in inputs]
    names = tuple(None if spec is None else f"in{at}" for at, spec in enumerate(specs))
    made = output_specs(REGISTRY[op], attrs, *specs)
    outputs = tuple(f"out{at}" for at in range(len(made)))
    given = {
        name: Value(name=name, spec=spec, kind="input")
        for name, spec in zip(names, specs, strict=True)
        if name is not None and spec is not None
    }
    storage = next(iter(given), "") if REGISTRY[op].view else ""
    results = {name: Value(name=name, spec=spec, storage=storage) for name, spec in zip(outputs, made, strict=True)}
    return Graph(
        name="one",
        values=given | results,
        nodes=(Node(op=op, attrs=attrs, inputs=names, outputs=outputs, layer="layer"),),
        inputs=tuple(given),
        outputs=outputs,
    )


class Spelled(torch.nn.Module):
    """A function of PyTorch as a module: tensors that are not there stay None."""

    def __init__(self, function: Any, *first: Any, there: tuple[bool, ...]) -> None:
        super().__init__()
        self.function, self.first, self.there = function, first, there

    def forward(self, *tensors: Any) -> Any:
        rest = iter(tensors)
        return self.function(*self.first, *(next(rest) if there else None for there in self.there))


def captured(function: Any, inputs: tuple[Any, ...], *first: Any) -> Graph:
    """The graph that PyTorch's function gives for inputs of these shapes and types, whatever their numbers."""
    module = Spelled(function, *first, there=tuple(x is not None for x in inputs))
    given = (torch.from_numpy(np.array(x)).to("meta") for x in inputs if x is not None)
    found = capture_module(module, tuple(given))
    if found.error is not None:
        raise AssertionError(str(found.error))
    return found.graph


def figures(graph: Graph) -> dict[str, Any]:
    """Operators other than views, work by kind, activations under every convention, what training keeps and costs."""
    profile = weigh_graph(graph, conventions=tuple(CONVENTIONS))
    activations = {
        name: (found.total_count, found.total_bytes, found.peak_count, found.peak_bytes)
        for name, found in profile.activations.items()
    }
    return {
        "operators": Counter(node.op for node in graph.nodes if not REGISTRY[node.op].view),
        "work": {kind: sum(int(getattr(row, kind) or 0) for row in profile.layers) for kind in WORK_KINDS},
        "activations": activations,
        "training": _trained(graph),
    }


def _trained(graph: Graph) -> Any:
    """Memory kept for backward, and backward's work, where every floating input is learned."""
    learned = {name for name in graph.inputs if graph.spec(name).dtype.startswith(("float", "complex"))}
    values = {name: replace(v, kind="parameter") if name in learned else v for name, v in graph.values.items()}
    found = training_cost(
        replace(graph, values=values, inputs=tuple(name for name in graph.inputs if name not in learned))
    )
    return found.saved_activation_bytes, found.backward_macs, found.backward_flops


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """The figures that differ, or nothing."""
    return "; ".join(f"{key}: {found[key]} instead of {wanted[key]}" for key in wanted if found[key] != wanted[key])
