"""Functions of a program, as parts of its finished graph: the backward of each is a graph of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from netweight.ir import Function, Graph, Node, Value
from netweight.sources.recording import free_name
from netweight.sources.torch.recording import TensorRecording
from netweight.sources.torch.written_function import WrittenFunction


def finished_functions(recording: TensorRecording, graph: Graph, names: Mapping[str, str]) -> tuple[Function, ...]:
    """The functions that a program called where gradients were followed.

    Args:
        recording: What was recorded.
        graph: The graph of the network.
        names: Name of each of its values there.
    """
    layers = {name: node.layer for node in graph.nodes for name in node.outputs}
    return tuple([_function(recording, written, names, layers) for written in recording.functions])


def _function(
    recording: TensorRecording, written: WrittenFunction, names: Mapping[str, str], layers: Mapping[str, str]
) -> Function:
    inner = _inner_names(written, names)
    layer = layers[names[written.outputs[-1]]]
    backward = None if written.steps is None else _backward(recording, written, inner, layer)
    return Function(
        name=written.name,
        inputs=tuple(None if name is None else names[name] for name in written.inputs),
        outputs=tuple(names[name] for name in written.outputs),
        saved=tuple(names[name] for name in written.saved if name in names),
        backward=backward,
        arriving=tuple(inner[name] for name in written.arriving),
        gradients=tuple(None if name is None else inner[name] for name in written.gradients),
    )


def _inner_names(written: WrittenFunction, names: Mapping[str, str]) -> dict[str, str]:
    """Names of the values of a backward: those of the network, and what is not in it by the operator that makes it."""
    inner = dict(names)
    taken, last = set(names.values()), dict[str, int]()
    made = [(name, step.op.removeprefix("aten.")) for step in written.steps or () for name in step.outputs]
    for name, label in (*((name, "gradient") for name in written.arriving), *made):
        inner[name] = free_name(label, taken, last)
        taken.add(inner[name])
    return inner


def _backward(recording: TensorRecording, written: WrittenFunction, names: Mapping[str, str], layer: str) -> Graph:
    """What a function does backward."""
    steps = written.steps or ()
    made = {name for step in steps for name in step.outputs}
    read = (name for step in steps for name in step.inputs if name is not None)
    results = [name for name in written.gradients if name is not None]
    used = dict.fromkeys([*written.arriving, *read, *results, *made])
    owners = dict.fromkeys([recording.storages[name] for name in used])
    values = {names[name]: _value(recording, name, names, inside=name in made) for name in (*used, *owners)}
    nodes = tuple(
        Node(
            op=step.op,
            attrs=step.attrs,
            inputs=tuple(None if name is None else names[name] for name in step.inputs),
            outputs=tuple(names[name] for name in step.outputs),
            layer=layer,
            origin=step.site.origin,
        )
        for step in steps
    )
    return Graph(
        name=f"{written.name} backward",
        values=values,
        nodes=nodes,
        inputs=tuple(name for name, value in values.items() if value.kind == "input"),
        outputs=tuple(dict.fromkeys(names[name] for name in results)),
        lifetimes={names[name]: at - 1 for name, at in written.released.items() if name in made},
    )


def _value(recording: TensorRecording, name: str, names: Mapping[str, str], *, inside: bool) -> Value:
    kind = recording.kinds.get(name, "activation" if inside else "input")
    value = Value(name=names[name], spec=recording.specs[name], kind=kind, storage=names[recording.storages[name]])
    return replace(value, init=recording.inits.get(name), quantization=recording.quantizations.get(name))
