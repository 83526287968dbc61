"""What the law of a class reads of a kernel."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2, prod

from netweight.analysis.latency.work import KernelWork
from netweight.ir import Graph

_VECTOR = 8
_POOLS = ("max_pool", "avg_pool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """A kernel as its law sees it.

    Attributes:
        ops: Operations.
        active_bytes: Bytes of activations that it reads and writes.
        cached_bytes: Bytes of weights that lie in a cache from the run before.
        cold_bytes: Bytes of weights that come from memory.
        shape: Logarithms that say how the sizes of a contraction lie beside what hardware likes: of the depth of its
            sums, of its results per position, of its positions, of what vectors leave empty, and of its steps; for
            pools of the area of the window, channels, positions and steps.
    """

    ops: float
    active_bytes: float
    cached_bytes: float
    cold_bytes: float
    shape: tuple[float, ...]


SHAPE = ("depth", "width", "positions", "padding", "stride")
"""What ``Features.shape`` has."""


def features_of(graph: Graph, work: KernelWork, *, cold: bool) -> Features:
    """What the law of its class reads of a kernel.

    Args:
        graph: The network.
        work: The kernel, with known work.
        cold: Whether the weights of the network come from memory at each run.
    """
    weights = float(work.weight_bytes or 0)
    active = float((work.input_bytes or 0) + (work.output_bytes or 0)) or _view_bytes(graph, work)
    return Features(
        ops=float(work.ops_total or 0),
        active_bytes=active,
        cached_bytes=0.0 if cold else weights,
        cold_bytes=weights if cold else 0.0,
        shape=_shape(graph, work),
    )


def _view_bytes(graph: Graph, work: KernelWork) -> float:
    """What a view moves where an engine copies it."""
    return float(2 * sum([graph.values[name].stored_bytes for name in work.node.outputs]))


def _shape(graph: Graph, work: KernelWork) -> tuple[float, ...]:
    node = work.node
    if node.op == "conv":
        out_channels, per_group, *kernel = graph.spec(str(node.inputs[1])).shape
        output = graph.spec(node.outputs[0]).shape
        positions = output[0] * prod(output[2:])
        groups = node.attrs.groups
        width, depth = out_channels // groups if per_group > 1 else out_channels, per_group * prod(kernel)
        return _logs(depth, width, positions, prod(node.attrs.stride))
    if node.op == "linear":
        out_features, in_features = graph.spec(str(node.inputs[1])).shape
        rows = graph.spec(node.outputs[0]).numel // out_features
        return _logs(in_features, out_features, rows, 1)
    if node.op in _POOLS:
        return _pool(graph, work)
    return ()


def _pool(graph: Graph, work: KernelWork) -> tuple[float, ...]:
    node = work.node
    before, after = graph.spec(str(node.inputs[0])).shape, graph.spec(node.outputs[0]).shape
    area = (work.ops_total or 0) / prod(after) + 1
    steps = max(1.0, prod(before) / prod(after))
    return (log2(area / 8), log2(after[1] / 128), log2(prod(after[2:]) / 256), 0.0, log2(steps))


def _logs(depth: int, width: int, positions: int, steps: int) -> tuple[float, ...]:
    padded = -(-width // _VECTOR) * _VECTOR / width
    return (log2(depth / 256), log2(width / 128), log2(positions / 256), log2(padded), log2(steps))
