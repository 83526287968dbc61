"""Models of a single operator, read without numbers, run by us, and run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from onnx import helper, numpy_helper  # noqa: E402

from netweight.sources.onnx import Read, read_graph  # noqa: E402

Arrays = list[Any]


def one_node(
    op_type: str,
    *inputs: Any,
    opset: int = 22,
    fixed: Sequence[int] | None = None,
    outputs: int = 1,
    domain: str = "",
    **attributes: Any,
) -> Any:
    """A model of one node.

    Args:
        op_type: The operator.
        inputs: One array per input, None for one that is left out.
        opset: Version of the operators.
        fixed: Which inputs are stored in the model; all but the first unless said otherwise.
        outputs: How many outputs somebody reads.
        domain: Domain of the operator.
        attributes: Attributes of the node.
    """
    names = ["" if array is None else f"x{at}" for at, array in enumerate(inputs)]
    stored = set(range(1, len(inputs)) if fixed is None else fixed)
    node = helper.make_node(op_type, names, [f"y{at}" for at in range(outputs)], domain=domain, **attributes)
    given = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.asarray(array).dtype), np.shape(array))
        for at, (name, array) in enumerate(zip(names, inputs, strict=True))
        if name and at not in stored
    ]
    kept = [
        numpy_helper.from_array(np.asarray(array), name)
        for at, (name, array) in enumerate(zip(names, inputs, strict=True))
        if name and at in stored
    ]
    results = [helper.make_empty_tensor_value_info(name) for name in node.output]
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    graph = helper.make_graph([node], "one", given, results, kept)
    return helper.make_model(graph, opset_imports=opsets, ir_version=min(10, onnx.IR_VERSION))


def feed_of(model: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    wanted = {entry.name for entry in model.graph.input}
    return {f"x{at}": array for at, array in enumerate(inputs) if f"x{at}" in wanted}


def ours(model: Any, inputs: Sequence[Any]) -> Arrays:
    from netweight import onnx_backend

    return list(onnx_backend.prepare(model).run(feed_of(model, inputs)))


def runtime(model: Any, inputs: Sequence[Any]) -> Arrays:
    onnxruntime = pytest.importorskip("onnxruntime")
    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 3
    settings.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), settings, providers=["CPUExecutionProvider"])
    return list(session.run(None, feed_of(model, inputs)))


def check_agrees(op_type: str, *inputs: Any, tolerance: float = 1e-5, **settings: Any) -> Read:
    """Same numbers as ONNX Runtime, and the shapes and types without any numbers are those of the numbers."""
    model = one_node(op_type, *inputs, **settings)
    expected = runtime(model, inputs)
    found = ours(model, inputs)
    read = read_graph(model)
    for array, wanted, value in zip(found, expected, read.outputs.values(), strict=True):
        assert array.dtype == wanted.dtype
        np.testing.assert_allclose(array, wanted, rtol=tolerance, atol=tolerance)
        assert (value.shape, value.dtype) == (wanted.shape, wanted.dtype.name)
    return read


def operators(read: Read) -> list[str]:
    return [node.op for node in read.graph.nodes]


def row_of(read: Read, op: str) -> Any:
    """What the first layer of an operator costs."""
    from netweight.analysis.cost import weigh_graph

    return next(row for row in weigh_graph(read.graph).layers if row.op == op)
