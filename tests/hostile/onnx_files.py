"""Small ONNX models for the tests here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def value(name: str, shape: Sequence[int] | None, dtype: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """An input or output."""
    return helper.make_tensor_value_info(name, dtype, shape)


def constant(name: str, numbers: Any, dtype: Any = np.int64) -> onnx.TensorProto:
    """A stored tensor."""
    return numpy_helper.from_array(np.array(numbers, dtype), name)


def model(
    nodes: Sequence[onnx.NodeProto], shape: Sequence[int], stored: Sequence[onnx.TensorProto] = (),
    sparse: Sequence[onnx.SparseTensorProto] = (), outputs: Sequence[str] = ("y",), dtype: int = TensorProto.FLOAT,
) -> onnx.ModelProto:  # fmt: skip
    """A model of one input ``x`` with these nodes."""
    graph = helper.make_graph(nodes, "odd", [value("x", shape, dtype)], [value(name, None) for name in outputs], stored)
    graph.sparse_initializer.extend(sparse)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def one(op: str, shape: Sequence[int], *, dtype: int = TensorProto.FLOAT, **attributes: Any) -> onnx.ModelProto:
    """A model of a single operator on ``x``; stored tensors are given by name, as its further inputs."""
    stored = [constant(name, numbers) for name, numbers in attributes.pop("stored", {}).items()]
    node = helper.make_node(op, ["x", *(tensor.name for tensor in stored)], ["y"], **attributes)
    return model([node], shape, stored, dtype=dtype)
