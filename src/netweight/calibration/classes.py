"""The class of a kernel: operators that one law describes, as one piece of code runs them."""

from __future__ import annotations

from netweight.analysis.latency.work import KernelWork
from netweight.ir import Graph

_BY_OP = {
    "max_pool": "max pooling", "avg_pool": "average pooling", "batch_norm": "scale and shift",
    "local_response_norm": "local response norm", "concat": "concat", "permute": "transpose", "slice": "slice",
    "split": "slice", "narrow": "slice", "chunk": "slice", "softmax": "softmax", "log_softmax": "softmax",
    "scaled_dot_product_attention": "attention", "lstm": "recurrent", "gru": "recurrent", "rnn": "recurrent",
    "embedding": "lookup", "gather": "lookup", "index_select": "lookup", "relu": "clamp", "relu6": "clamp",
    "leaky_relu": "clamp", "hardtanh": "clamp", "clamp": "clamp", "matmul": "matmul", "pad": "pad",
    "layer_norm": "normalisation", "group_norm": "normalisation", "instance_norm": "normalisation",
    "rms_norm": "normalisation", "copy": "transpose",
}  # fmt: skip
_BY_KIND = {"activation": "activation", "elementwise": "elementwise"}
_FEW_ROWS = 4
_THIN = 8


def class_of(graph: Graph, work: KernelWork) -> str:
    """Name of the class of a kernel; empty where none is known.

    Args:
        graph: The network that the kernel is of.
        work: The kernel.
    """
    node = work.node
    if node.op == "conv":
        return _conv(graph, work)
    if node.op == "linear":
        return "few rows" if _rows(graph, work) <= _FEW_ROWS else "linear"
    if node.op == "add" and len(work.steps) > 1:
        return "sum and normalisation"
    if node.op in ("adaptive_avg_pool", "mean"):
        return "global pooling"
    if node.op in _BY_OP:
        return _BY_OP[node.op]
    if work.is_free:
        return "view"
    return _BY_KIND.get(work.kind, "")


def _conv(graph: Graph, work: KernelWork) -> str:
    weight = graph.spec(str(work.node.inputs[1])).shape
    per_group, *kernel = weight[1:]
    groups = work.node.attrs.groups
    if groups > 1 and per_group == 1:
        return "depthwise"
    if per_group < _THIN:
        return "first convolution"
    if groups > 1:
        return "grouped convolution"
    if set(kernel) == {1}:
        return "1x1 convolution"
    steps = work.node.attrs.stride
    return "3x3 convolution" if kernel == [3, 3] and set(steps) == {1} else "other convolution"


def _rows(graph: Graph, work: KernelWork) -> int:
    spec = graph.spec(work.node.outputs[0])
    return spec.numel // spec.shape[-1]
