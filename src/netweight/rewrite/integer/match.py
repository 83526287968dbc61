"""Finds what one kernel of integers does: an operator, what follows inside of it, and the conversions around."""

from __future__ import annotations

from dataclasses import dataclass

from netweight.ir import Node
from netweight.rewrite.integer.kernels import AFTER, INSIDE, MOVES, NORMS, PRODUCTS, moves
from netweight.rewrite.integer.net import Net

_CONVERSIONS = frozenset({"quantize", "dequantize"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """What one kernel does.

    Attributes:
        step: Step of the operator.
        how: ``"product"``, ``"moves"``, ``"inside"``, or ``"rescales"`` for a conversion of integers into others.
        tail: Steps of the operators after it that the kernel does as well.
        last: Steps of the conversions back to integers, one per output that is read; empty where there are none.
    """

    step: int
    how: str
    tail: tuple[int, ...] = ()
    last: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an operator between conversions stays as it is.

    Attributes:
        step: Step of the operator.
        why: The reason, after "because".
    """

    step: int
    why: str


def match(net: Net, step: int) -> Kernel | Refusal | None:
    """The kernel that an operator becomes, why it becomes none, or None where no conversion is in front of it."""
    node = net.graph.nodes[step]
    if net.in_kernel(step) or node.op == "dequantize":
        return None
    taken = [name for name in node.inputs if net.taken_out(name) is not None]
    active = [name for name in taken if name is not None and not net.is_fixed(name)]
    if not active:
        return None
    if node.op == "quantize":
        return _rescaled(net, step, node)
    why = _not_ready(net, node)
    if why:
        return Refusal(step=step, why=why)
    found = _product(net, step, node) if node.op in PRODUCTS else _between(net, step, node)
    return Refusal(step=step, why=found) if isinstance(found, str) else found


def _rescaled(net: Net, step: int, node: Node) -> Kernel | None:
    return Kernel(step=step, how="rescales", last=(step,)) if _one_scale(net, node) else None


def _not_ready(net: Net, node: Node) -> str:
    """Why no kernel takes the inputs of an operator, empty if one does."""
    if node.op in NORMS:
        return "batch normalisation is not folded into the layer before it"
    if node.op not in PRODUCTS and node.op not in MOVES and node.op not in INSIDE:
        return f"no runtime has {node.op} in integers"
    for at, name in enumerate(node.inputs):
        source = net.taken_out(name)
        if name is None or not net.is_floating(name) or _is_weight(node, at, name, net):
            continue
        if source is None:
            return f"{_called(net, name)} is not quantised"
        if source.attrs.dim is not None:
            return f"{_called(net, name)} has a scale per channel"
    return ""


def _is_weight(node: Node, at: int, name: str, net: Net) -> bool:
    """Whether an input is a weight or a bias, which have rules of their own."""
    return at > 0 and net.is_fixed(name) and node.op in (*PRODUCTS, "conv_transpose", "prelu")


def _called(net: Net, name: str) -> str:
    writer = net.writer(name)
    return f"what {writer.layer} gives" if writer is not None and writer.op not in _CONVERSIONS else repr(name)


def _product(net: Net, step: int, node: Node) -> Kernel | str:
    """A convolution or product; without a conversion behind it the sums are brought to floating numbers."""
    weight = node.inputs[1]
    source = weight_of(net, weight)
    if source is None:
        return f"the weight {weight!r} is not quantised"
    dim = source.dim
    if dim is not None and dim != _free_dim(net, node):
        return "the scales of the weight lie along a dimension that is summed over"
    tail, last = _followed(net, node.outputs[0])
    return Kernel(step=step, how="product", tail=tail, last=last)


def _free_dim(net: Net, node: Node) -> int:
    """The dimension of the weight that is one of the result."""
    return len(net.graph.spec(node.inputs[1] or "").shape) - 1 if node.op == "matmul" else 0


def _followed(net: Net, name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Steps behind a product up to the conversion that ends its kernel; nothing where there is none."""
    tail: list[int] = []
    while True:
        step = net.only_reader(name)
        node = None if step is None else net.graph.nodes[step]
        if step is None or node is None:
            return (), ()
        if node.op == "quantize":
            return (tuple(tail), (step,)) if _one_scale(net, node) else ((), ())
        if node.op not in AFTER and not _adds_integers(net, node, name):
            return (), ()
        tail.append(step)
        name = node.outputs[0]


def _adds_integers(net: Net, node: Node, name: str) -> bool:
    """Whether a sum adds integers of another layer to a product, which is still in its kernel."""
    others = [other for other in node.inputs if other != name]
    source = net.taken_out(others[0]) if node.op == "add" and len(others) == 1 else None
    return source is not None and source.attrs.dim is None


def _between(net: Net, step: int, node: Node) -> Kernel | str:
    """An operator whose inputs are integers all of which have one scale; its results are wanted as such, too."""
    read = [name for name in node.outputs if net.readers(name) or net.is_kept(name)]
    tails: list[int] = []
    last: list[int] = []
    for name in read:
        reader = net.only_reader(name)
        behind = None if reader is None else net.graph.nodes[reader]
        tail: tuple[int, ...] = ()
        if node.op == "add" and behind is not None and behind.op in AFTER:
            tail, ends = _followed(net, name)
            reader = ends[0] if ends else None
            behind = None if reader is None else net.graph.nodes[reader]
        if reader is None or behind is None or behind.op != "quantize" or not _one_scale(net, behind):
            return _unfinished(net, name)
        tails.extend(tail)
        last.append(reader)
    in_place = moves(node.op, node.attrs) and _keeps_scale(net, node, last)
    if not in_place and node.op not in INSIDE:
        return "the scales before and after it differ"
    return Kernel(step=step, how="moves" if in_place else "inside", tail=tuple(tails), last=tuple(last))


def _one_scale(net: Net, quantize: Node) -> bool:
    return quantize.attrs.dim is None and net.has_stored_scale(quantize)


def _keeps_scale(net: Net, node: Node, last: list[int]) -> bool:
    ends = [net.graph.nodes[step] for step in last]
    starts = [source for source in map(net.taken_out, node.inputs) if source is not None]
    return all(net.same_scale(start, end) for start in starts for end in ends)


def _unfinished(net: Net, name: str) -> str:
    """Why the result of an operator does not become integers at once."""
    if net.is_kept(name):
        return "its result is one of the network, in floating numbers"
    readers = [net.graph.nodes[step] for step in net.readers(name)]
    others = [node for node in readers if node.op != "quantize"]
    if not others:
        return f"its result is quantised {len(readers)} times" if len(readers) > 1 else "its result has many scales"
    return f"its result is not quantised before {others[0].layer} reads it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A weight of integers, as a product reads it.

    Attributes:
        source: The node that takes it out of its scale.
        order: Order that its dimensions are brought into, None if they stay.
        dim: Dimension of what the product reads that has a scale per position, None for one scale.
    """

    source: Node
    order: tuple[int, ...] | None
    dim: int | None


def weight_of(net: Net, name: str | None) -> Weight | None:
    """The integers behind what a product reads: taken out of their scale, and possibly transposed."""
    node = net.writer(name)
    order = None
    if node is not None and node.op == "permute":
        order = node.attrs.order
        name = node.inputs[0]
    source = net.taken_out(name)
    if source is None:
        return None
    dim = source.attrs.dim
    return Weight(source=source, order=order, dim=dim if dim is None or order is None else order.index(dim))
