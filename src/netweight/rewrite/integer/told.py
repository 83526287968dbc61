"""What is said of a kernel of integers: which nodes are in it, and which runtimes have it."""

from __future__ import annotations

from netweight.ir import Node
from netweight.results.integer import IntegerKernel
from netweight.rewrite.integer.kernels import ONNX_RUNTIME, made_by
from netweight.rewrite.integer.match import Kernel, weight_of
from netweight.rewrite.integer.net import Net
from netweight.rewrite.integer.products import has_scales, is_bound, scales_of


def told(net: Net, kernel: Kernel, layer: str) -> IntegerKernel:
    """What a kernel was made of."""
    nodes = net.graph.nodes
    parts = [nodes[step] for step in (kernel.step, *kernel.tail)]
    ends = [nodes[step] for step in kernel.last]
    made = {name for part in parts for name in part.outputs}
    sources = [net.taken_out(name) or net.writer(name) for part in parts for name in part.inputs if name not in made]
    before = [source for source in sources if source is not None]
    op = nodes[kernel.step].op
    known = made_by(op, nodes[kernel.step].attrs)
    return IntegerKernel(
        layer=layer,
        op=op,
        conversions=tuple(
            dict.fromkeys([*(source.layer for source in before), *(end.layer for end in ends if end not in parts)])
        ),
        also=tuple(part.layer for part in parts[1:]),
        runtimes=tuple(name for name in known if name != ONNX_RUNTIME or _is_theirs(net, kernel)),
    )


def _is_theirs(net: Net, kernel: Kernel) -> bool:
    """Whether ONNX Runtime has this kernel of an operator: a convolution with integers at both ends, nothing in it."""
    nodes = net.graph.nodes
    node = nodes[kernel.step]
    if kernel.how == "product" and not _has_their_bias(net, node):
        return False
    if not kernel.last:
        return node.op != "conv"
    return all(is_bound(net, nodes[step], nodes[kernel.last[0]]) for step in kernel.tail)


def _has_their_bias(net: Net, node: Node) -> bool:
    """Whether a product has no bias, one of floating numbers, or one of integers that is added as it is."""
    bias = net.writer(node.inputs[2]) if len(node.inputs) > 2 else None
    x, weight = net.taken_out(node.inputs[0]), weight_of(net, node.inputs[1])
    return bias is None or x is None or weight is None or has_scales(net, bias, scales_of(x, weight.source))
