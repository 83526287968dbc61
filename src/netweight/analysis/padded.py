"""Padding as a step of its own, where TensorFlow Lite cannot say it of a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from netweight.ir import Graph, Node, TensorSpec, Value

_POOLS = frozenset({"max_pool", "min_pool", "avg_pool", "lp_pool"})
_CONVS = frozenset({"conv", "integer_conv"})


def padded_inputs(graph: Graph) -> dict[int, TensorSpec]:
    """What is laid around the input of each window whose padding is neither "same" nor "valid", by its place."""
    found = {}
    for place, node in enumerate(graph.nodes):
        pads = needs_pad(graph, node)
        if pads is not None:
            found[place] = _padded(graph.spec(str(node.inputs[0])), pads)
    return found


def with_pads(
    graph: Graph, steps: Sequence[tuple[int, ...]], padded: Mapping[int, TensorSpec]
) -> tuple[Graph, tuple[tuple[int, ...], ...]]:
    """The graph with a node before each step that reads a padded copy of its input.

    Args:
        graph: Steps of a runtime, one node each.
        steps: Places that the nodes of each step had in the network.
        padded: What the windows of the network read instead of their inputs, by their places in it.

    Returns:
        The graph, and for each of its nodes the places that it had; none for the padding.
    """
    values = dict(graph.values)
    nodes: list[Node] = []
    places: list[tuple[int, ...]] = []
    now_at: dict[int, int] = {}
    for step, (node, parts) in enumerate(zip(graph.nodes, steps, strict=True)):
        spec = next((padded[place] for place in parts if place in padded), None)
        x, *others = node.inputs or (None,)
        if spec is not None and x is not None:
            name = _fresh(f"{node.outputs[0]} padded", values)
            values[name] = Value(name=name, spec=spec)
            nodes.append(Node(op="pad", inputs=(x,), outputs=(name,), layer=node.layer, origin=node.origin))
            places.append(())
            node = replace(node, inputs=(name, *others))  # noqa: PLW2901
        now_at[step] = len(nodes)
        nodes.append(node)
        places.append(parts)
    fused = tuple((now_at[first], now_at[last]) for first, last in graph.fused)
    return replace(graph, values=values, nodes=tuple(nodes), fused=fused), tuple(places)


def needs_pad(graph: Graph, node: Node) -> tuple[tuple[int, int], ...] | None:
    """The padding of a window that has to be laid around its input before; None where the window says it itself."""
    if node.op not in _POOLS | _CONVS or node.inputs[0] is None or graph.values[node.inputs[0]].kind == "parameter":
        return None
    attrs, x = node.attrs, graph.spec(node.inputs[0])
    padding = getattr(attrs, "padding", None)
    if padding is None or not any(map(any, padding)):
        return None
    kernel = attrs.kernel_size if node.op in _POOLS else graph.spec(str(node.inputs[1])).shape[2:]
    dilation = getattr(attrs, "dilation", (1,) * len(kernel))
    outs = graph.spec(node.outputs[0]).shape[2:]
    zeros = getattr(attrs, "padding_mode", "zeros") == "zeros"
    sizes = zip(x.shape[2:], outs, kernel, attrs.stride, dilation, padding, strict=True)
    return None if zeros and all(_is_same(*along) for along in sizes) else padding


def _is_same(size: int, out: int, kernel: int, stride: int, dilation: int, pads: Any) -> bool:
    """Whether padding along one dimension is what "same" means: ceil(size / stride) outputs, the odd one behind."""
    wanted = max((out - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    return out == -(-size // stride) and pads[0] == wanted // 2


def _padded(spec: TensorSpec, pads: tuple[tuple[int, int], ...]) -> TensorSpec:
    sizes = (size + before + after for size, (before, after) in zip(spec.shape[2:], pads, strict=True))
    return TensorSpec((*spec.shape[:2], *sizes), spec.dtype)


def _fresh(name: str, values: dict[str, Value]) -> str:
    while name in values:
        name += "'"
    return name
