"""Writes the ONNX file that docs/quantised.md reads: int8.onnx, with conversions around each operator.

python examples/quantised_file.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(0)
nodes: list[Any] = []
stored: list[Any] = []


def store(name: str, array: Any) -> str:
    """Put numbers into the file."""
    stored.append(numpy_helper.from_array(array, name))
    return name


def op(kind: str, *inputs: str, to: str, **attrs: Any) -> str:
    """One operator, which is called as what it gives."""
    nodes.append(helper.make_node(kind, list(inputs), [to], to, **attrs))
    return to


def pair(x: str, scale: float, zero: int = 0) -> str:
    """Quantise and dequantise."""
    about = store(f"{x}_scale", np.float32(scale)), store(f"{x}_zero", np.int8(zero))
    op("QuantizeLinear", x, *about, to=f"{x}_QuantizeLinear")
    return op("DequantizeLinear", f"{x}_QuantizeLinear", *about, to=f"{x}_DequantizeLinear")


def weight(name: str, *shape: int) -> str:
    """A weight of integers, with a scale for each channel."""
    scale, zero = np.full(shape[0], 0.01, np.float32), np.zeros(shape[0], np.int8)
    parts = store(f"{name}_int8", RNG.integers(-127, 128, shape).astype(np.int8)), store(f"{name}_scale", scale)
    return op("DequantizeLinear", *parts, store(f"{name}_zero", zero), to=name, axis=0)


def main() -> None:
    """Write the file."""
    x = op("Conv", pair("x", 0.03), weight("stem.weight", 8, 3, 3, 3), to="stem", pads=[1] * 4)
    x = pair(op("Relu", x, to="stem_relu"), 0.05, -128)
    y = op("Conv", x, weight("conv.weight", 8, 8, 3, 3), to="conv", pads=[1] * 4)
    x = pair(op("Add", pair(y, 0.05), x, to="sum"), 0.1)
    x = pair(op("Erf", x, to="erf"), 0.01)
    x = pair(op("GlobalAveragePool", x, to="pool"), 0.01)
    x = op("Flatten", x, to="flat")
    op("Gemm", x, weight("head.weight", 10, 8), to="y", transB=1)
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])]
    results = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])]
    graph = helper.make_graph(nodes, "int8", given, results, stored)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), "int8.onnx")


if __name__ == "__main__":
    main()
