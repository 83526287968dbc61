"""Where gradients go at each step of backward: from what a node writes to what it reads, if nothing diverts them."""

from __future__ import annotations

from dataclasses import dataclass

from netweight.ir import Function, Graph, Node
from netweight.ops.own import definition_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What one step of backward connects.

    Attributes:
        takes: Values whose gradients arrive.
        gives: Values that gradients are passed on to; None where the node has no tensor.
        own: Whether the operator's gradient leads from one to the other; if not, and there is no function, gradients
            are passed on as they are.
        broken: Whether the operator has no gradient.
        function: The function that ends here and whose own backward this is; None for that of an operator.
    """

    takes: tuple[str, ...] = ()
    gives: tuple[str | None, ...] = ()
    own: bool = False
    broken: bool = False
    function: Function | None = None


def links_of(graph: Graph) -> tuple[Link, ...]:
    """The link of each node."""
    ends = function_ends(graph)
    return tuple([_link(graph, node, ends.get(step)) for step, node in enumerate(graph.nodes)])


def function_ends(graph: Graph) -> dict[int, Function]:
    """Functions with a backward of their own, by the step that writes the last of their outputs."""
    if not graph.functions:
        return {}
    writer = {name: step for step, node in enumerate(graph.nodes) for name in node.outputs}
    return {max(writer[name] for name in function.outputs): function for function in graph.functions}


def _link(graph: Graph, node: Node, function: Function | None = None) -> Link:
    if function is not None:
        known = function.backward is not None
        pairs = (
            zip(function.inputs, function.gradients, strict=True)
            if known
            else ((name, name) for name in function.inputs)
        )
        gives = tuple([None if gradient is None else name for name, gradient in pairs])
        return Link(takes=function.outputs, gives=gives, function=function)
    if node.op == "detach" or (graph.diverted and not graph.diverted.keys().isdisjoint(node.outputs)):
        return _diverted(graph, node)
    op = definition_of(node)
    broken = op is not None and not op.differentiable
    return Link(takes=node.outputs, gives=node.inputs, own=True, broken=broken)


def _diverted(graph: Graph, node: Node) -> Link:
    """Gradients pass by the node, or end there."""
    pairs = [(name, graph.diverted[name]) for name in node.outputs if graph.diverted.get(name) is not None]
    return Link(takes=tuple(name for name, _ in pairs), gives=tuple(to for _, to in pairs))
