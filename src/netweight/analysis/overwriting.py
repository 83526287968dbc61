"""Which values take memory of their own: what operators write over, and what stays inside of a kernel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from netweight.analysis.conventions import Convention
from netweight.ir import Graph, Node, bits_of, is_floating
from netweight.ops import REGISTRY

ACTIVE = frozenset({"activation", "input"})
_CONVERSIONS = frozenset({"quantize", "dequantize", "requantize"})
_DEPTHWISE = frozenset({"conv", "integer_conv"})
_SMALL = 16
"""Bits of integers that stand for numbers of some scale; sums of their products have more."""
_SAME_ORDER = frozenset({"identity", "reshape"})
"""Views whose elements have the same order as those of the tensor that they show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Nodes that run as one kernel.

    Attributes:
        first: Step of the first node.
        last: Step of the last.
        reads: Values that the kernel reads, in order.
        writes: Activations that others than the kernel see, directly or by a view.
        inner: Activations that only the kernel sees: they take no memory and are not moved.
        integer: Type of the integers that it reads, where it reads and writes no floating number but scales: what
            happens inside is done in fixed point. Empty for others.
    """

    first: int
    last: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    inner: frozenset[str]
    integer: str = ""


def runs_of(graph: Graph, last_read: Mapping[str, int]) -> dict[int, Run]:
    """The run of each step that is part of one; ``last_read`` is the step of the last reader of each value."""
    found = {}
    for first, last in graph.fused:
        nodes = graph.nodes[first : last + 1]
        written = dict.fromkeys(name for node in nodes for name in node.outputs)
        inside = {name for node in nodes for name in node.inputs}
        outside = [name for name in written if last_read.get(name, -1) > last or name not in inside]
        seen = {graph.values[name].storage for name in outside}
        writes = tuple([name for name in written if graph.values[name].storage in seen])
        reads = dict.fromkeys(name for node in nodes for name in node.inputs if name is not None)
        from_outside = tuple([name for name in reads if name not in written])
        run = Run(
            first=first,
            last=last,
            reads=from_outside,
            writes=writes,
            inner=frozenset([name for name in written if graph.values[name].storage in written]).difference(writes),
            integer=_integers(graph, from_outside, writes),
        )
        found.update(dict.fromkeys(range(first, last + 1), run))
    return found


def _integers(graph: Graph, reads: Iterable[str], writes: Iterable[str]) -> str:
    """Type of the integers that a kernel reads; empty if floating numbers go in or out that are no scales."""
    values = [graph.values[name] for name in (*reads, *writes)]
    active = [value.spec.dtype for value in values if value.kind != "constant"]
    quantised = [dtype for dtype in active if _is_small(dtype)]
    return quantised[0] if quantised and not any(map(is_floating, active)) else ""


def _is_small(dtype: str) -> bool:
    """Whether a type is one of integers that stand for numbers of some scale: positions and masks are others."""
    return not is_floating(dtype) and dtype != "bool" and bits_of(dtype) <= _SMALL


def new_outputs(graph: Graph, node: Node, rule: Convention, run: Run | None = None) -> tuple[str, ...]:
    """Outputs of a node that take memory of their own under a ``layer`` convention.

    ``relu(inplace=True)`` counts as ``relu``: the same network has the same figure, however it was written.
    """
    definition = REGISTRY.find(node.op)
    if definition is None:
        return node.outputs
    if definition.view:
        return ()
    outputs = node.outputs if run is None else tuple([name for name in node.outputs if name not in run.inner])
    reads = node.inputs if run is None else run.reads
    over = writes_over(graph, node, rule, run)
    return outputs[1:] if over and any(_is_activation(graph, name) for name in reads) else outputs


def _is_activation(graph: Graph, name: str | None) -> bool:
    return name is not None and graph.values[graph.values[name].storage].kind in ACTIVE


def writes_over(graph: Graph, node: Node, rule: Convention, run: Run | None = None) -> bool:
    """Whether a node, or the kernel that it is part of, may write over what it reads."""
    if run is not None:
        return all(_passes(graph, part, rule) for part in graph.nodes[run.first : run.last + 1])
    definition = REGISTRY.find(node.op)
    kind = "unknown" if definition is None else definition.kind
    return kind in rule.in_place or (rule.depthwise_int8_in_place and _is_depthwise_int8(graph, node))


def _passes(graph: Graph, node: Node, rule: Convention) -> bool:
    """Whether a kernel with this part may write over what it reads; conversions and views always allow it."""
    definition = REGISTRY.find(node.op)
    view = definition is not None and definition.view
    return view or node.op in _CONVERSIONS or writes_over(graph, node, rule)


def _is_depthwise_int8(graph: Graph, node: Node) -> bool:
    """Whether it is a depthwise convolution of 8-bit tensors: channel i of the output depends on channel i alone."""
    if node.op not in _DEPTHWISE or node.inputs[0] is None:
        return False
    x, y = graph.spec(node.inputs[0]), graph.spec(node.outputs[0])
    return node.attrs.groups > 1 and node.attrs.groups == x.shape[1] == y.shape[1] and bits_of(x.dtype) == 8


def first_in_order(graph: Graph) -> dict[str, str]:
    """For each plain reshape the value whose elements it has in the same order."""
    first: dict[str, str] = {}
    for node in graph.nodes:
        if node.op in _SAME_ORDER and node.inputs[0] is not None:
            first[node.outputs[0]] = first.get(node.inputs[0], node.inputs[0])
    return first
