"""A backward that the author of a network wrote: what it computes, and what it holds while it does."""

from __future__ import annotations

from collections.abc import Iterable

from netweight.ir import Function, Graph, is_floating
from netweight.ir.lifetimes import last_uses, released
from netweight.ops import FREE, Cost
from netweight.ops.own import definition_of


def read_by(function: Function) -> list[str]:
    """Values of the network around it that the backward reads."""
    values = {} if function.backward is None else function.backward.values
    return [name for name, value in values.items() if value.kind != "activation" and name not in function.arriving]


def written_work(function: Function) -> Cost | None:
    """Work of the backward on numbers that are not integers; None if an operator of it is unknown."""
    if function.backward is None:
        return None
    work = FREE
    for node in function.backward.nodes:
        op = definition_of(node)
        if op is None:
            return None
        specs = function.backward.input_specs(node)
        cost = op.cost(node.attrs, *specs)
        if any(spec is None or is_floating(spec.dtype) for spec in specs) or not specs:
            work += cost
    return work


def passes_on(function: Function) -> tuple[bool, ...]:
    """For each gradient whether it is the one that arrived, or a view of it."""
    backward = function.backward
    if backward is None or len(function.arriving) != 1:
        return (False,) * len(function.inputs)
    (arriving,) = function.arriving
    return tuple([name is not None and backward.values[name].storage == arriving for name in function.gradients])


def written_memory(function: Function) -> int:
    """Bytes of what the backward itself has made, at its worst moment."""
    graph = function.backward
    if graph is None:
        return 0
    uses = [dict.fromkeys(_made(graph, (*node.inputs, *node.outputs))) for node in graph.nodes]
    last = last_uses(enumerate(uses))
    last.update({name: max(last[name], graph.lifetimes.get(name, 0)) for name in last})
    last.update(dict.fromkeys(_made(graph, graph.outputs), len(graph.nodes)))
    ends = released(last)
    alive: dict[str, int] = {}
    most = 0
    for step, names in enumerate(uses):
        alive.update({name: graph.spec(name).nbytes for name in names})
        most = max(most, sum(alive.values()))
        for name in ends.get(step, ()):
            alive.pop(name, None)
    return most


def _made(graph: Graph, names: Iterable[str | None]) -> list[str]:
    """Pieces of memory among those of values that a graph makes itself."""
    owners = [graph.values[name].storage for name in names if name is not None]
    return [name for name in owners if graph.values[name].kind == "activation"]
