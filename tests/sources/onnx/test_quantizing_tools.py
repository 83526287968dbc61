"""What ONNX Runtime's own quantisation makes of a network: the same network, its weights in 8 bits."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import helper, numpy_helper  # noqa: E402

from netweight import onnx_backend  # noqa: E402
from netweight.analysis.cost import weigh_graph  # noqa: E402
from netweight.sources.onnx import read_graph  # noqa: E402

RNG = np.random.default_rng(0)
F32 = np.float32
MACS = 2 * (8 * 8 * 8 * 3 * 9 + 8 * 8 * 8 * 8 * 9 + 10 * 128 + 10 * 6)
PARAMS = 8 * 3 * 9 + 8 + 8 * 8 * 9 + 8 + 10 * 128 + 10 + 10 * 6


def f(*shape: int) -> Any:
    return (RNG.standard_normal(shape) / 3).astype(F32)


def saved(path: Path) -> None:
    stored = {
        "w1": f(8, 3, 3, 3),
        "b1": f(8),
        "w2": f(8, 8, 3, 3),
        "b2": f(8),
        "w3": f(10, 128),
        "b3": f(10),
        "m": f(10, 6),
    }
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c"], "conv1", pads=[1] * 4),
        helper.make_node("Relu", ["c"], ["r"], "relu"),
        helper.make_node("Conv", ["r", "w2", "b2"], ["d"], "conv2", pads=[1] * 4),
        helper.make_node("Add", ["d", "r"], ["s"], "add"),
        helper.make_node("MaxPool", ["s"], ["p"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["p"], ["flat"], "flatten"),
        helper.make_node("Gemm", ["flat", "w3", "b3"], ["g"], "fc", transB=1),
        helper.make_node("MatMul", ["g", "m"], ["y"], "head"),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", 1, [2, 3, 8, 8])],
        [helper.make_tensor_value_info("y", 1, [2, 6])],
        [numpy_helper.from_array(array, name) for name, array in stored.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def quantised(how: str, source: Path, target: Path) -> None:
    """Weights of 7 bits: processors without VNNI add pairs of products with 8-bit weights in 16 bits, which clip."""
    from onnxruntime import quantization

    class Samples(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left: Iterator[Any] = iter([{"x": f(2, 3, 8, 8)} for _ in range(4)])

        def get_next(self) -> Any:
            return next(self.left, None)

    logging.disable(logging.WARNING)
    if how == "dynamic":
        quantization.quantize_dynamic(source, target, reduce_range=True)
    else:
        quantization.quantize_static(
            source, target, Samples(), quant_format=quantization.QuantFormat[how], reduce_range=True
        )
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("optimised", [False, True])
@pytest.mark.parametrize("how", ["dynamic", "QDQ", "QOperator"])
def test_same_work_and_weights_in_a_quarter_of_the_bytes(how: str, optimised: bool, tmp_path: Path) -> None:
    saved(tmp_path / "m.onnx")
    quantised(how, tmp_path / "m.onnx", tmp_path / "q.onnx")
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    level = "ORT_ENABLE_EXTENDED" if optimised else "ORT_DISABLE_ALL"
    settings.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    settings.optimized_model_filepath = str(tmp_path / "o.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "q.onnx"), settings, providers=["CPUExecutionProvider"])
    x = f(2, 3, 8, 8)
    (expected,) = session.run(None, {"x": x})
    model = onnx.load(tmp_path / "o.onnx")
    totals = weigh_graph(read_graph(model).graph).totals
    assert (totals.macs, totals.params) == (MACS, PARAMS)
    assert totals.model_size_bytes < 4 * PARAMS / 3
    (found,) = onnx_backend.prepare(model).run([x])
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4 * float(np.abs(expected).max()))
