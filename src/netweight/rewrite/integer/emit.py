"""Writes kernels into a new graph, and remembers where everything went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from netweight.ir import Graph, Node, TensorSpec, Value
from netweight.ir.graph import Temporary
from netweight.lazy import Array
from netweight.ops.table import REGISTRY, output_specs
from netweight.sources.recording import free_name

Maker = Callable[[Callable[[str], Any]], "Array"]
"""Makes the numbers of a constant out of those that the graph had."""


@dataclass(slots=True)
class Emitter:
    """A graph in the making.

    Attributes:
        graph: What it is made of.
        nodes: What is written so far.
        runs: First and last node of each kernel.
        made: Constants and parameters that the graph did not have, with what makes their numbers.
        places: For each step of the old graph the step of the new one after which it is done.
    """

    graph: Graph
    nodes: list[Node] = field(default_factory=list)
    runs: list[tuple[int, int]] = field(default_factory=list)
    made: dict[str, Maker] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    _values: dict[str, Value] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with all values of the old graph."""
        self._values = dict(self.graph.values)

    def spec(self, name: str) -> TensorSpec:
        """Shape and element type of a value."""
        return self._values[name].spec

    def copy(self, node: Node) -> None:
        """A node as it was; a view lies where what it shows lies by now."""
        self.nodes.append(node)
        definition = REGISTRY.find(node.op)
        if definition is not None and definition.view and node.inputs[0] is not None:
            storage = self._values[node.inputs[0]].storage
            self._values.update({name: replace(self._values[name], storage=storage) for name in node.outputs})

    def constant(self, stem: str, spec: TensorSpec, maker: Maker, *, like: Value | None = None) -> str:
        """Name of a new stored value: of the kind of another, or a constant."""
        name = self._free(stem)
        kind = "constant" if like is None else like.kind
        self._values[name] = Value(name=name, spec=spec, kind=kind)
        self.made[name] = maker
        return name

    def op(self, op: str, attrs: Any, inputs: tuple[str | None, ...], layer: str, *, into: str = "") -> str:
        """Name of what an operator gives: a new value, or one that the graph had."""
        definition = REGISTRY[op]
        specs = [None if name is None else self.spec(name) for name in inputs]
        (spec,) = output_specs(definition, attrs, *specs)
        name = into or self._free(f"{layer}.{op}")
        storage = self._values[inputs[0]].storage if definition.view and inputs[0] is not None else name
        self._values[name] = Value(name=name, spec=spec, storage=storage)
        self.nodes.append(Node(op=op, attrs=attrs, inputs=inputs, outputs=(name,), layer=f"{layer}.{op}"))
        return name

    def again(self, node: Node, inputs: tuple[str | None, ...], layer: str, outputs: tuple[str, ...] = ()) -> None:
        """An operator of the old graph on other inputs, into other values."""
        names = outputs or node.outputs
        definition = REGISTRY[node.op]
        specs = output_specs(definition, node.attrs, *[None if name is None else self.spec(name) for name in inputs])
        for name, spec in zip(names, specs, strict=True):
            storage = self._values[inputs[0]].storage if definition.view and inputs[0] is not None else name
            self._values[name] = Value(name=name, spec=spec, storage=storage)
        self.nodes.append(replace(node, inputs=inputs, outputs=names, layer=layer))

    def run(self, first: int) -> None:
        """Make one kernel of what was written from a step on."""
        if len(self.nodes) - first > 1:
            self.runs.append((first, len(self.nodes) - 1))

    def finished(self) -> Graph:
        """The new graph, with the values that are left in it."""
        graph = self.graph
        runs = [(self._began(first), self.places[last]) for first, last in graph.fused]
        read = {name for node in self.nodes for name in (*node.inputs, *node.outputs) if name is not None}
        read.update(graph.inputs, graph.outputs, graph.leaves, graph.updates)
        values = {name: value for name, value in self._values.items() if name in read}
        return replace(
            graph,
            values=values,
            nodes=tuple(self.nodes),
            fused=tuple(sorted([*runs, *self.runs])),
            lifetimes={n: self.places.get(step, len(self.nodes)) for n, step in graph.lifetimes.items() if n in values},
            temporaries=tuple(map(self._moved, graph.temporaries)),
        )

    def _began(self, step: int) -> int:
        """Step of the new graph at which one of the old begins: after those before it."""
        return self.places[step - 1] + 1 if step else 0

    def _moved(self, temporary: Temporary) -> Temporary:
        first, last = self._began(temporary.first), self.places.get(temporary.last, len(self.nodes))
        return replace(temporary, first=first, last=last if temporary.last >= temporary.first else first - 1)

    def new(self, stem: str) -> str:
        """A name that no value has; it is taken from now on."""
        name = self._free(stem)
        self._values[name] = Value(name=name, spec=TensorSpec(()))
        return name

    def _free(self, stem: str) -> str:
        return free_name(stem, self._values, self._last)
