"""What a run costs in half precision and in small integers, beside single precision: the same layers, CPU time.

``python benchmarks/run_types.py`` prints a row for each type; the ratios are what lasts. The kernels are those of
``netweight run``. Every number is the least of several rounds, which go through the types in turns.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import netweight
from netweight.runtime.kernels import KERNELS

ROUNDS = 5
CHANNELS, SIZE = 64, 96
ROWS, FEATURES = 256, 1024
LIMIT = 3.0
"""How many times as long as in single precision a run may take."""
FLOATS = {"float32": TensorProto.FLOAT, "float16": TensorProto.FLOAT16}


def model(node: Any, x: Any, y: int, stored: dict[str, Any]) -> Any:
    weights = [numpy_helper.from_array(np.asarray(array), name) for name, array in stored.items()]
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    inputs = [helper.make_tensor_value_info("x", kind, x.shape)]
    graph = helper.make_graph([node], "one", inputs, [helper.make_tensor_value_info("y", y, None)], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def cases() -> dict[str, dict[str, tuple[Any, Any]]]:
    """For each layer a model and its input, by type."""
    rng = np.random.default_rng(0)
    picture, kernel = (1, CHANNELS, SIZE, SIZE), (CHANNELS, CHANNELS, 3, 3)
    found: dict[str, dict[str, tuple[Any, Any]]] = {"conv": {}, "matmul": {}}
    for name, kind in FLOATS.items():
        x, w = rng.standard_normal(picture).astype(name), rng.standard_normal(kernel).astype(name)
        conv = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
        found["conv"][name] = model(conv, x, kind, {"w": w}), x
        x, w = (rng.standard_normal(shape).astype(name) for shape in ((ROWS, FEATURES), (FEATURES, FEATURES)))
        found["matmul"][name] = model(helper.make_node("MatMul", ["x", "w"], ["y"]), x, kind, {"w": w}), x
    x, w = rng.integers(0, 255, picture).astype(np.uint8), rng.integers(-128, 127, kernel).astype(np.int8)
    zero, scale = np.uint8(7), np.float32(0.01)
    conv = helper.make_node("ConvInteger", ["x", "w", "z"], ["y"], pads=[1, 1, 1, 1])
    found["conv"]["ConvInteger"] = model(conv, x, TensorProto.INT32, {"w": w, "z": zero}), x
    names = ["x", "s", "z", "w", "s", "wz", "s", "z"]
    conv = helper.make_node("QLinearConv", names, ["y"], pads=[1, 1, 1, 1])
    stored = {"s": scale, "z": zero, "w": w, "wz": np.int8(0)}
    found["conv"]["QLinearConv"] = model(conv, x, TensorProto.UINT8, stored), x
    x = rng.integers(0, 255, (ROWS, FEATURES)).astype(np.uint8)
    w = rng.integers(-128, 127, (FEATURES, FEATURES)).astype(np.int8)
    product = helper.make_node("MatMulInteger", ["x", "w", "z"], ["y"])
    found["matmul"]["MatMulInteger"] = model(product, x, TensorProto.INT32, {"w": w, "z": zero}), x
    names = ["x", "s", "z", "w", "s", "wz", "s", "z"]
    product = helper.make_node("QLinearMatMul", names, ["y"])
    found["matmul"]["QLinearMatMul"] = model(product, x, TensorProto.UINT8, {**stored, "w": w}), x
    return found


def seconds(made: Any, x: Any) -> float:
    """CPU time of a run."""
    start = time.process_time()
    netweight.run(made, x, kernels=KERNELS["im2col"])
    return time.process_time() - start


def ratios() -> dict[str, dict[str, float]]:
    """Time of each type over that of float32, by layer."""
    found = {}
    for layer, types in cases().items():
        least = dict.fromkeys(types, float("inf"))
        for _ in range(ROUNDS):
            for name, given in types.items():
                least[name] = min(least[name], seconds(*given))
        found[layer] = {name: took / least["float32"] for name, took in least.items()}
    return found


def main() -> None:
    """Print the table."""
    print("| layer | type | times float32 |\n| --- | --- | ---: |")
    for layer, types in ratios().items():
        for name, ratio in types.items():
            print(f"| {layer} | {name} | {ratio:.2f}{' too slow' if ratio > LIMIT else ''} |")


if __name__ == "__main__":
    main()
