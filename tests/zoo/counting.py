"""Counting rules of other tools, so that a test can say why their figures differ from ours."""

import math

from netweight.ir import Graph, Node
from netweight.ops import REGISTRY


def imgclsmob_flops(graph: Graph) -> int:
    """FLOPs as osmr/imgclsmob prints them, halved, as "FLOPs/2" (gluon/model_stats.py).

    2 per MAC (the bias is free; without one, a convolution saves one per filter plane), 1 per ReLU element, 1 per
    pooled input, 4 per element of batch normalisation, nothing else.
    """
    return sum(_flops_of(graph, node) for node in graph.nodes)


def _flops_of(graph: Graph, node: Node) -> int:
    x = graph.spec(node.inputs[0])
    y = graph.spec(node.outputs[0])
    match node.op:
        case "conv" | "linear":
            weight = graph.spec(node.inputs[1])
            saved = 0 if node.inputs[2] is not None else math.prod(weight.shape[:2])
            specs = (None if name is None else graph.spec(name) for name in node.inputs)
            return 2 * int(REGISTRY[node.op].cost(node.attrs, *specs).macs) - saved
        case "relu":
            return x.numel
        case "max_pool" | "avg_pool":
            return y.numel * math.prod(node.attrs.kernel_size)
        case "adaptive_avg_pool":
            return x.numel
        case "batch_norm":
            return 4 * x.numel
        case _:
            return 0
