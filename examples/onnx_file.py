"""Writes the ONNX files that docs/onnx.md reads: net.onnx, choice.onnx (a branch), resized.onnx (a shape in the data).

python examples/onnx_file.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

IMAGE = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, 32, 32])


def save(
    name: str, nodes: Sequence[Any], inputs: Sequence[Any], output: str, shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """Write a model whose weights are drawn at random."""
    rng = np.random.default_rng(0)
    weights = [numpy_helper.from_array(rng.standard_normal(s, np.float32) / 8, key) for key, s in shapes.items()]
    outputs = [onnx.ValueInfoProto(name=output)]
    graph = helper.make_graph(nodes, name, inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)]), f"{name}.onnx")


def net() -> None:
    """A small classifier, its nodes called as PyTorch's exporter would call them."""
    nodes = [
        helper.make_node("Conv", ["x", "stem.weight", "stem.bias"], ["a"], name="/stem/Conv", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"], name="/act/Relu"),
        helper.make_node("GlobalAveragePool", ["b"], ["c"], name="/pool/GlobalAveragePool"),
        helper.make_node("Flatten", ["c"], ["d"], name="/Flatten"),
        helper.make_node("Gemm", ["d", "head.weight"], ["y"], name="/head/Gemm", transB=1),
    ]
    save("net", nodes, [IMAGE], "y", {"stem.weight": (8, 3, 3, 3), "stem.bias": (8,), "head.weight": (10, 8)})


def choice() -> None:
    """Two ways through, one of them cheap; an input says which."""
    branches = {
        branch: helper.make_graph(
            [helper.make_node("Conv", ["x", weight], [f"{branch}_y"], name=f"{branch}/conv")],
            branch,
            [],
            [onnx.ValueInfoProto(name=f"{branch}_y")],
        )
        for branch, weight in (("then", "small"), ("else", "large"))
    }
    node = helper.make_node(
        "If", ["fast"], ["y"], name="choice", then_branch=branches["then"], else_branch=branches["else"]
    )
    fast = helper.make_tensor_value_info("fast", TensorProto.BOOL, [])
    save("choice", [node], [IMAGE, fast], "y", {"small": (8, 3, 1, 1), "large": (8, 3, 3, 3)})


def resized() -> None:
    """How large the image becomes, an input says."""
    nodes = [
        helper.make_node("Conv", ["x", "first"], ["a"], name="/first/Conv"),
        helper.make_node("Resize", ["a", "", "", "sizes"], ["b"], name="/up/Resize", axes=[2, 3]),
        helper.make_node("Conv", ["b", "second"], ["y"], name="/second/Conv"),
    ]
    sizes = helper.make_tensor_value_info("sizes", TensorProto.INT64, [2])
    save("resized", nodes, [IMAGE, sizes], "y", {"first": (8, 3, 3, 3), "second": (8, 8, 3, 3)})


if __name__ == "__main__":
    net()
    choice()
    resized()
