"""The graph: values, nodes and modules as plain data.

A value is named once and written once. Nodes are in execution order. Nothing here knows what an operator does.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from netweight.errors import GraphError, NetweightError
from netweight.ir.spec import TensorSpec
from netweight.ir.value import Value


@dataclass(frozen=True, slots=True)
class NoShape:
    """In the place of the attributes of an operator whose shapes follow from numbers that only a run has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One call of an operator.

    Attributes:
        op: Name of the operator: ``"conv"``.
        attrs: Settings of the operator, a frozen dataclass, or None.
        inputs: Names of the values it reads; None where an optional one is left out.
        outputs: Names of the values it writes.
        layer: Module path shown to the user: ``"layer1.0.conv1"``. Calls of one module share it.
        origin: Where the model's author wrote it: ``"resnet.py:91"``.
    """

    op: str
    attrs: Any = None
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    layer: str
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Temporary:
    """Memory that a program fills with what depends on no input (a mask, positions), and lets go of again.

    Attributes:
        names: Constants of the graph that lie in it.
        first: Step before which it is made.
        last: Last step over which it is held; ``first - 1`` if it is gone before that.
        nbytes: Its size.
    """

    names: tuple[str, ...]
    first: int
    last: int
    nbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A part of a network whose backward the author of the network wrote.

    Attributes:
        name: What it is called.
        inputs: Values that gradients are passed on to; None for an argument that is none.
        outputs: Values whose gradients arrive; the backward stands where the last of them is written.
        saved: Values that it keeps for backward.
        backward: What it does with them, a network of its own; None if that is unknown. Values under names of the
            network around it are those.
        arriving: Inputs of the backward: the gradient of each output.
        gradients: For each input the value of the backward that is its gradient; None if it has none.
    """

    name: str
    inputs: tuple[str | None, ...]
    outputs: tuple[str, ...]
    saved: tuple[str, ...]
    backward: Graph | None
    arriving: tuple[str, ...]
    gradients: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A part of a network that runs again in backward, instead of keeping what that reads.

    Attributes:
        values: What its nodes write.
        keeps: Values from outside that it keeps, whether its nodes read them or not.
        stored: Those of ``values`` that it keeps, so that what writes them does not run again.
        whole: Whether all of it runs again, and not only what comes before the last tensor that backward reads.
    """

    values: tuple[str, ...]
    keeps: tuple[str, ...] = ()
    stored: tuple[str, ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Graph:
    """A network as plain data: ``netweight.capture`` and ``build.graph`` make it; ``weigh`` and ``run`` take it.

    >>> import netweight
    >>> graph = netweight.capture("lenet5")
    >>> graph
    <Graph 'lenet5': 12 operators, x float32[1, 1, 32, 32] -> OUTPUT float32[1, 10]>
    >>> graph.nodes[0].layer, graph.nodes[0].op, graph.spec("C1.weight").shape
    ('C1', 'conv', (6, 1, 5, 5))

    Attributes:
        name: What the user calls it.
        values: Every value by name.
        nodes: In execution order.
        inputs: Names of the values that the caller supplies.
        outputs: Names of the values that the caller gets; one that it gets twice is there twice.
        modules: Class of each module path that has one: ``{"layer1.0": "Bottleneck"}``.
        updates: Buffer name to name of the value that is its next state (running statistics).
        lifetimes: For values whose memory a program was seen to hold longer than its last reader: the step after which
            it let go of it.
        frozen: Names of the parameters that training leaves as they are.
        experts: For weights of a mixture of experts how many experts each token meets, and of how many.
        fused: First and last node of each run of nodes that one kernel does: values that only its nodes read are no
            memory, and what it reads is kept until its last node.
        diverted: Values whose gradients do not go to what the node that writes them reads: to the value named instead,
            unchanged, as if the node were not there; or to none.
        unread: Parameters that the model has and no node reads.
        leaves: Inputs, constants and activations that ask for a gradient themselves, as parameters do.
        temporaries: Memory of what the program makes of no input, where it was seen to run.
        functions: Parts whose backward is not that of their operators.
        checkpoints: Parts that run again in backward.
    """

    name: str
    values: Mapping[str, Value]
    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    modules: Mapping[str, str] = field(default_factory=dict)
    updates: Mapping[str, str] = field(default_factory=dict)
    lifetimes: Mapping[str, int] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    experts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    fused: tuple[tuple[int, int], ...] = ()
    diverted: Mapping[str, str | None] = field(default_factory=dict)
    unread: tuple[Value, ...] = ()
    leaves: tuple[str, ...] = ()
    temporaries: tuple[Temporary, ...] = ()
    functions: tuple[Function, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()

    def __repr__(self) -> str:
        """Its name, how many operators it has, its inputs and outputs."""
        count = len(self.nodes)
        inputs, outputs = (
            ", ".join([f"{name} {self.spec(name)}" for name in names]) or "nothing"
            for names in (self.inputs, self.outputs)
        )
        return f"<Graph {self.name!r}: {count} operator{'s' * (count != 1)}, {inputs} -> {outputs}>"

    def spec(self, name: str) -> TensorSpec:
        """Shape and element type of a value."""
        return self.values[name].spec

    def input_specs(self, node: Node) -> tuple[TensorSpec | None, ...]:
        """Specs of a node's inputs, None for those left out: the arguments of its rules."""
        values = self.values
        return tuple([None if name is None else values[name].spec for name in node.inputs])


class located:  # noqa: N801
    """Add the node to any error raised inside, once, where it is known: ``with located(node):``."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, NetweightError):
            origin = f", from {self.node.origin}" if self.node.origin else ""
            error.add_note(f"in node {self.node.layer!r} ({self.node.op}){origin}")


def topological(nodes: Sequence[Node], known: Sequence[str]) -> tuple[Node, ...]:
    """The nodes so ordered that each comes after those it reads from, keeping the given order where it is free.

    Args:
        nodes: In any order.
        known: Names of the values that no node writes.

    Raises:
        GraphError: If values depend on each other in a circle, or nothing writes one that is read.
    """
    writer = {name: index for index, node in enumerate(nodes) for name in node.outputs}
    given = set(known)
    waiting = [0] * len(nodes)
    readers: list[list[int]] = [[] for _ in nodes]
    for index, node in enumerate(nodes):
        for name in {n for n in node.inputs if n is not None and n not in given}:
            if name not in writer:
                raise GraphError(f"graph: expected every value to be written, got {name!r} read by {node.layer!r} only")
            readers[writer[name]].append(index)
            waiting[index] += 1
    ready = [index for index, count in enumerate(waiting) if count == 0]
    order: list[Node] = []
    while ready:
        index = heapq.heappop(ready)
        order.append(nodes[index])
        for reader in readers[index]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                heapq.heappush(ready, reader)
    if len(order) < len(nodes):
        stuck = next(node.layer for node, count in zip(nodes, waiting, strict=True) if count)
        raise GraphError(f"graph: expected no circle, got values around {stuck!r} that depend on each other")
    return tuple(order)
