"""Conversions past operators that only move numbers: integers are moved, and what comes behind them meets its partner.

dequantize, reshape, linear   becomes   reshape, dequantize, linear
softmax, permute, quantize    becomes   softmax, quantize, permute
"""

from __future__ import annotations

from netweight.ir import Graph, Node
from netweight.rewrite.integer.emit import Emitter
from netweight.rewrite.integer.kernels import moves
from netweight.rewrite.integer.net import Net, Numbers


def propagated(graph: Graph, numbers: Numbers) -> Graph:
    """The graph with conversions to floating numbers as late, and those to integers as early, as moving allows."""
    return _earlier(Net(_later(Net(graph, numbers)), numbers))


def _later(net: Net) -> Graph:
    """Integers are taken out of their scale behind what moves them."""
    out = Emitter(net.graph)
    source = {node.outputs[0]: node for node in net.graph.nodes if net.taken_out(node.outputs[0]) is not None}
    for step, node in enumerate(net.graph.nodes):
        if _passes_on(net, step, node, source):
            _swap(net, out, node, source)
        else:
            out.copy(node)
        out.places[step] = len(out.nodes) - 1
    return _without_unread(out.finished())


def _passes_on(net: Net, step: int, node: Node, source: dict[str, Node]) -> bool:
    """Whether an operator moves integers of one scale, and somebody reads its result as floating numbers."""
    if not moves(node.op, node.attrs) or net.in_kernel(step) or net.is_fixed(node.outputs[0]):
        return False
    floating = [name for name in node.inputs if name is not None and net.is_floating(name)]
    starts = [source[name] for name in floating if name in source]
    if not starts or len(starts) < len(floating) or starts[0].attrs.dim is not None:
        return False
    if not all(net.same_scale(starts[0], other) for other in starts[1:]):
        return False
    return not all(_is_quantised_at_once(net, name) for name in node.outputs if net.readers(name) or net.is_kept(name))


def _is_quantised_at_once(net: Net, name: str) -> bool:
    reader = net.only_reader(name)
    return reader is not None and net.graph.nodes[reader].op == "quantize"


def _swap(net: Net, out: Emitter, node: Node, source: dict[str, Node]) -> None:
    """The operator on integers, and a conversion behind it for each of its results."""
    reads = [source[name].inputs[0] if name in source else name for name in node.inputs if name is not None]
    start = next(source[name] for name in node.inputs if name in source)
    integers = tuple(out.new(f"{name}_integers") for name in node.outputs)
    out.again(node, tuple(reads), node.layer, integers)
    for name, moved in zip(node.outputs, integers, strict=True):
        if net.readers(name) or net.is_kept(name):
            out.again(start, (moved, *start.inputs[1:]), start.layer, (name,))
            source[name] = out.nodes[-1]


def _without_unread(graph: Graph) -> Graph:
    """The graph without conversions that nobody reads any more."""
    net = Net(graph, lambda _: None)
    out = Emitter(graph)
    for step, node in enumerate(graph.nodes):
        name = node.outputs[0] if node.outputs else ""
        if net.in_kernel(step) or node.op != "dequantize" or net.readers(name) or net.is_kept(name):
            out.copy(node)
        out.places[step] = len(out.nodes) - 1
    return out.finished()


def _earlier(net: Net) -> Graph:
    """Floating numbers become integers before they are moved."""
    chains = {}
    for node in net.graph.nodes:
        chain = _moved_before(net, node)
        if chain:
            chains[chain[0]] = (chain, node)
    inside = {step for chain, _ in chains.values() for step in chain}
    ends = {end.outputs[0] for _, end in chains.values()}
    out = Emitter(net.graph)
    for step, node in enumerate(net.graph.nodes):
        if step in chains:
            _write_chain(net, out, *chains[step])
        elif step not in inside and not (node.op == "quantize" and node.outputs[0] in ends):
            out.copy(node)
        out.places[step] = len(out.nodes) - 1
    return out.finished()


def _moved_before(net: Net, quantize: Node) -> list[int]:
    """Steps of the operators that only move what is quantised after them, in order; none where integers come in."""
    if quantize.op != "quantize" or quantize.attrs.dim is not None or not net.has_stored_scale(quantize):
        return []
    chain: list[int] = []
    name = quantize.inputs[0]
    while name is not None:
        node = net.writer(name)
        floating = [] if node is None else [n for n in node.inputs if n is not None and net.is_floating(n)]
        if node is None or not moves(node.op, node.attrs) or len(floating) != 1 or net.only_reader(name) is None:
            break
        if len(node.outputs) > 1 or net.taken_out(floating[0]) is not None or net.is_fixed(name):
            break
        chain.insert(0, net.step_of(name))
        name = floating[0]
    return chain if chain and net.writer(name) is not None and net.only_reader(name or "") is not None else []


def _write_chain(net: Net, out: Emitter, chain: list[int], quantize: Node) -> None:
    nodes = [net.graph.nodes[step] for step in chain]
    start = next(name for name in nodes[0].inputs if name is not None and net.is_floating(name))
    integers = out.new(f"{start}_integers")
    out.again(quantize, (start, *quantize.inputs[1:]), quantize.layer, (integers,))
    old, new = start, integers
    for node in nodes:
        into = quantize.outputs[0] if node is nodes[-1] else out.new(f"{node.outputs[0]}_integers")
        out.again(node, tuple(new if name == old else name for name in node.inputs), node.layer, (into,))
        old, new = node.outputs[0], into
