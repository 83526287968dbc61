"""Models with conversions around their operators, and what ONNX Runtime makes of them."""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

F32 = np.float32
TYPES = {"uint8": np.uint8, "int8": np.int8, "uint16": np.uint16, "int16": np.int16}


class Model:
    """A model written node by node, with pairs of conversions where they are asked for."""

    def __init__(self, dtype: str = "uint8") -> None:
        self.dtype = dtype
        self.nodes: list[Any] = []
        self.stored: list[Any] = []
        self.inputs: dict[str, tuple[int, ...]] = {}
        self.rng = np.random.default_rng(0)

    def store(self, name: str, array: Any) -> str:
        self.stored.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def input(self, name: str, *shape: int) -> str:
        self.inputs[name] = shape
        return name

    def op(self, kind: str, *inputs: str, to: str, **attrs: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [to], to, **attrs))
        return to

    def pair(self, x: str, scale: float = 0.03, zero: int | None = None, dtype: str = "") -> str:
        """Quantise and dequantise."""
        kind = TYPES[dtype or self.dtype]
        zero = (128 if kind is np.uint8 else 0) if zero is None else zero
        s, z = self.store(f"{x}_scale", F32(scale)), self.store(f"{x}_zero", kind(zero))
        self.op("QuantizeLinear", x, s, z, to=f"{x}_q")
        return self.op("DequantizeLinear", f"{x}_q", s, z, to=f"{x}_dq")

    def weight(self, name: str, *shape: int, axis: int | None = None, dtype: str = "int8") -> str:
        """A weight of integers, with a scale for all or for each channel."""
        kind = TYPES[dtype]
        low = 0 if kind is np.uint8 else -60
        count = 1 if axis is None else shape[axis]
        scale = (0.01 + 0.01 * np.arange(count) / count).astype(F32)
        zero = np.full(count, 30 if kind is np.uint8 else 0, kind)
        parts = (self.rng.integers(low, 61, shape).astype(kind), scale, zero)
        named = [
            self.store(f"{name}{end}", part if axis is not None or at == 0 else part[0])
            for at, (end, part) in enumerate(zip(("_q", "_s", "_z"), parts, strict=True))
        ]
        return self.op("DequantizeLinear", *named, to=name, **({} if axis is None else {"axis": axis}))

    def bias(self, name: str, x_scale: float, weight: str) -> str:
        """A bias of integers in the scale of the products."""
        scale = np.asarray(next(numpy_helper.to_array(s) for s in self.stored if s.name == f"{weight}_s")) * F32(
            x_scale
        )
        size = next(s for s in self.stored if s.name == f"{weight}_q").dims[0]
        stored = self.store(f"{name}_q", self.rng.integers(-500, 500, size).astype(np.int32))
        named = self.store(f"{name}_s", scale.astype(F32)), self.store(f"{name}_z", np.zeros(scale.shape, np.int32))
        axis = {"axis": 0} if scale.ndim else {}
        return self.op("DequantizeLinear", stored, *named, to=name, **axis)

    def proto(self, *outputs: str) -> Any:
        inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in self.inputs.items()]
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self.nodes, "pairs", inputs, results, self.stored)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    def arrays(self) -> dict[str, Any]:
        return {name: self.rng.standard_normal(shape).astype(F32) for name, shape in self.inputs.items()}


def optimised(proto: Any) -> tuple[Any, Counter[str]]:
    """A session of ONNX Runtime, signed integers allowed as on ARM, and how often its graph has each operator."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimised.onnx"
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.qdqisint8allowed", "1")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = str(path)
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session, Counter(node.op_type for node in onnx.load(path).graph.node)


class Samples:
    """Inputs to calibrate with, as ``onnxruntime.quantization`` reads them."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        rng = np.random.default_rng(3)
        self._left = iter([{name: rng.standard_normal(shape).astype(F32)} for _ in range(3)])

    def get_next(self) -> Any:
        return next(self._left, None)


def quantised(proto: Any, **how: Any) -> Any:
    """A model of floating numbers with a pair of conversions around each operator, as ONNX Runtime's tool puts them."""
    from onnxruntime import quantization

    (given,) = proto.graph.input
    shape = tuple(dim.dim_value for dim in given.type.tensor_type.shape.dim)
    with tempfile.TemporaryDirectory() as folder:
        source, prepared, target = (Path(folder) / name for name in ("float.onnx", "prepared.onnx", "pairs.onnx"))
        onnx.save(proto, source)
        logging.disable(logging.WARNING)
        try:
            quantization.quant_pre_process(source, prepared)
            quantization.quantize_static(
                prepared, target, Samples(given.name, shape), quant_format=quantization.QuantFormat.QDQ, **how
            )
        finally:
            logging.disable(logging.NOTSET)
        return onnx.load(target)
