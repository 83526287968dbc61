"""What a graph costs, in figures that do not depend on what its values and layers are called."""

from __future__ import annotations

import dataclasses
import inspect
from collections import Counter
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import torch

from netweight import build
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
    """The graph that PyTorch's function gives for inputs of these shapes and types, whatever their numbers.

    A witness detaches what PyTorch has no gradient of; the table has one. What it makes of no input, such as zeros for
    a state, is no part of the operator.
    """
    module = Spelled(function, *first, there=tuple(x is not None for x in inputs))
    given = (torch.from_numpy(np.array(x)).to("meta") for x in inputs if x is not None)
    with mock.patch.object(torch.Tensor, "detach", lambda tensor: tensor):
        found = capture_module(module, tuple(given))
    if found.error is not None:
        raise AssertionError(str(found.error))
    return replace(found.graph, temporaries=())


def arguments_of(name: str) -> dict[str, str | int] | None:
    """Arguments of the builder's function of that name: the setting, or the position of the tensor, that each takes.

    None where a tensor or a setting of the operator is no argument.
    """
    op, parameters = REGISTRY[name], list(inspect.signature(getattr(build, name)).parameters)
    fields = {field.name for field in dataclasses.fields(op.attrs)} if op.attrs else set()
    slots = {slot: at for at, slot in enumerate(op.inputs)}
    found: dict[str, str | int] = {}
    for at, parameter in enumerate(parameters):
        setting = "dims" if parameter == "dim" and "dims" in fields else parameter
        if setting in fields:
            found[parameter] = setting
        elif at == 0 or parameter in slots:
            found[parameter] = slots.get(parameter, 0)
    whole = {*found.values()} == {*fields, *range(len(op.inputs))}
    return found if whole and not any(slot.startswith("*") for slot in op.inputs) else None


def built(name: str, attrs: Any, inputs: tuple[Any, ...]) -> Graph:
    """The graph that the builder's function of that name gives."""

    def describe(*given: Any) -> Any:
        symbols = iter(given)
        tensors = [None if x is None else next(symbols) for x in inputs]
        takes = (arguments_of(name) or {}).items()
        arguments = {key: tensors[what] if isinstance(what, int) else getattr(attrs, what) for key, what in takes}
        if arguments.get("dim") == ():
            del arguments["dim"]  # nothing said means all dimensions
        return getattr(build, name)(**arguments)

    return build.graph(describe, *(TensorSpec(x.shape, x.dtype.name) for x in inputs if x is not None))


def exported(graph: Graph) -> Graph:
    """The graph that is read back from the ONNX model of a graph.

    Raises:
        UnsupportedOpError: If ONNX does not have the settings.
    """
    from netweight.sources.onnx import read_graph
    from netweight.sources.onnx.write.writer import to_onnx

    return read_graph(to_onnx(graph, None)).graph


def figures(graph: Graph) -> dict[str, Any]:
    """Operators other than views, work by kind, activations, what training keeps and costs.

    Activations are those of every convention that takes the network as it is written; the kernels of a runtime depend
    on views, which are left out here: one may copy them.
    """
    written = tuple(name for name, rule in CONVENTIONS.items() if rule.kernels == "written")
    profile = weigh_graph(graph, conventions=written)
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
