"""The graph: values, nodes and modules as plain data.

A value is named once and written once. Nodes are in execution order. Nothing here knows what an operator does.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from netweight.errors import GraphError, NetweightError
from netweight.ir.spec import TensorSpec

ValueKind = Literal["input", "parameter", "buffer", "constant", "activation"]
InitKind = Literal["zeros", "ones", "normal", "uniform", "values"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """How the numbers of a parameter, buffer or constant are made when a network is run.

    Attributes:
        kind: Distribution, or ``"values"`` for fixed numbers.
        scale: Standard deviation of ``normal``, bound of ``uniform``.
        values: The numbers in row-major order, for ``"values"``.
    """

    kind: InitKind
    scale: float = 1.0
    values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """What a quantised tensor stores beside its elements.

    Attributes:
        group_size: Elements that share one scale.
        scale_bits: Bits of a scale.
        zero_point_bits: Bits of a zero point; 0 for symmetric quantisation.
        elements: Weights that the stored numbers hold where several share one, as two of four bits share a byte; 0 if
            each number is one weight.
    """

    group_size: int
    scale_bits: int = 16
    zero_point_bits: int = 0
    elements: int = 0

    def nbytes(self, numel: int) -> int:
        """Bytes of the scales and zero points of ``numel`` elements."""
        groups = -(-numel // self.group_size)
        return -(-groups * (self.scale_bits + self.zero_point_bits) // 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A tensor in the graph.

    Attributes:
        name: Unique in the graph.
        spec: Shape and element type.
        kind: Where it comes from. Parameters are learned; buffers are state that is not.
        storage: Name of the value whose memory this one lives in: its own name, or another's for a view and for
            the result of an operator that works in place.
        init: How to make its numbers, for parameters, buffers and constants.
        quantization: Scales and zero points stored beside the elements.
    """

    name: str
    spec: TensorSpec
    kind: ValueKind = "activation"
    storage: str = ""
    init: Init | None = None
    quantization: Quantization | None = None

    def __post_init__(self) -> None:
        """A value lives in its own memory unless told otherwise."""
        if not self.storage:
            object.__setattr__(self, "storage", self.name)

    @property
    def elements(self) -> int:
        """Weights that it holds: two in each byte that two of four bits share."""
        packed = 0 if self.quantization is None else self.quantization.elements
        return packed or self.spec.numel

    @property
    def stored_bytes(self) -> int:
        """Bytes in a model file: elements, scales and zero points."""
        if self.quantization is None:
            return self.spec.nbytes
        return self.spec.nbytes + self.quantization.nbytes(self.spec.numel)


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
class Graph:
    """A network.

    Attributes:
        name: What the user calls it.
        values: Every value by name.
        nodes: In execution order.
        inputs: Names of the values that the caller supplies.
        outputs: Names of the values that the caller gets.
        modules: Class of each module path that has one: ``{"layer1.0": "Bottleneck"}``.
        updates: Buffer name to name of the value that is its next state (running statistics).
        lifetimes: For values whose memory a program was seen to hold longer than its last reader: the step after which
            it let go of it.
        frozen: Names of the parameters that training leaves as they are.
        fused: First and last node of each run of nodes that one kernel does: values that only its nodes read are no
            memory, and what it reads is kept until its last node.
        diverted: Values whose gradients do not go to what the node that writes them reads: to the value named instead,
            unchanged, as if the node were not there; or to none.
        leaves: Inputs, constants and activations that ask for a gradient themselves, as parameters do.
        temporaries: Memory of what the program makes of no input, where it was seen to run.
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
    fused: tuple[tuple[int, int], ...] = ()
    diverted: Mapping[str, str | None] = field(default_factory=dict)
    leaves: tuple[str, ...] = ()
    temporaries: tuple[Temporary, ...] = ()

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


def validate(graph: Graph) -> None:
    """Check that the graph does not contradict itself.

    Raises:
        GraphError: If a name is missing or used twice, a value is read before it is written, a view has no owner, or
            runs of nodes are not of this graph.
    """
    for name, value in graph.values.items():
        if name != value.name:
            raise GraphError(f"graph: expected value {name!r} under its own name, got {value.name!r}")
        if value.storage not in graph.values:
            raise GraphError(f"graph: expected the storage of {name!r} to be a value, got {value.storage!r}")
    _validate_fused(graph)
    written = {name for name, value in graph.values.items() if value.kind != "activation"}
    for node in graph.nodes:
        _validate_node(graph, node, written)
        written.update(node.outputs)
    for role, names in (
        ("input", graph.inputs),
        ("output", graph.outputs),
        ("update", graph.updates.values()),
        ("leaf", graph.leaves),
        ("diverted gradient", (name for pair in graph.diverted.items() for name in pair if name is not None)),
    ):
        for name in names:
            if name not in written:
                raise GraphError(f"graph: expected every {role} to have a value, got {name!r}")


def _validate_fused(graph: Graph) -> None:
    after = -1
    for first, last in graph.fused:
        if not after < first <= last < len(graph.nodes):
            raise GraphError(f"graph: expected fused runs of its nodes one after the other, got {graph.fused}")
        after = last


def _validate_node(graph: Graph, node: Node, written: set[str]) -> None:
    for read in node.inputs:
        if read is not None and read not in written:
            raise GraphError(f"graph: expected {read!r} to be written before {node.layer!r} reads it, got no writer")
    for made in node.outputs:
        if made in written or made not in graph.values:
            state = "written twice" if made in written else "unknown"
            raise GraphError(f"graph: expected {node.layer!r} to write a new value, got {made!r}, {state}")
